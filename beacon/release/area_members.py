"""The LSOAs of a release that make up a custom area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from beacon.core.errors import BeaconError, InputRefusedError, Problem
from beacon.core.home import Home
from beacon.disclosure.area_differences import Area
from beacon.release.best_fit import RULE, WEIGHTED_RULE, BestFit, best_fit
from beacon.sources.area_lists import DrawnArea, ListedArea

if TYPE_CHECKING:
    import duckdb

_SHOWN = 5
_LSOA_RULE = "The LSOAs 2021 of the list, each whole."
_WARD_RULE = (
    "The LSOAs 2021 that the ONS lookup fits best to each ward of 2024, each whole. Wards cut "
    "LSOAs, so figures are those of the table core20_ward, not of the ward's exact boundary."
)


@dataclass(frozen=True)
class Lsoa:
    """What a release's table `lsoa` says of one LSOA 2021."""

    code: str
    name: str
    place_code: str
    place_name: str
    ward24_code: str | None
    ward24_name: str | None
    people: int | None
    population_base: str | None
    imd_decile: int
    core20: bool
    outline: bytes | None


@dataclass(frozen=True)
class Fit:
    """How an outline fits the LSOAs that were chosen for it; people, not LSOAs, in whole numbers.

    Attributes:
        people_in_cut_lsoas_counted: In LSOAs that count and lie partly outside.
        people_in_cut_lsoas_left_out: In LSOAs that do not count and lie partly inside.
        people_by_surface_share: Were everybody spread evenly over the surface of their LSOA.
        uncovered_percent: Share of the outline's surface that no LSOA of the release covers.
    """

    people_in_cut_lsoas_counted: int
    people_in_cut_lsoas_left_out: int
    lsoas_cut: int
    people_by_surface_share: int
    uncovered_percent: float


@dataclass(frozen=True)
class Members:
    """The LSOAs of a custom area, by which rule, and how well they fit."""

    lsoas: list[Lsoa]
    rule: str
    fit: Fit | None = None


