"""Looking after a Beacon that runs by itself: runs remembered, state of health, alerts.

What belongs here: what an operator must know and be told, from small files that every run leaves in
the home; no orchestrator is needed to read or to tell it. What does not: starting runs
(`pipelines`), back-ups, or what a run does (`beacon.session`).
"""
