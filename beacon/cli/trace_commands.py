"""`beacon trace`: from a number to the publisher's bytes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.cli.common import Format, HomeOption, home_of

if TYPE_CHECKING:
    from beacon.release.trace import Chain


def trace(
    indicator: Annotated[str, typer.Argument(help="Number or short name.")],
    place: Annotated[str, typer.Argument(help="Name or code of a Place, or of the nation.")],
    period: Annotated[
        str, typer.Argument(help="As published, such as 2022/23; latest: that of the scorecard.")
    ] = "latest",
    measure: Annotated[str | None, typer.Option("--measure", help="One measure only.")] = None,
    sex: Annotated[str | None, typer.Option("--sex", help="Persons, Female or Male.")] = None,
    release: Annotated[
        str | None, typer.Option("--release", help="Release label; the current one by default.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="table or json.")] = Format.table,
    home: HomeOption = None,
) -> None:
    """Print where a number comes from, to the row of the file.

    Value, method, row, file, origin, hash, date and licence.
    """
    import json
    import sys

    from beacon.release.layout import get_release
    from beacon.release.trace import trace as follow

    of_home = home_of(home)
    found = get_release(of_home, release)
    chains = follow(of_home, found, indicator, place, period, measure=measure, sex=sex)
    if form is Format.json:
        records = [asdict(chain) for chain in chains]
        sys.stdout.write(json.dumps(records, indent=2, ensure_ascii=False, default=str) + "\n")
        return
    typer.echo(f"release     {found.label}")
    for chain in chains:
        typer.echo("")
        for name, text in _lines(chain):
            typer.echo(f"{name:<11} {text}")


def _lines(chain: Chain) -> list[tuple[str, str]]:
    row, about = chain.row, chain.indicator
    what = f"{about.get('measure_name') or row['indicator_slug']} ({row['measure']})"
    where = f"{row['area_name']} ({row['area_code']}), {row['period']}, {row['sex']}, {row['age']}"
    if row["category_type"] != "All":
        where += f", {row['category_type']}: {row['category']}"
    lines = [("indicator", f"{row['indicator_id']} {what}"), ("row of", f"{chain.mart}: {where}")]
    if row["value"] is None:
        lines.append(("value", f"none: {row['value_status']}. {row['value_note'] or ''}".strip()))
    else:
        lines.append(("value", f"{row['value']:.10g} {row['unit']}"))
        if row["lower_95"] is not None:
            lines.append(("95 % limits", f"{row['lower_95']:.10g} to {row['upper_95']:.10g}"))
        if row["numerator"] is not None or row["denominator"] is not None:
            counts = f"{_count(row['numerator'])} of {_count(row['denominator'])}"
            lines.append(("counts", counts))
    lines.append(("method", _method(row)))
    if chain.staged is not None:
        lines.append(("staged row", _staged(chain.staged)))
    if chain.input is None:
        without = _WITHOUT_A_ROW.get(
            row.get("value_method") or "", "no file: there is no value to trace"
        )
        lines.append(("source", without))
        return lines
    lines += _source(chain, chain.input)
    return lines


_WITHOUT_A_ROW = {
    "sum_of_places": "the Places' figures below",
    "sum_of_authorities": "the rows of its authorities, which the note names",
    "sum_of_predecessors": "the rows of the areas that it took over from, which the note names",
    "population_weighted": "the rows of its authorities, which the note names",
}
_HOW_MADE = {
    "sum_of_places": "counts of all Places added up",
    "sum_of_authorities": "counts of its authorities added up",
    "sum_of_predecessors": "counts of the areas that it took over from added up",
    "population_weighted": "estimated: mean of its authorities weighted by residents",
}


def _is_sum(row: dict[str, Any]) -> bool:
    """Figures of practices are added up; all else is one row of a publisher's file."""
    return row["value"] is not None and row["source_row"] is None


def _method(row: dict[str, Any]) -> str:
    limits = {
        "publisher": "limits as published",
        "wilson": "limits computed from the counts (Wilson score)",
        "byar": "limits computed from the counts (Byar, exact below 10)",
        "none": f"no limits published, and {_why_none_computed(row)}",
    }.get(row["limits_method"] or "", "no limits")
    modelled = "estimated" if _is_sum(row) else "modelled by the publisher"
    modelled = f"; {modelled}" if row["modelled"] else ""
    published = "added up from practices" if _is_sum(row) else "value as published"
    published = _HOW_MADE.get(row.get("value_method") or "", published)
    taken = published if row["value"] is not None else "no value"
    return f"{taken}{modelled}; {limits}; role {row['role']}"


def _count(count: float | None) -> str:
    return "(not given)" if count is None else f"{count:.10g}"


def _why_none_computed(row: dict[str, Any]) -> str:
    """Why a value without published limits has no computed ones."""
    if row["numerator"] is None or row["denominator"] is None:
        return "no counts to compute them from"
    if row["modelled"]:
        return "none computed: the counts are modelled, not counted"
    return "none computed: the counts do not give the value, or no method is set for them"


def _staged(staged: dict[str, Any]) -> str:
    shown = ("series", "area_code", "period", "sex", "age", "value", "value_status")
    return ", ".join(f"{name}={staged[name]}" for name in shown if staged.get(name) is not None)


def _source(chain: Chain, entry: dict[str, Any]) -> list[tuple[str, str]]:
    row, landed = chain.row, chain.landed or {}
    intact = {True: "bytes intact", False: "BYTES CHANGED", None: "bytes not in this home"}
    lines = [
        (
            "source",
            f"{entry['publisher']}: {row['source']}/{row['dataset']} series {row['series']}",
        ),
        (
            "file",
            f"{entry['original_name']}"
            + (" and others of its year" if _is_sum(row) else f", row {row['source_row']}"),
        ),
    ]
    if chain.line is not None:
        lines.append(("its line", chain.line))
    lines += [
        ("origin", str(entry["origin"])),
        ("landed", f"landing/{entry['file']} ({intact[chain.intact]})"),
        ("sha256", str(entry["sha256"])),
        ("retrieved", str(landed.get("retrieved_at", "see run.json of the release"))),
        ("vintage", str(entry["vintage"])),
        ("licence", f"{entry['licence']}. {entry['attribution']}"),
    ]
    return lines
