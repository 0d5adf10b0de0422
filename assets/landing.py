"""Landing and staging: publishers' bytes, then the same as typed rows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from assets.keys import (
    landing_key,
    publisher_key,
    register,
    sources_in_use,
    staging_tables,
    table_key,
)
from assets.metadata import (
    MAX_FAULTS,
    code_references,
    definition_metadata,
    description,
    group,
    owners,
    problems_table,
)
from assets.run import WRITER_POOL, OpenRun
from beacon.ingest.land import LandingOutcome, LandingReport
from beacon.ingest.stage import StagedPart
from beacon.inputs import land as land_inputs
from beacon.inputs import unreached
from beacon.registry.sources import Source
from beacon.warehouse.staging import stage as stage_table


def _landing_specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            landing_key(source.id),
            group_name=group("landing"),
            owners=owners("landing"),
            deps=[publisher_key(source.id)],
            description=f"{source.title}, {source.publisher}. Bytes as received, never changed.",
            kinds={"file"},
            metadata={
                "publisher": source.publisher,
                "licence": source.licence,
                "landing page": dg.MetadataValue.url(source.landing_page),
                "issued": source.cadence.every,
                **code_references(f"reference_data/sources/{source.id}.yaml"),
            },
        )
        for source in (register().sources[name] for name in sources_in_use())
    ]


def _publisher_spec(source: Source) -> dg.AssetSpec:
    days = source.cadence.stale_after_days
    policy = (
        dg.FreshnessPolicy.time_window(
            fail_window=timedelta(days=days), warn_window=timedelta(days=days * _WARN_AT)
        )
        if days
        else None
    )
    stale = f" Taken to be overdue {days} days after the last." if days else ""
    return dg.AssetSpec(
        publisher_key(source.id),
        group_name=group("publishers"),
        owners=owners("publishers"),
        description=(
            f"{source.title}, issued by {source.publisher} {source.cadence.every}.{stale} Renewed "
            "when bytes that were not seen before have been read, not whenever they are asked for."
        ),
        kinds={"external"},
        freshness_policy=policy,
        metadata={
            "publisher": source.publisher,
            "landing page": dg.MetadataValue.url(source.landing_page),
            "issued": source.cadence.every,
            **code_references(f"reference_data/sources/{source.id}.yaml"),
        },
    )


# From here on an overdue issue is announced.
_WARN_AT = 0.9

# Not made here, so that their age is that of the publishers' news and not that of the last night.
publishers = [_publisher_spec(register().sources[name]) for name in sources_in_use()]


def _landing_checks() -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            "received",
            asset=landing_key(source),
            description="Every file meant to be this source's could be recognised as it.",
        )
        for source in sources_in_use()
    ]


@dg.multi_asset(
    name="land",
    specs=_landing_specs(),
    check_specs=_landing_checks(),
    can_subset=True,
    pool=WRITER_POOL,
)
def land(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Find this run's files, keep the bytes of those that are needed, refuse what is no data."""
    with run.recorder.step("land"):
        run.lock()
        report = _landed_before(context, run) or _land_patiently(context, run)
        for source in sources_in_use():
            key = landing_key(source)
            if key not in context.selected_asset_keys:
                continue
            outcomes = [o for o in report.outcomes if o.key.split("/")[0] == source]
            yield _landed(source, outcomes)
            yield _received(source, outcomes)


# `beacon run` lands before it starts a run, to know whether there is anything new; the tag names
# what it found.
LANDED_TAG = "beacon/landed"


def _landed_before(context: dg.AssetExecutionContext, run: OpenRun) -> LandingReport | None:
    """What the command that started this very run has landed for it a moment ago."""
    wanted = context.run.tags.get(LANDED_TAG)
    if wanted is None or context.run.parent_run_id is not None or context.retry_number:
        return None
    report = LandingReport.load(run.workspace.landing_report_file)
    return report if report.id == wanted else None


def _land_patiently(context: dg.AssetExecutionContext, run: OpenRun) -> LandingReport:
    """Land; in a scheduled run, ask publishers that could not be reached again a little later.

    Only those are asked again. A person at a terminal does not wait: for them, as after the last
    attempt, the last good version stays in use.
    """
    report = land_inputs(run.workspace, again=context.retry_number > 0)
    missed = unreached(run.workspace)
    if missed and run.scheduled and context.retry_number < len(RETRY_MINUTES):
        minutes = RETRY_MINUTES[context.retry_number]
        context.log.warning(
            f"Not reached: {', '.join(missed)}. They are asked again in {minutes:g} minutes."
        )
        raise dg.RetryRequested(max_retries=len(RETRY_MINUTES), seconds_to_wait=60 * minutes)
    return report


# Most outages of publishers are over within the half hour, and the night is long.
RETRY_MINUTES = (2.0, 8.0, 20.0)