class ReleaseLsoas:
    """The LSOAs 2021 of a release's footprint, and areas made of them."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        home: Home,
        label: str,
        centroids: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.con, self.home, self.label, self.centroids = con, home, label, centroids
        rows = con.execute(
            "select lsoa21_code, lsoa21_name, place_code, place_name, ward24_code, ward24_name, "
            "people, population_base, imd2025_decile, core20_imd2025, geometry "
            "from lsoa order by lsoa21_code"
        ).fetchall()
        self.by_code = {row[0]: Lsoa(*row) for row in rows}

    @cached_property
    def people(self) -> dict[str, int]:
        """Residents of every LSOA whose population is known."""
        return {code: each.people for code, each in self.by_code.items() if each.people is not None}

    def published(self) -> list[tuple[str, Area]]:
        """Areas that the release gives figures of: wards, Places and all of it."""
        groups: dict[str, set[str]] = {"the whole footprint": set(self.by_code)}
        for code, each in self.by_code.items():
            groups.setdefault(f"{each.place_name} ({each.place_code})", set()).add(code)
            if each.ward24_code:
                ward = f"the ward {each.ward24_name} ({each.ward24_code})"
                groups.setdefault(ward, set()).add(code)
        return [(name, frozenset(codes)) for name, codes in groups.items()]

    def codes(self) -> dict[Area, str]:
        """The code of each ward and Place, by its LSOAs."""
        groups: dict[str, set[str]] = {}
        for code, each in self.by_code.items():
            for area in (each.ward24_code, each.place_code):
                if area:
                    groups.setdefault(area, set()).add(code)
        return {frozenset(codes): area for area, codes in groups.items()}

    def not_published(self, areas: Iterable[Area]) -> frozenset[Area]:
        """Those of some areas that the release has no figures of: custom ones."""
        return frozenset(areas) - {area for _, area in self.published()}

    def members(self, file: str, area: ListedArea | DrawnArea) -> Members:
        """The LSOAs of an area.

        Raises:
            InputRefusedError: Naming the codes that the release does not have.
            BeaconError: When nothing is selected or populations are not known.
        """
        if not isinstance(area, ListedArea):
            found = self._drawn(file, area)
        elif area.kind == "lsoa":
            found = Members(self._listed_lsoas(file, area.lines), _LSOA_RULE)
        else:
            found = Members(self._listed_wards(file, area.lines), _WARD_RULE)
        unknown = [each.code for each in found.lsoas if each.people is None]
        if unknown:
            raise BeaconError(
                f"Release {self.label} has no population of {len(unknown)} of the area's "
                f"{len(found.lsoas)} LSOAs, such as {unknown[0]}. Supply the population by LSOA "
                "(`beacon sources`) and run again."
            )
        return found

    def _listed_lsoas(self, file: str, lines: Mapping[str, int]) -> list[Lsoa]:
        missing = [code for code in lines if code not in self.by_code]
        if missing:
            problems = [
                Problem(file, message, lines[code], remedy=remedy)
                for code in missing[:_SHOWN]
                for message, remedy in [self._why_missing(code)]
            ]
            if len(missing) > _SHOWN:
                more = f"{len(missing) - _SHOWN} more codes are not in release {self.label}."
                problems.append(Problem(file, more, remedy=""))
            raise InputRefusedError(problems)
        return [self.by_code[code] for code in sorted(lines)]

    def _why_missing(self, code: str) -> tuple[str, str]:
        successors, is_2021 = self._history(code)
        if is_2021:
            return (
                f"{code} is an LSOA of 2021 outside the footprint of release {self.label}.",
                "Remove it, or run Beacon for the footprint that it is in.",
            )
        if successors is not None:
            became = f" It became {', '.join(successors)}." if successors else ""
            return (
                f"{code} is an LSOA of 2011 that is none of 2021.{became}",
                "Give LSOAs of 2021; the ONS lookup of LSOA 2011 to LSOA 2021 has them.",
            )
        return (
            f"{code} is no LSOA of 2021 in release {self.label}.",
            "Correct or remove the line, or run Beacon for the footprint that it is in.",
        )

    def _history(self, code: str) -> tuple[list[str] | None, bool]:
        """What an LSOA of 2011 became, None where it is none; and whether it is one of 2021."""
        from beacon.ingest.stage import load_staging_report

        report = self.home.state / "staging-lsoa11_lsoa21.json"
        files = [
            str(self.home.staging / part.parquet)
            for part in (load_staging_report(report) if report.exists() else [])
            if part.parquet and (self.home.staging / part.parquet).exists()
        ]
        pairs: list[tuple[str, str]] = []
        if files:
            pairs = self.con.execute(
                "select lsoa11_code, lsoa21_code from read_parquet($files) "
                "where lsoa11_code = $code or lsoa21_code = $code order by all",
                {"files": files, "code": code},
            ).fetchall()
        successors = [after for before, after in pairs if before == code]
        if successors:
            return successors, any(after == code for _, after in pairs)
        # A release says which LSOAs of 2011 there were, and not what became of them.
        known = self.con.execute(
            "select 1 from core20_lsoa where lsoa_vintage = 2011 and lsoa_code = ? limit 1", [code]
        ).fetchall()
        return ([] if known else None), bool(pairs)

    def _listed_wards(self, file: str, lines: Mapping[str, int]) -> list[Lsoa]:
        wards: dict[str, list[Lsoa]] = {}
        for each in self.by_code.values():
            if each.ward24_code:
                wards.setdefault(each.ward24_code, []).append(each)
        missing = [code for code in lines if code not in wards]
        if missing:
            message = "{} is no ward of 2024 that an LSOA of release {} is fitted to."
            remedy = (
                "Wards are those of 2024: give the code of that year, or the area's LSOAs; or run "
                "Beacon for the footprint that it is in."
            )
            raise InputRefusedError(
                Problem(
                    file,
                    message.format(code, self.label),
                    lines[code],
                    remedy=remedy,
                )
                for code in missing[:_SHOWN]
            )
        found = [each for code in lines for each in wards[code]]
        return sorted(found, key=lambda each: each.code)

    def _drawn(self, file: str, area: DrawnArea) -> Members:
        drawn = {
            code: each.outline for code, each in self.by_code.items() if each.outline is not None
        }
        if len(drawn) < len(self.by_code):
            raise BeaconError(
                f"Release {self.label} has outlines of {len(drawn):,} of its "
                f"{len(self.by_code):,} LSOAs, so an outline cannot be fitted. Supply LSOA "
                "boundaries (`beacon sources`) and run again, or give a list of LSOAs."
            )
        lacking = [code for code in drawn if code not in (self.centroids or drawn)]
        if lacking:
            raise BeaconError(
                f"The centroids lack {len(lacking):,} LSOAs of release {self.label}, such as "
                f"{lacking[0]}. Give centroids of LSOAs 2021 for all of its footprint."
            )
        fit = best_fit(area.outline, list(drawn), list(drawn.values()), self.centroids)
        if not fit.chosen:
            where = (
                f"It touches {len(fit.shares)} LSOAs and holds the middle of none: it is too small."
                if fit.shares
                else f"It lies outside all LSOAs of release {self.label}."
            )
            raise InputRefusedError(
                [Problem(file, f"no LSOA is in this area. {where}", remedy="Draw a larger area "
                "inside the footprint, or give a list of LSOAs.")]
            )  # fmt: skip
        return Members(
            [self.by_code[code] for code in fit.chosen],
            RULE if self.centroids is None else WEIGHTED_RULE,
            self._error(fit),
        )

    def _error(self, fit: BestFit) -> Fit:
        def people(codes: Sequence[str]) -> int:
            return sum(self.people.get(code, 0) for code in codes)

        spread = sum(self.people.get(code, 0) * share for code, share in fit.shares.items())
        return Fit(
            people(fit.cut_counted),
            people(fit.cut_left_out),
            len(fit.cut_counted) + len(fit.cut_left_out),
            round(spread),
            round(100 * fit.uncovered_share, 1),
        )
