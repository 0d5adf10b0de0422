"""What a release says, in plain objects that every page draws on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from beacon.site.indicator_facts import (
    ADULTS,
    ALL_AGES,
    BEACONS,
    CHILDREN,
    OTHERS,
    IndicatorFacts,
    Place,
    Row,
    Series,
)
from beacon.site.words import day, file_name

if TYPE_CHECKING:
    from beacon.registry import Action, Indicator, TargetRegister
    from beacon.registry.targets import Target


@dataclass
class ReleaseFacts:
    """Everything that the pages draw on."""

    label: str
    manifest: Mapping[str, Any]
    run_record: Mapping[str, Any]
    tables: dict[str, list[Row]]
    registry: Mapping[str, Indicator] = field(default_factory=dict)
    targets: TargetRegister | None = None
    actions: Mapping[str, Action] = field(default_factory=dict)
    lsoas: list[Row] = field(default_factory=list)
    outlines: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def plan_targets(self) -> tuple[Target, ...]:
        """The targets that this release holds: those of the plans of its own footprint."""
        held = {row["target_id"] for row in self.rows("target")}
        found = self.targets.targets if self.targets else ()
        return tuple(target for target in found if target.id in held)

    @property
    def previous_label(self) -> str | None:
        """The release that this one was compared with; None where it is the first."""
        label = self.run_record.get("previous")
        return None if label is None else str(label)

    def has(self, mart: str) -> bool:
        """Whether the release has that mart at all; it may still be empty."""
        return mart in self.tables

    def rows(self, mart: str) -> list[Row]:
        """The rows of a mart, or none."""
        return self.tables.get(mart, [])

    @property
    def fictional(self) -> bool:
        """Whether the release is a fictional sample."""
        marked = any(row.get("fictional") for row in self.rows("place"))
        return bool(self.manifest.get("fictional")) or marked

    @cached_property
    def released_on(self) -> date | None:
        """The day in the release's label; None where the label has none."""
        parts = self.label.removeprefix("v").split("-")[0].split(".")
        try:
            year, month, day = (int(part) for part in parts)
            return date(year, month, day)
        except ValueError:
            return None

    @cached_property
    def system_name(self) -> str:
        """Name of the integrated care system."""
        footprint: Mapping[str, Any] = self.manifest.get("footprint") or {}
        given = footprint.get("name")
        name = str(given or (self.rows("place") or [{}])[0].get("icb_name") or "the system")
        return self.unmarked(name)

    def unmarked(self, text: str) -> str:
        """A text without the mark of the fictional after names: every page's banner bears it."""
        return text.replace(" (fictional)", "") if self.fictional else text

    @cached_property
    def places(self) -> list[Place]:
        """The Places by name, each with an address of its own."""
        taken: set[str] = set()
        places = []
        for row in sorted(self.rows("place"), key=lambda r: (r["place_name"], r["place_code"])):
            slug = file_name(row["place_name"]) or file_name(row["place_code"])
            if slug in taken:
                slug = f"{slug}-{file_name(row['place_code'])}"
            taken.add(slug)
            places.append(Place(row["place_code"], row["place_name"], slug, row))
        return places

    @cached_property
    def _areas(self) -> dict[str, tuple[str, str]]:
        """Type to code and name, of the areas that Places are shown against."""
        found: dict[str, tuple[str, str]] = {}
        for table in ("beacon_indicator", "core20plus5_indicator", "core20_cohort"):
            for row in self.rows(table):
                kind = row["area_type"]
                if kind not in {"place", "lsoa"} and kind not in found:
                    found[kind] = (row["area_code"], row["area_name"])
        return found

    @property
    def nation(self) -> str:
        """Name of the nation that Places are compared with."""
        return self.unmarked(self._areas.get("nation", ("", "the nation"))[1])

    def area_name(self, kind: str) -> str | None:
        """Name of the nation, region or system; None where no row has it."""
        if kind == "icb":
            return self.system_name
        found = self._areas.get(kind)
        return self.unmarked(found[1]) if found else None

    @cached_property
    def benchmark_kinds(self) -> list[str]:
        """Kinds of area that have indicator values beside the Places: nation first."""
        present = {row["area_type"] for row in self.observations if row["value"] is not None}
        if any(row["area_type"] == "icb" for row in self.observations):
            present.add("icb")
        return [kind for kind in ("nation", "region", "icb") if kind in present]

    @cached_property
    def observations(self) -> list[Row]:
        """Rows of both indicator marts."""
        return [*self.rows("beacon_indicator"), *self.rows("core20plus5_indicator")]

    @cached_property
    def indicators(self) -> list[IndicatorFacts]:
        """Every indicator, by programme and number."""
        grouped: dict[str, list[Row]] = {}
        for row in self.rows("indicator"):
            grouped.setdefault(row["indicator_slug"], []).append(row)
        order = {"measure": 0, "proxy": 1, "context": 2}
        found = []
        for slug, rows in grouped.items():
            rows.sort(
                key=lambda r: (order.get(r["role"], 3), not r["is_headline"], r["measure_name"])
            )
            found.append(IndicatorFacts(rows[0], tuple(rows), self.registry.get(slug)))
        programmes = (BEACONS, ADULTS, CHILDREN, OTHERS)
        rank = {name: number for number, name in enumerate(programmes)}
        return sorted(
            found, key=lambda i: (rank.get(i.row["programme"], 9), i.row["indicator_id"], i.slug)
        )

    @cached_property
    def by_slug(self) -> dict[str, IndicatorFacts]:
        """Indicators by the registry's short name."""
        return {indicator.slug: indicator for indicator in self.indicators}

    def of_programme(self, *programmes: str) -> list[IndicatorFacts]:
        """The indicators of some programmes."""
        return [i for i in self.indicators if i.row["programme"] in programmes]

    @cached_property
    def _grouped(self) -> dict[Series, list[Row]]:
        grouped: dict[Series, list[Row]] = {}
        for row in self.observations:
            key = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
            grouped.setdefault(key, []).append(row)
        for rows in grouped.values():
            rows.sort(key=lambda r: (str(r["period_end"] or ""), r["period"], r["area_code"]))
        return grouped

    def series_of(self, slug: str, measure: str) -> list[Series]:
        """The series of a measure: persons first, then female and male."""
        rank = {"Persons": 0, "Female": 1, "Male": 2}
        found = [key for key in self._grouped if key.slug == slug and key.measure == measure]
        return sorted(found, key=lambda k: (rank.get(k.sex, 3), k.sex, k.age))

    def series_rows(self, series: Series, *, category: str | None = "All") -> list[Row]:
        """Rows of one series by period; `None` gives the rows of every category."""
        rows = self._grouped.get(series, [])
        return [row for row in rows if category is None or row["category"] == category]

    def rows_of_indicator(self, slug: str) -> list[Row]:
        """Every row of an indicator, in the order of its mart."""
        return [row for row in self.observations if row["indicator_slug"] == slug]

    def latest_end(self, rows: Iterable[Row]) -> Any:
        """The latest period's end among rows with a value."""
        ends = [r["period_end"] for r in rows if r["value"] is not None and r["period_end"]]
        return max(ends, default=None)

    @cached_property
    def _scorecard(self) -> dict[Series, dict[str, Row]]:
        found: dict[Series, dict[str, Row]] = {}
        for row in self.rows("scorecard"):
            key = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
            found.setdefault(key, {})[row["place_code"]] = row
        return found

    def scorecard_series(self, *programmes: str) -> list[Series]:
        """Series of the scorecard in the order of the indicators, those of some programmes."""
        rank = {i.slug: n for n, i in enumerate(self.indicators)}
        sexes = {"Persons": 0, "Female": 1, "Male": 2}
        chosen = [
            key
            for key in self._scorecard
            if not programmes or self.by_slug[key.slug].row["programme"] in programmes
        ]
        return sorted(
            chosen,
            key=lambda k: (rank[k.slug], k.measure, sexes.get(k.sex, 3), k.sex, k.age),
        )

    def scorecard(self, series: Series) -> dict[str, Row]:
        """The scorecard rows of a series by Place code."""
        return self._scorecard.get(series, {})

    def benchmark_row(self, series: Series, kind: str) -> Row | None:
        """The nation's, region's or system's row at the period that the scorecard shows."""
        shown = self.scorecard(series)
        period = next((row["period"] for row in shown.values() if row["value"] is not None), None)
        if period is None:
            return None
        for row in self.series_rows(series):
            if row["area_type"] == kind and row["period"] == period:
                return row
        return None

    def cohort(self, area_code: str, vintage: int | None = None) -> list[Row]:
        """Core20 cohort rows of an area on one IMD vintage, by default the Places' own."""
        wanted = vintage if vintage is not None else self.imd_vintage
        return [
            row
            for row in self.rows("core20_cohort")
            if row["area_code"] == area_code and row["imd_vintage"] == wanted
        ]

    @cached_property
    def imd_vintage(self) -> int | None:
        """The vintage of the index of multiple deprivation that heads this release."""
        return next((row["imd_vintage"] for row in self.rows("place") if row["imd_vintage"]), None)

    @cached_property
    def vintages(self) -> list[int]:
        """All vintages of the cohort mart, the heading one first."""
        found = {row["imd_vintage"] for row in self.rows("core20_cohort")}
        return sorted(found, key=lambda v: (v != self.imd_vintage, -v))

    def core20_total(self, area_code: str, vintage: int | None = None) -> Row | None:
        """The all-ages, all-persons Core20 row of an area."""
        for row in self.cohort(area_code, vintage):
            if row["core20"] and row["sex"] == "Persons" and row["age_band"] == ALL_AGES:
                return row
        return None

    def cohort_area(self, kind: str) -> tuple[str, str] | None:
        """Code and name of the cohort mart's area of a kind."""
        for row in self.rows("core20_cohort"):
            if row["area_type"] == kind:
                return row["area_code"], row["area_name"]
        return None

    @cached_property
    def _issues(self) -> dict[tuple[str, str], str]:
        """When the next issue of each series is expected, in words, by source and dataset."""
        found: dict[tuple[str, str], str] = {}
        for row in self.rows("source_status"):
            expected = row.get("next_expected")
            often = re.sub(r"^by (indicator|topic), ", "", row.get("cadence") or "")
            text = f"next expected {day(expected)}" if expected else often
            if text:
                found.setdefault((row["source"], row["dataset"]), text)
        return found

    def issued(self, rows: Iterable[Row]) -> str | None:
        """When figures like these are issued, as their latest one's publisher does it."""
        known = [row for row in rows if row["value"] is not None and row["period_end"] is not None]
        if not known:
            return None
        latest = max(known, key=lambda row: (row["period_end"], row["area_code"]))
        return self._issues.get((latest["source"], latest["dataset"]))

    @cached_property
    def attributions(self) -> list[str]:
        """What the licences require to be said, of the files in use."""
        return sorted(
            {
                row["attribution"]
                for row in self.rows("source_status")
                if row["attribution"] and row["status"] != "not_supplied"
            }
        )
