"""Official sources: how each publisher's files are recognised, checked and read.

What belongs here: everything between a publisher's bytes and a typed staging table.
What does not: which datasets exist (`reference_data/sources`), where bytes are kept
(`beacon.ingest.landing_store`), and anything that combines two sources (`sql/`).
"""
