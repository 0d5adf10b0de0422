"""Beacon: the pure library. Assets call it, analysts import it; it knows nothing of Dagster.

What belongs here: reading official files, geography, cohorts, statistics, releases.
What does not: schedules, runs, retries and anything else that imports an orchestrator.
"""

__version__ = "0.1.0"
