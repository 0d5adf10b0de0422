"""Beacon: the pure library. Assets call it, analysts import it; it knows nothing of Dagster.

What belongs here: reading official files, geography, cohorts, statistics, releases.
What does not: schedules, runs, retries and anything else that imports an orchestrator.
"""

__all__ = ["__version__", "area", "connect", "read"]


def __dir__() -> list[str]:
    """What an interactive shell offers: the functions that are found when first used, too."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """Analysts' functions and the version, found when first used: `import beacon` costs nothing."""
    if name == "__version__":
        from beacon.core.version import installed_version

        return installed_version()
    if name in ("area", "connect", "read"):
        from beacon import api

        return getattr(api, name)
    raise AttributeError(f"module 'beacon' has no attribute {name!r}")
