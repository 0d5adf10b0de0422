"""What neighbourhood programmes returned for a Place, at the latest period of each."""

from __future__ import annotations

from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Place, Row

ABSENCES = {
    "suppressed": "Suppressed",
    "missing": "Not counted",
    "not_supplied": "No return",
    "not_applicable": "Nobody",
}


@dataclass(frozen=True)
class Programme:
    """One form's figures of everybody in a Place and its areas.

    Attributes:
        name: Name of the programme's form.
        period: The period.
        areas: Code and name of each area, the Place first where it has a row.
        rows: Name and unit of each metric, and its row of each area; None where there is none.
    """

    name: str
    period: str
    areas: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, tuple[Row | None, ...]], ...]


def programmes_of(facts: ReleaseFacts, place: Place) -> list[Programme]:
    """The programmes that returned something for a Place, by name."""
    by_form: dict[str, list[Row]] = {}
    for row in facts.rows("neighbourhood_return"):
        if row["place_code"] == place.code:
            by_form.setdefault(row["form_id"], []).append(row)
    found = [_programme(rows) for rows in by_form.values()]
    return sorted(found, key=lambda programme: programme.name)


def _programme(rows: list[Row]) -> Programme:
    areas = sorted(
        {(row["area_kind"] != "place", row["area_name"] or "", row["area_code"]) for row in rows}
    )
    cells = {(row["metric"], row["area_code"]): row for row in rows}
    metrics = sorted({(row["metric_order"], row["metric"]) for row in rows})
    said = {row["metric"]: (row["metric_name"], row["unit"]) for row in rows}
    return Programme(
        rows[0]["form_name"],
        rows[0]["period"],
        tuple((code, name or code) for _, name, code in areas),
        tuple(
            (*said[metric], tuple(cells.get((metric, code)) for _, _, code in areas))
            for _, metric in metrics
        ),
    )


def shown(row: Row) -> str:
    """A figure, with its limits where it has some."""
    text = words.number(row["value"], 0 if row["metric_kind"] == "count" else 1)
    if row["lower_95"] is None:
        return text
    return f"{text} ({words.number(row['lower_95'])} to {words.number(row['upper_95'])})"
