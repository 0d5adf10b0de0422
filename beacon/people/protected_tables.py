"""The published tables of one as-at date, from the cells in the secure home.

What belongs here: joining counts, disclosure control and figures. What does not: each of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from beacon.contracts.ddl import quote_literal
from beacon.disclosure import Rule
from beacon.disclosure.left_over import People
from beacon.people.breakdowns import (
    ALL,
    BoardAreas,
    areas_below,
    count_by_breakdown,
    group_of,
    ways_to_add_up,
)
from beacon.people.care_gaps import care_gap_sql, standardised_sql
from beacon.people.cohort_definitions import Cohort
from beacon.people.differences import Differences, differences
from beacon.people.evaluate import EVERYBODY
from beacon.people.extract_store import StoredExtract
from beacon.people.protect_cells import (
    Before,
    Key,
    Layout,
    aligned,
    protect_sizes,
    protect_split,
)
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import Segmentation
from beacon.people.segments import (
    everybody_of,
    mean_scores,
    protected_segments,
    segment_frame,
)
from beacon.statistics.macros import install_macros

if TYPE_CHECKING:
    import duckdb

Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Period:
    """Two as-at dates of one board.

    Attributes:
        as_at: The as-at date, ISO.
        earlier: The one before it of which there are cells; None where there is none.
    """

    as_at: str
    earlier: str | None


def make_protected(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    period: Period,
    areas: BoardAreas,
    cohorts: dict[str, Cohort],
    rule: Rule,
    extract: StoredExtract,
    segmentations: dict[str, Segmentation],
) -> None:
    """Make tables `care_gap`, `cohort_size` and `segment` in a connection of the secure home.

    What was hidden is kept as `hidden.parquet` beside the cells, for the next as-at date.
    """
    folder = home.as_at(period.as_at)
    install_macros(con)
    cells, small = (
        f"read_parquet({quote_literal(str(folder / f'{name}.parquet'))})"
        for name in ("cell", "small_cell")
    )
    count_by_breakdown(con, cells, small, areas, "counted")
    counted = pl.DataFrame(con.sql("select * from counted").to_arrow_table()).with_columns(
        group=pl.struct("breakdown", "member").map_elements(
            lambda s: group_of(s["breakdown"], s["member"]), return_dtype=pl.String
        )
    )
    before = _hidden_before(home, period)
    every = cohorts | {name: each.as_cohort() for name, each in segmentations.items()}
    differ = differences(con, home, period, areas, every) if period.earlier else None
    rows: list[dict[str, Any]] = []
    for cohort in [EVERYBODY, *cohorts]:
        own = counted.filter(pl.col("cohort") == cohort)
        if own.height:
            past = Past(before, differ, cohort)
            rows += _protected_rows(own, cohorts.get(cohort), areas, rule, past)
    table = pl.DataFrame(rows, infer_schema_length=None)
    segments: list[dict[str, Any]] = []
    for name, each in segmentations.items():
        own = counted.filter(pl.col("cohort") == name)
        if own.height:
            past = Past(before, differ, name)
            segments += protected_segments(
                own, everybody_of(counted, rows), each, areas, rule, past
            )
    means = {
        name: mean_scores(con, home, extract, each, areas)
        for name, each in segmentations.items()
        if any(row["segmentation"] == name for row in segments)
    }
    frame = segment_frame(segments, segmentations, means, rule)
    con.register("segment_frame", frame.to_arrow())
    con.execute(
        "create or replace temp table segment as select * exclude (breakdown, breakdown_group, "
        "people, people_in_all_segments, share_percent, mean_score, value_status, value_note), "
        f"date '{period.as_at}' as as_at, breakdown, breakdown_group, people, "
        "people_in_all_segments, share_percent, mean_score, value_status, value_note "
        "from segment_frame order by all"
    )
    con.unregister("segment_frame")
    names = ("cohort", "measure", "area_code", "group")
    hidden = [tuple(row[name] for name in names) for row in rows if row["hidden"]]
    hidden += [
        (row["segmentation"], row["segment"], row["area_code"], row["group"])
        for row in segments
        if row["hidden"]
    ]
    kept = pl.DataFrame(hidden, schema=dict.fromkeys(names, pl.String), orient="row")
    kept.write_parquet(folder / "hidden.parquet")
    con.register("hidden_frame", _as_frame(before).to_arrow())
    con.execute("create or replace temp table hidden_before as from hidden_frame")
    con.unregister("hidden_frame")
    con.register("protected_frame", table.to_arrow())
    con.execute(
        f"create or replace temp table protected as select *, date '{period.as_at}' as as_at "
        "from protected_frame"
    )
    con.unregister("protected_frame")
    con.execute(
        "create or replace temp table standardised as " + standardised_sql(folder, areas, rule)
    )
    measured = f"(select * from protected where measure <> '' and cohort <> '{EVERYBODY}')"
    con.execute(
        "create or replace temp table care_gap as "
        f"select * from ({care_gap_sql(measured, 'standardised')}) order by all"
    )
    con.execute("create or replace temp table cohort_size as " + _cohort_size_sql())


@dataclass(frozen=True)
class Past:
    """What is known of the as-at date before, of one cohort."""

    hidden: set[tuple[str, str, str, str]] | None
    differ: Differences | None
    cohort: str

    def of(self, measure: str, state: str, cells: tuple[Key, ...]) -> Before | None:
        """What is known of some cells of a measure; None where there is no earlier date."""
        if self.hidden is None or self.differ is None:
            return None
        changed = self.differ.get((self.cohort, f"{measure}/{state}"))
        if changed is None:
            return None
        flags = [(self.cohort, measure, *cell) in self.hidden for cell in cells]
        came = aligned(cells, {cell: both[0] for cell, both in changed.items()})
        went = aligned(cells, {cell: both[1] for cell, both in changed.items()})
        return Before(np.array(flags, dtype=np.bool_), came, went)

    def split(self, measure: str, state: str, cells: tuple[Key, ...]) -> list[Before]:
        """The same of a part and of what it leaves of its total."""
        both = (self.of(measure, name, cells) for name in (state, f"not_{state}"))
        return [before for before in both if before is not None]


def _hidden_before(home: SecureHome, period: Period) -> set[tuple[str, str, str, str]] | None:
    if period.earlier is None:
        return None
    path = home.as_at(period.earlier) / "hidden.parquet"
    if not path.is_file():
        return None
    return set(pl.read_parquet(path).iter_rows())


def _as_frame(hidden: set[tuple[str, str, str, str]] | None) -> pl.DataFrame:
    names = ("cohort", "measure", "area_code", "group")
    return pl.DataFrame(sorted(hidden or ()), schema=dict.fromkeys(names, pl.String), orient="row")


def _protected_rows(
    counted: pl.DataFrame, cohort: Cohort | None, areas: BoardAreas, rule: Rule, past: Past
) -> Iterator[dict[str, Any]]:
    cells, labels = _all_cells(counted)
    ways = ways_to_add_up(areas, frozenset(group for _, group in cells))
    by_measure = {
        str(key[0]): frame for key, frame in counted.partition_by("measure", as_dict=True).items()
    }
    sizes = _counts(by_measure.get("", counted.clear()), "eligible")
    layout = Layout.of(cells, ways, areas_below(areas), sizes)
    people = layout.counts(sizes)
    hidden = protect_sizes(layout, people, rule, past.of("", "eligible", layout.cells))
    name = past.cohort
    yield from _rows(name, cohort, "", layout, labels, people, people * 0, hidden, rule)
    for measure in cohort.care if cohort is not None else ():
        frame = by_measure.get(measure.id, counted.clear())
        eligible, done = (layout.counts(_counts(frame, state)) for state in ("eligible", "done"))
        eligible_hidden = hidden
        if measure.eligible is not None:
            before = past.split(measure.id, "eligible", layout.cells)
            eligible_hidden = protect_split(layout, people, hidden, eligible, rule, before)
        before = past.split(measure.id, "done", layout.cells)
        done_hidden = protect_split(layout, eligible, eligible_hidden, done, rule, before)
        yield from _rows(
            name, cohort, measure.id, layout, labels, eligible, done, done_hidden, rule
        )


def _all_cells(keyed: pl.DataFrame) -> tuple[list[Key], dict[Key, tuple[str, str, str]]]:
    """Every area with every group that its kind has; a cell without a row counts nobody."""
    kinds = {}
    for kind, own in keyed.partition_by("area_type", as_dict=True).items():
        groups = own.select("group", "breakdown", "member").unique().sort("group").rows()
        for code in own["area_code"].unique().sort().to_list():
            for group, breakdown, member in groups:
                kinds[(code, group)] = (str(kind[0]), breakdown, member)
    cells = sorted(kinds)
    return cells, kinds


def _counts(frame: pl.DataFrame, column: str) -> dict[Key, int]:
    rows: Iterable[tuple[str, str, int]] = frame.select("area_code", "group", column).iter_rows()
    return {(area, group): count for area, group, count in rows}


def _rows(
    name: str,
    cohort: Cohort | None,
    measure: str,
    layout: Layout,
    labels: dict[Key, tuple[str, str, str]],
    eligible: People,
    done: People,
    hidden: Flags,
    rule: Rule,
) -> Iterator[dict[str, Any]]:
    said = next((m for m in cohort.care if m.id == measure), None) if cohort else None
    base = rule.rounding
    for number, (area, group) in enumerate(layout.cells):
        if layout.left_over[number]:
            continue
        kind, breakdown, member = labels[(area, group)]
        counts = [int(eligible[number]), int(done[number])]
        if base is not None:
            counts = [int((count / base + 0.5) // 1 * base) for count in counts]
        yield {
            "cohort": name,
            "cohort_name": cohort.name if cohort else "Everybody registered",
            "clinical_area": cohort.area if cohort else "All",
            "definition_status": cohort.definition.status if cohort else "checked",
            "measure": measure,
            "measure_name": said.name if said else None,
            "polarity": said.polarity if said else None,
            "measure_note": said.note if said else None,
            "indicator_slug": said.stands_beside[0] if said and said.stands_beside else None,
            "indicator_measure": said.stands_beside[1] if said and said.stands_beside else None,
            "area_type": kind,
            "area_code": area,
            "breakdown": breakdown,
            "member": member,
            "group": group,
            "eligible": counts[0],
            "done": counts[1],
            "hidden": bool(hidden[number]),
        }


def _cohort_size_sql() -> str:
    return f"""
        with size as (
            select *, if(hidden, null, eligible) as people from protected where measure = ''
        ),
        everybody as (
            select area_code, breakdown, member, people from size where cohort = '{EVERYBODY}'
        ),
        core20 as (
            select cohort, area_code, people from size
            where breakdown = 'core20' and member = 'Core20'
        )
        select
            size.cohort, size.cohort_name, size.clinical_area, size.definition_status,
            size.area_type, size.area_code, size.as_at, size.breakdown,
            size.member as breakdown_group, size.people,
            100 * proportion(size.people, everybody.people) as share_percent,
            if(size.breakdown = '{ALL}' and not size.hidden, core20.people, null) as people_core20,
            if(size.breakdown = '{ALL}', 100 * proportion(core20.people, size.people), null)
                as core20_share_percent,
            if(size.hidden, 'suppressed', 'published') as value_status,
            if(size.hidden,
                'Suppressed: it is a small number of people, or would let one be worked out.',
                null) as value_note
        from size
        left join everybody using (area_code, breakdown, member)
        left join core20 on size.cohort = core20.cohort and size.area_code = core20.area_code
        order by all
    """
