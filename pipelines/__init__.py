"""How and when assets run: definitions, jobs, schedules and the Dagster instance.

What belongs here: orchestration. What does not: what is made (`assets`) or how (`beacon`).
"""