def _landed(source: str, outcomes: list[LandingOutcome]) -> dg.MaterializeResult:
    objects = [outcome.candidate for outcome in outcomes if outcome.candidate is not None]
    version = ",".join(sorted(landed.sha256[:12] for landed in objects)) or "none"
    return dg.MaterializeResult(
        asset_key=landing_key(source),
        data_version=dg.DataVersion(version),
        metadata={
            "files": dg.MetadataValue.table(
                records=[
                    dg.TableRecord(
                        {
                            "dataset": outcome.name,
                            "status": outcome.status,
                            "file": (outcome.candidate.origin if outcome.candidate else "")
                            or (outcome.origin or ""),
                            "sha256": outcome.candidate.sha256 if outcome.candidate else "",
                            "received": outcome.candidate.retrieved_at if outcome.candidate else "",
                        }
                    )
                    for outcome in outcomes
                ],
                schema=_FILES_SCHEMA,
            ),
            "bytes": sum(landed.size_bytes for landed in objects),
            "new files": sum(outcome.status == "new" for outcome in outcomes),
        },
    )


_FILES_SCHEMA = dg.TableSchema(
    columns=[dg.TableColumn(name) for name in ("dataset", "status", "file", "sha256", "received")]
)


def _received(source: str, outcomes: list[LandingOutcome]) -> dg.AssetCheckResult:
    refused = [outcome for outcome in outcomes if outcome.status == "refused"]
    return dg.AssetCheckResult(
        asset_key=landing_key(source),
        check_name="received",
        passed=not refused,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" ".join(str(problem) for item in refused for problem in item.problems) or None,
        metadata=problems_table([problem for item in refused for problem in item.problems]),
    )


def staging_asset(table: str) -> dg.AssetsDefinition:
    """The asset of one staging table.

    Args:
        table: Its name, without its schema.

    Returns:
        An asset whose step reads what landed for the table.
    """
    key = table_key(f"staging.{table}")

    @dg.multi_asset(
        name=f"staging__{table}",
        specs=[
            dg.AssetSpec(
                key,
                group_name=group("staging"),
                owners=owners("staging"),
                deps=list(
                    dict.fromkeys(landing_key(s.source.id) for s in register().feeding(table))
                ),
                description=description(f"staging.{table}"),
                kinds={"duckdb"},
                metadata=definition_metadata(f"staging.{table}"),
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "readable",
                asset=key,
                description="Every cell of every new file is what its column may hold.",
            )
        ],
        pool=WRITER_POOL,
    )
    def stage(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[OpenRun]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        with run.recorder.step(f"staging.{table}"):
            parts = stage_table(run.warehouse, table)
            problems = [problem for part in parts for problem in part.problems]
            for problem in problems:
                context.log.error(str(problem))
            _renew_publishers(context, run, parts)
            yield dg.MaterializeResult(
                asset_key=key,
                data_version=dg.DataVersion(_staged_version(parts)),
                metadata={
                    "dagster/row_count": sum(part.rows for part in parts if part.in_use),
                    "files in use": sum(part.in_use is not None for part in parts),
                    "read now": sum(part.status == "staged" for part in parts),
                    "last good kept": sum(part.is_last_good for part in parts),
                },
            )
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name="readable",
                passed=not problems,
                severity=dg.AssetCheckSeverity.ERROR,
                description="\n".join(map(str, problems[:MAX_FAULTS])) or None,
                metadata=problems_table(problems),
            )

    return stage


STAGING_ASSETS = [staging_asset(table) for table in staging_tables()]


def _renew_publishers(
    context: dg.AssetExecutionContext, run: OpenRun, parts: list[StagedPart]
) -> None:
    """Record news of publishers: files that can be read, received since the last that could."""
    landed = LandingReport.load(run.workspace.landing_report_file)
    new_now = {outcome.name for outcome in landed.outcomes if outcome.status == "new"}
    readable: dict[str, list[StagedPart]] = {}
    for part in parts:
        # A damaged file is no news, however new its bytes are.
        if part.in_use is not None and not part.problems and not part.is_last_good:
            readable.setdefault(part.key.split("/")[0], []).append(part)
    for source, read in readable.items():
        last = context.instance.get_latest_materialization_event(publisher_key(source))
        # A history that begins after its files says nothing of when they came; this run's landing,
        # which `beacon run` does before the run begins, says what is new now.
        news = [
            part.in_use.original_name
            for part in read
            if part.in_use is not None
            and (
                datetime.fromisoformat(part.in_use.retrieved_at).timestamp() >= last.timestamp
                if last
                else part.name in new_now
            )
        ]
        if news:
            context.log_event(
                dg.AssetMaterialization(
                    publisher_key(source),
                    description="Files that were not seen before and can be read.",
                    metadata={"files": "\n".join(news)},
                )
            )


def _staged_version(parts: list[StagedPart]) -> str:
    return ",".join(sorted(part.in_use.sha256[:12] for part in parts if part.in_use)) or "none"
