"""Sensors: what the daemon looks at between nights."""

from collections.abc import Iterator

import dagster as dg

from assets.people_assets import AS_AT_MONTHS
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.operations.alerts import tell
from beacon.operations.health import beat
from beacon.people.people_run import waiting_extracts
from beacon.people.secure_home import SecureHome
from pipelines.failure_alerts import remember_failure
from pipelines.jobs import people_month
from pipelines.retries import end_dead_runs_of

WATCH_SECONDS = 60


def _home() -> Home:
    return Home(Settings().home)


@dg.sensor(
    name="watch",
    minimum_interval_seconds=WATCH_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Every minute: gives a sign of life, ends runs whose process is gone, and tells what is "
        "new to a person: a failed run, a failed blocking check, a stale source, a release that "
        "waits for approval, a full disk. What could not be delivered is tried again."
    ),
)
def watch(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look, tell, and say when one has looked."""
    home = _home()
    beat(home)
    ended = end_dead_runs_of(context.instance, home)
    faults = tell(home)
    if ended:
        context.log.warning(f"ended {len(ended)} runs whose process is gone")
    for fault in faults:
        context.log.warning(f"an alert was not delivered: {fault}")
    return dg.SkipReason("; ".join(faults) or "looked, and told what was new")


@dg.run_failure_sensor(
    name="tell_of_failed_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of a failed run at once, also of one that failed before any of its steps.",
)
def tell_of_failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Keep what the run itself could not write down, and tell."""
    home = _home()
    remember_failure(home, context.dagster_run, context.failure_event.message or "")
    for fault in tell(home):
        context.log.warning(f"an alert was not delivered: {fault}")


@dg.sensor(
    name="new_extracts",
    job=people_month,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Every five minutes: starts a run of the month of each extract in the secure home's inbox "
        "that was not seen before. Without a secure home it does nothing."
    ),
)
def new_extracts(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for each delivery; one that was refused is not tried again until its files change."""
    settings = Settings()
    if settings.secure_home is None:
        yield dg.SkipReason("No secure home is set (BEACON_SECURE_HOME).")
        return
    months = set(AS_AT_MONTHS.get_partition_keys())
    for waiting in waiting_extracts(SecureHome.open(settings.secure_home, ordinary=settings.home)):
        key = f"{waiting.month}-01"
        if key in months:
            yield dg.RunRequest(
                run_key=f"{waiting.folder.name}:{waiting.digest}", partition_key=key
            )
        else:
            context.log.warning(
                f"{waiting.folder.name}: its extract.json names no as-at date of a month from "
                "January 2020 to this one. `beacon people run` says what is wrong with it."
            )
