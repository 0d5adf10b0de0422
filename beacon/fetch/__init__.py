"""Getting official files over HTTP, politely and without trusting what arrives.

What belongs here: the client, one connector a publisher, and the record of what was fetched when.
What does not: recognising, landing or reading what came (`beacon.ingest`, `beacon.sources`).

Importing this package is cheap: httpx loads when something is fetched.
"""
