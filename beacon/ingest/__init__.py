"""Getting bytes in: finding files, landing them, and staging those that can be read.

What belongs here: what was found, taken, refused or missing in one run. What does not: the format
of a publisher's files (`beacon.sources`).
"""
