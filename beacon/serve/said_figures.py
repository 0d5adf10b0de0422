"""Figures of indicators with all that has to be said beside them, for answers in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
from pydantic import BaseModel, Field

from beacon.contracts.sql_files import value_marts
from beacon.core.suggestions import did_you_mean
from beacon.serve.area_list import UnknownNameError, find_area
from beacon.serve.served_release import ServedRelease
from beacon.serve.trace_rows import records, trace_id_sql

STATUS_WORDS = {
    "suppressed": "withheld, so that nothing is told of few people. It is not zero",
    "suppressed_quality": "withheld by its publisher as not reliable. It is not zero",
    "not_published": "not published",
    "not_applicable": "not defined for this area",
    "not_supplied": "not supplied to this release",
    "series_not_found": "not found in the publisher's file",
    "not_comparable": "left out, because it was measured in another way",
    "rounded_to_zero": "shown by its publisher as rounded to zero; the value itself is not known",
}
"""Why there is no value, by `value_status`."""

REFUSAL = "Give no number in its place: none was estimated."


class Figure(BaseModel):
    """One value, or why there is none."""

    said: str = Field(description="The figure in a sentence that may be quoted.")
    indicator_id: int
    indicator_slug: str
    measure: str
    measure_name: str
    role: str = Field(description="measure, proxy (stands for something else) or context.")
    area_code: str
    area_name: str
    area_type: str
    period: str
    sex: str
    age: str
    value: float | None
    lower_95: float | None
    upper_95: float | None
    limits_method: str | None
    numerator: float | None
    denominator: float | None
    unit: str
    status: str = Field(description="published, or why there is no value.")
    note: str | None
    modelled: bool
    nation_value: float | None
    compared_with_nation: str = Field(description="better, similar, worse …, or not_compared.")
    comparison_method: str | None
    not_compared_reason: str | None
    source: str | None
    licence: str | None
    attribution: str | None
    trace_id: str


@dataclass(frozen=True)
class Wanted:
    """Which figures: everything but indicator and area may be left open.

    Attributes:
        indicator: Short name.
        measures: Measures.
        area: Code of the area; None for all Places.
        period: As published, "latest" or "all".
        sex: One sex.
        age: One age group.
    """

    indicator: str
    measures: list[str]
    area: str | None = None
    period: str = "latest"
    sex: str | None = None
    age: str | None = None


def indicator_rows(con: duckdb.DuckDBPyConnection, served: ServedRelease) -> list[dict[str, Any]]:
    """The indicator mart: a row for each measure."""
    return records(
        con,
        "from read_parquet(?) order by indicator_id, is_headline desc, measure",
        [str(served.path_of("indicator"))],
    )


def find_measures(
    rows: list[dict[str, Any]], indicator: str, measure: str | None
) -> list[dict[str, Any]]:
    """The measures of an indicator: the one named, or those that head it.

    Raises:
        UnknownNameError: Naming what is alike.
    """
    wanted = indicator.strip().casefold()
    names = ("indicator_slug", "name", "short_name")
    found = [
        row
        for row in rows
        if wanted == str(row["indicator_id"]) or wanted in {row[name].casefold() for name in names}
    ]
    if not found:
        known = [row[name] for row in rows for name in names]
        raise UnknownNameError(
            f"There is no indicator {indicator!r}.{did_you_mean(indicator, known)} "
            "find_indicators lists them."
        )
    if measure is None:
        return [row for row in found if row["is_headline"]] or found
    chosen = [row for row in found if row["measure"] == measure]
    if not chosen:
        known = [row["measure"] for row in found]
        raise UnknownNameError(
            f"{found[0]['name']} has no measure {measure!r}. Measures: {', '.join(known)}."
        )
    return chosen


def read_figures(
    con: duckdb.DuckDBPyConnection,
    served: ServedRelease,
    wanted: Wanted,
    definitions: list[dict[str, Any]],
) -> list[Figure]:
    """Figures of everybody (no breakdown), by measure, area, period, sex and age.

    The latest period is that of the measure in the Places, or the nation: where an area has no
    value then, that is the answer, and not an older value.
    """
    names = {row["measure"]: row for row in definitions}
    rows: list[dict[str, Any]] = []
    for mart in value_marts(served.marts):
        rows += _rows(con, served, mart, wanted)
    licences = _licences(con, served) if rows else {}
    return [
        _figure(row, names[row["measure"]], licences.get((row["source"], row["dataset"]), {}))
        for row in rows
    ]


def find_figures(
    con: duckdb.DuckDBPyConnection,
    served: ServedRelease,
    indicator: str,
    area: str | None,
    period: str,
    measure: str | None,
    sex: str | None,
) -> tuple[list[Figure], list[dict[str, Any]]]:
    """Figures of an indicator by what a person calls it, and the definitions of its measures.

    Raises:
        UnknownNameError: When a name is not known or there is no figure, with what there is.
    """
    rows = indicator_rows(con, served)
    about = find_measures(rows, indicator, measure)
    found = find_area(con, served, area) if area is not None else None
    wanted = Wanted(
        indicator=about[0]["indicator_slug"],
        measures=[row["measure"] for row in about],
        area=found["code"] if found else None,
        period=period,
        sex=sex,
    )
    figures = read_figures(con, served, wanted, about)
    if not figures:
        every = read_figures(
            con, served, Wanted(wanted.indicator, wanted.measures, wanted.area, "all"), about
        )
        periods = ", ".join(dict.fromkeys(f.period for f in every)) or "none"
        sexes = ", ".join(sorted({f.sex for f in every})) or "none"
        where = found["name"] if found else "the Places"
        others = "" if every else _other_measures(con, served, wanted, rows)
        raise UnknownNameError(
            f"This release has no figure of {about[0]['name']} for {where}"
            f"{'' if period in ('latest', 'all') else f' in {period}'}"
            f"{f', {sex}' if sex else ''}. There are periods: {periods}; sexes: {sexes}. "
            f"Do not give a number.{others}"
        )
    return figures, about


def _other_measures(
    con: duckdb.DuckDBPyConnection,
    served: ServedRelease,
    wanted: Wanted,
    rows: list[dict[str, Any]],
) -> str:
    """The indicator's measures that have values, where those wanted have no figure."""
    about = {row["measure"]: row for row in rows if row["indicator_slug"] == wanted.indicator}
    asked = Wanted(wanted.indicator, list(about), wanted.area, "all")
    figures = read_figures(con, served, asked, list(about.values()))
    found = dict.fromkeys(figure.measure for figure in figures if figure.value is not None)
    named = "; ".join(
        f"{name} ({about[name]['measure_name']}"
        f"{', ' + _proxy(about[name]) if about[name]['role'] == 'proxy' else ''})"
        for name in found
    )
    said = " Other measures have values: {}. Ask for one as `measure`, and say which it is."
    return said.format(named) if named else ""


