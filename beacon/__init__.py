"""Beacon: the pure library. Assets call it, analysts import it; it knows nothing of Dagster.

What belongs here: reading official files, geography, cohorts, statistics, releases.
What does not: schedules, runs, retries and anything else that imports an orchestrator.
"""

__version__ = "0.1.0"

__all__ = ["__version__", "connect", "read"]


def __getattr__(name: str) -> object:
    """Analysts' functions, imported when first used, so that `import beacon` costs nothing."""
    if name in ("connect", "read"):
        from beacon import api

        return getattr(api, name)
    raise AttributeError(f"module 'beacon' has no attribute {name!r}")
