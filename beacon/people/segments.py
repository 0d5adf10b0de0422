"""How many people are in each segment: one table, protected as a whole.

What belongs here: the joint protection of segments that add up to everybody, and the mean of an
accepted score. What does not: who is in which (`segment_definitions`), or any other table.

Segments of one segmentation are parts of the same people, so that all of them, in all areas and
groups, are one system of sums. Where its people are those that `cohort_size` counts as registered,
these counts are published there, and stay here as they are there.

A mean is of at least `FEWEST_FOR_MEAN` times the smallest count shown, of everybody of a board or a
Place only, and is rounded as the segmentation says: a coarser figure than could be differenced to
the score of a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from beacon.contracts.ddl import quote_literal
from beacon.disclosure import Rule
from beacon.disclosure.left_over import Sums
from beacon.disclosure.linked_tables import (
    Counts,
    Equations,
    Flags,
    Way,
    equations_of,
    hide_linked,
)
from beacon.people.breakdowns import ALL, BoardAreas, ways_to_add_up
from beacon.people.evaluate import EVERYBODY
from beacon.people.extract_store import StoredExtract
from beacon.people.protect_cells import Key, aligned
from beacon.people.reading_ranges import is_plausible_sql
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import Segmentation

if TYPE_CHECKING:
    import duckdb

    from beacon.people.protected_tables import Past

BREAKDOWNS = (ALL, "core20", "sex", "age_band")
"""What segments are divided by, for the board and its Places."""
FEWEST_FOR_MEAN = 10
"""So many times the smallest count shown are the fewest people of whom a mean is given."""


def protected_segments(
    counted: pl.DataFrame,
    everybody: dict[Key, tuple[int, bool]],
    segmentation: Segmentation,
    areas: BoardAreas,
    rule: Rule,
    past: Past,
) -> Iterator[dict[str, Any]]:
    """The rows of a segmentation, each with whether it is hidden.

    Args:
        counted: Cells of the segmentation, with `group`; the measure is the segment.
        everybody: Count of everybody registered of each cell, and whether it is hidden.
        segmentation: The segmentation.
        areas: The areas.
        rule: The rule of disclosure control.
        past: What is known of the as-at date before.
    """
    own = counted.filter(
        pl.col("breakdown").is_in(BREAKDOWNS) & pl.col("area_type").is_in(["icb", "place"])
    )
    labels = {
        (row["area_code"], row["group"]): row
        for row in own.select("area_type", "area_code", "breakdown", "member", "group").to_dicts()
    }
    cells = tuple(sorted(labels))
    names = ["", *(segment.id for segment in segmentation.segments)]
    people = {}
    for name in names:
        part = own.filter(pl.col("measure") == name)
        rows = part.select("area_code", "group", "done" if name else "eligible").iter_rows()
        people[name] = aligned(cells, {(area, group): count for area, group, count in rows})
    known = [everybody.get(cell, (0, False)) for cell in cells]
    is_everybody = people[""].tolist() == [count for count, _ in known]
    fixed = {cell: hidden for cell, (_, hidden) in zip(cells, known, strict=True)}
    hidden = _hidden(cells, names, people, areas, rule, past, fixed if is_everybody else None)
    for number, cell in enumerate(cells):
        total, total_hidden = int(people[""][number]), bool(hidden[""][number])
        for order, segment in enumerate(segmentation.segments, start=1):
            yield {
                "segmentation": segmentation.segmentation,
                "segment": segment.id,
                "segment_order": order,
                **labels[cell],
                "count": int(people[segment.id][number]),
                "total": None if total_hidden else total,
                "hidden": bool(hidden[segment.id][number]),
            }
        yield {
            "segmentation": segmentation.segmentation, "segment": "", "segment_order": 0,
            **labels[cell], "count": total, "total": None, "hidden": total_hidden,
        }  # fmt: skip


def _hidden(
    cells: tuple[Key, ...],
    names: list[str],
    people: dict[str, np.ndarray[Any, np.dtype[np.int64]]],
    areas: BoardAreas,
    rule: Rule,
    past: Past,
    fixed: dict[Key, bool] | None,
) -> dict[str, Flags]:
    """Which cells of each segment, and of all of them, may not be shown."""
    keys = [(area, f"{name}|{group}") for name in names for area, group in cells]
    linked = equations_of(keys, _ways(cells, names, areas))
    values = np.concatenate([people[name] for name in names])
    sums = Sums.closed(linked.total, linked.parts, values)
    values = sums.fill(values)
    few = (values > 0) & (values < rule.smallest_shown)
    must = few & ~sums.left_over | sums.complements(values, rule)
    for number, name in enumerate(names):
        before = past.of(name, "done" if name else "eligible", cells)
        if before is not None:
            must[number * len(cells) : (number + 1) * len(cells)] |= before.sensitive(rule)
    sums.hide_beside(few, must, values)
    counts = Counts.of_people(values)
    if fixed is not None:
        stays = np.zeros(len(values), dtype=np.bool_)
        stays[: len(cells)] = [not fixed[cell] for cell in cells]
        must[: len(cells)] = ~stays[: len(cells)]
        counts = Counts(
            counts.values, np.where(stays, 0.0, counts.falls), np.where(stays, 0.0, counts.rises)
        )
    hidden = must
    if rule.complementary:
        equations = Equations(sums.total, sums.parts, len(values))
        try:
            hidden = hide_linked(counts, equations, must, left_over=sums.left_over)
        except ValueError:
            # No other table fits what is shown already, so no segment may be.
            hidden = np.ones(len(values), dtype=np.bool_)
            hidden[: len(cells)] = must[: len(cells)]
    return dict(zip(names, np.split(hidden[: len(keys)], len(names)), strict=True))


def _ways(cells: tuple[Key, ...], names: list[str], areas: BoardAreas) -> list[Way]:
    """How cells of (area, segment and group) add up: by area, by group and over segments."""
    groups = frozenset(group for _, group in cells)
    ways = []
    for way in ways_to_add_up(areas, groups):
        if way.dimension == 0:
            ways.append(way)
        elif own := {g: p for g, p in way.parent.items() if g in groups and p in groups}:
            pairs = ((f"{n}|{g}", f"{n}|{p}") for n in names for g, p in own.items())
            ways.append(Way(1, dict(pairs)))
    ways.append(Way(1, {f"{name}|{group}": f"|{group}" for name in names[1:] for group in groups}))
    return ways


def mean_scores(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    extract: StoredExtract,
    segmentation: Segmentation,
    areas: BoardAreas,
) -> dict[tuple[str, str], float]:
    """The mean accepted score of each area and segment of everybody, unprotected and unrounded."""
    score = segmentation.score
    if score is None:
        return {}
    sign = "-" if score.same_day == "lowest" else ""
    folder = home.as_at(extract.as_at)
    files = (
        quote_literal(str(folder / what / "*.parquet"))
        for what in ("person", f"cohort/{segmentation.segmentation}")
    )
    person, member = (f"read_parquet({file})" for file in files)
    segment = " ".join(f"when {s.id}__done then '{s.id}'" for s in segmentation.segments)
    places = ", ".join(map(quote_literal, areas.places))
    rows = con.execute(
        f"""
        with reading as (
            select person_id, {sign}max(struct_pack(day := event_date, v := {sign}value)).v as score
            from {extract.relation("event", score.cluster)}
            where value is not null and {is_plausible_sql()}
                and event_date <= date '{extract.as_at}'
            group by person_id
        ),
        scored as (
            select place_code, case {segment} end as segment, score
            from {member} as member inner join {person} as person using (person_id)
            inner join reading using (person_id)
        )
        select {quote_literal(areas.board)}, segment, avg(score) from scored group by all
        union all
        select place_code, segment, avg(score) from scored where place_code in ({places})
        group by all
        """
    ).fetchall()
    return {(area, name): float(mean) for area, name, mean in rows}


def segment_frame(
    rows: list[dict[str, Any]],
    segmentations: dict[str, Segmentation],
    means: dict[str, dict[tuple[str, str], float]],
    rule: Rule,
) -> pl.DataFrame:
    """The table `segment` in the order of its contract, without its as-at date."""
    made = []
    for row in rows:
        if not row["segment"]:
            continue
        segmentation = segmentations[row["segmentation"]]
        people = None if row["hidden"] else _rounded(row["count"], rule)
        whole = None if people is None else row["total"]
        total = None if whole is None else _rounded(whole, rule)
        mean = None
        if (
            segmentation.score is not None
            and row["breakdown"] == ALL
            and people is not None
            and people >= FEWEST_FOR_MEAN * rule.smallest_shown
        ):
            mean = means[row["segmentation"]].get((row["area_code"], row["segment"]))
            mean = None if mean is None else round(mean, segmentation.score.decimals)
        made.append(
            {
                "segmentation": segmentation.segmentation,
                "segmentation_name": segmentation.name,
                "definition_status": segmentation.definition.status,
                "score_name": segmentation.score.name if segmentation.score else None,
                "segment": row["segment"],
                "segment_name": segmentation.segments[row["segment_order"] - 1].name,
                "segment_order": row["segment_order"],
                "area_type": row["area_type"],
                "area_code": row["area_code"],
                "breakdown": row["breakdown"],
                "breakdown_group": row["member"],
                "people": people,
                "people_in_all_segments": total,
                "share_percent": 100 * people / total if people is not None and total else None,
                "mean_score": mean,
                "value_status": "suppressed" if people is None else "published",
                "value_note": SUPPRESSED if people is None else segmentation.note,
            }
        )
    return pl.DataFrame(made, schema=_SCHEMA)


SUPPRESSED = "Suppressed: it is a small number of people, or would let one be worked out."
_SCHEMA: dict[str, type[pl.DataType]] = {
    "segmentation": pl.String, "segmentation_name": pl.String, "definition_status": pl.String,
    "score_name": pl.String, "segment": pl.String, "segment_name": pl.String,
    "segment_order": pl.Int64, "area_type": pl.String, "area_code": pl.String,
    "breakdown": pl.String, "breakdown_group": pl.String, "people": pl.Int64,
    "people_in_all_segments": pl.Int64, "share_percent": pl.Float64, "mean_score": pl.Float64,
    "value_status": pl.String, "value_note": pl.String,
}  # fmt: skip


def _rounded(count: int, rule: Rule) -> int:
    base = rule.rounding
    return count if base is None else int((count / base + 0.5) // 1 * base)


def everybody_of(counted: pl.DataFrame, rows: list[dict[str, Any]]) -> dict[Key, tuple[int, bool]]:
    """Count of everybody registered of each cell, and whether the protected rows hide it."""
    hidden = {
        (row["area_code"], row["group"]): row["hidden"]
        for row in rows
        if row["cohort"] == EVERYBODY
    }
    own = counted.filter(pl.col("cohort") == EVERYBODY)
    cells = own.select("area_code", "group", "eligible").iter_rows()
    return {(area, group): (count, hidden[(area, group)]) for area, group, count in cells}