def _rows(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, mart: str, wanted: Wanted
) -> list[dict[str, Any]]:
    conditions = ["category = 'All'", "list_contains(?, measure)"]
    values: list[Any] = [wanted.measures]
    for name, value in (("sex", wanted.sex), ("age", wanted.age)):
        if value is not None:
            conditions.append(f"lower({name}) = lower(?)")
            values.append(value)
    if wanted.area is None:
        conditions.append("area_type = 'place'")
    else:
        conditions.append("area_code = ?")
        values.append(wanted.area)
    if wanted.period == "latest":
        conditions.append("(period_end = latest or period = 'none')")
    elif wanted.period != "all":
        conditions.append("period = ?")
        values.append(wanted.period)
    file = str(served.path_of(mart))
    return records(
        con,
        f"select *, {trace_id_sql(mart)} as trace_id from (select *, "  # noqa: S608
        "max(period_end) filter (value is not null and category = 'All' "
        "and area_type in ('place', 'nation')) over (partition by measure) as latest "
        f"from read_parquet(?) where indicator_slug = ?) where {' and '.join(conditions)} "
        "order by measure, area_code, period_end, period, sex, age",
        [file, wanted.indicator, *values],
    )


def _licences(
    con: duckdb.DuckDBPyConnection, served: ServedRelease
) -> dict[tuple[str, str], dict[str, Any]]:
    rows = records(
        con,
        "select distinct source, dataset, licence, attribution from read_parquet(?)",
        [str(served.path_of("source_status"))],
    )
    return {(row["source"], row["dataset"]): row for row in rows}


def _figure(row: dict[str, Any], about: dict[str, Any], licence: dict[str, Any]) -> Figure:
    return Figure.model_validate(
        {
            **row,
            "said": _said(row, about),
            "measure_name": about["measure_name"],
            "status": row["value_status"],
            "note": row["value_note"],
            "licence": licence.get("licence"),
            "attribution": licence.get("attribution"),
        }
    )


def _said(row: dict[str, Any], about: dict[str, Any]) -> str:
    period = "" if row["period"] == "none" else f", {row['period']}"
    who = ", ".join(part for part in (row["sex"], row["age"]) if part != "Not stated")
    what = f"{about['measure_name']}, {row['area_name']}{period}, {who}"
    if about["role"] == "proxy":
        what += f" ({_proxy(about)})"
    if row["value"] is None:
        note = f" {row['value_note']}" if row["value_note"] else ""
        return f"{what}: {STATUS_WORDS[row['value_status']]}.{note} {REFUSAL}"
    kind = ", a modelled estimate" if row["modelled"] else ""
    return f"{what}: {number(row['value'])} {row['unit']}{_limits(row)}{kind}."


def _proxy(about: dict[str, Any]) -> str:
    return f"a proxy: it stands for {about['name']} and is not the same"


def _limits(row: dict[str, Any]) -> str:
    if row["lower_95"] is None:
        return " (no confidence limits)"
    return f" (95 % limits {number(row['lower_95'])} to {number(row['upper_95'])})"


def number(value: float) -> str:
    """A number for a sentence: six digits at most; the field beside it has all."""
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:.6g}"
