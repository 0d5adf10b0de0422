"""What happens to runs that end before their time.

A run that failed in a step is not started again: the same bytes and code fail again, and the next
night is soon enough. One whose process was killed is, once, from its start: nothing tells how far
its last step came. Runs of `beacon run` belong to whoever started them and are not.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from beacon.core.home import Home
from beacon.operations.runs import end_dead_runs, get_run, process_is_there

# Dagster's own tags; there are no constants for them in its public interface.
MAX_RETRIES_TAG = "dagster/max_retries"
STRATEGY_TAG = "dagster/retry_strategy"

RETRY_TAGS = {MAX_RETRIES_TAG: "1", STRATEGY_TAG: "ALL_STEPS"}
NO_RETRY_TAGS = {MAX_RETRIES_TAG: "0"}

# A run without a record has this long to write one.
_UNKNOWN_FOR = timedelta(minutes=10)
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def end_dead_runs_of(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """End runs that the history takes for running and whose process is gone; give their ids.

    Dagster's own launcher for one machine cannot tell. Without this a killed run counts as running
    for ever, and as one run is allowed at a time, no night would start again.
    """
    end_dead_runs(home)
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY)):
        run = record.dagster_run
        known = get_run(home, run.run_id)
        created = record.create_timestamp
        age = datetime.now(UTC) - (created if created.tzinfo else created.replace(tzinfo=UTC))
        if known is None:
            is_dead = age > _UNKNOWN_FOR
        else:
            is_dead = known.outcome == "cut_short" or (
                known.state == "ended" and process_is_there(known.process) is False
            )
        if is_dead:
            instance.report_run_failed(
                run, "The run's process is gone: it was killed, or the machine was stopped."
            )
            ended.append(run.run_id)
    return ended
