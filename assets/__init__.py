"""Dagster assets: what is made, from what, and what is checked.

What belongs here: thin declarations that call the `beacon` library. What does not: when anything
runs (`pipelines`), or any derivation (`beacon`, `sql`).
"""
