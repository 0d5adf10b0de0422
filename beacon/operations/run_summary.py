"""What a run changed, in words, for the page of the run."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from beacon.core.clock import now
from beacon.ingest.land import LandingReport
from beacon.operations.source_history import SourcesSeen
from beacon.release.build import Publication
from beacon.release.layout import Release

_MOST_LINES = 12
_REASONS = {
    "new_period": "new periods",
    "revision_by_publisher": "revised by their publishers",
    "method_or_code": "changed by method or code",
    "boundary_or_imd_vintage": "changed by boundaries or an issue of the indices",
    "newly_supplied": "newly supplied",
    "no_longer_supplied": "no longer supplied",
}


def what_changed(publication: Publication, landed: LandingReport, seen: SourcesSeen | None) -> str:
    """What a run changed: the release, its rows, files that came, were refused or are overdue."""
    label = publication.release.label
    lines = []
    if publication.status == "unchanged":
        lines.append(f"**Nothing changed.** {label} says what the publishers say now.")
    else:
        before = publication.previous.label if publication.previous else None
        lines.append(f"**{label} was published**" + (f", after {before}." if before else "."))
        lines += _rows(publication.release) if before else ["It is the first release of this home."]
    lines += _files(landed)
    lines += _refused(seen)
    lines += _overdue(seen)
    return "\n\n".join(lines)


def _rows(release: Release) -> list[str]:
    counted = duckdb.execute(
        "select reason, indicator_slug, change, count(*) as rows from read_parquet(?) "
        "group by all order by reason, rows desc, indicator_slug, change",
        [str(release.path / "change.parquet")],
    ).fetchall()
    if not counted:
        return ["No row of an indicator, a cohort or an area differs."]
    total = sum(rows for *_, rows in counted)
    table = ["| why | what | | rows |", "|---|---|---|---:|"]
    table += [
        f"| {_REASONS.get(reason, reason)} | {slug} | {change} | {rows:,} |"
        for reason, slug, change, rows in counted[:_MOST_LINES]
    ]
    more = len(counted) - _MOST_LINES
    tail = [f"{more} more lines are in the `change` mart."] if more > 0 else []
    return [f"{total:,} rows differ:", "\n".join(table), *tail]


def _listed(title: str, names: Iterable[str]) -> list[str]:
    found = list(names)
    if not found:
        return []
    shown = "\n".join(f"- {name}" for name in found[:_MOST_LINES])
    more = len(found) - _MOST_LINES
    return [f"**{title}**\n\n{shown}" + (f"\n- and {more} more" if more > 0 else "")]


def _files(report: LandingReport) -> list[str]:
    return _listed(
        "New files",
        (
            f"{outcome.name}: {outcome.candidate.original_name}"
            for outcome in report.outcomes
            if outcome.status == "new" and outcome.candidate is not None
        ),
    )


def _refused(seen: SourcesSeen | None) -> list[str]:
    return _listed(
        "Refused; the last good version is in use where there is one",
        (
            f"{refusal.name}, since {refusal.since[:10]}: {refusal.message}"
            for source in (seen.sources if seen else ())
            for refusal in source.refused
        ),
    )


def _overdue(seen: SourcesSeen | None) -> list[str]:
    at = now()
    return _listed(
        "Overdue",
        (
            f"{source.title}: newest file of {source.received_at[:10]}, issued {source.every}"
            for source in (seen.sources if seen else ())
            if source.received_at is not None and source.overdue_since(at) is not None
        ),
    )
