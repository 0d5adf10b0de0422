"""Care gaps of one area as pages show them: who is not reached, by group, with limits."""

from __future__ import annotations

from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Row

BREAKDOWNS = {
    "all": "Everybody",
    "core20": "Core20",
    "imd_quintile": "Deprivation, fifths of the nation (1 the most deprived)",
    "ethnicity": "Ethnicity",
    "sex": "Sex",
    "age_band": "Age",
    "core20_and_sex": "Core20 and sex",
    "core20_and_ethnicity": "Core20 and ethnicity",
}
ABSENCES = {"suppressed": "Suppressed", "not_applicable": "Nobody eligible"}
# Only what the mart has tested has a word; a gap that may be chance has none of them.
COMPARED = {
    "worse": "Worse",
    "better": "Better",
    "similar": "No clear difference",
    "higher": "Higher",
    "lower": "Lower",
}


@dataclass(frozen=True)
class Group:
    """A group of people within a measure.

    Attributes:
        name: The group.
        row: Its row of the mart.
        count: People not reached, or to whom it happened; None where there is no figure.
        share: Their share of the eligible, in percent.
        limits: Its 95% limits, in words.
        compared: The mart's tested comparison with everybody else; "" where there is none.
        absence: Why there is no figure; "" where there is one.
    """

    name: str
    row: Row
    count: int | None
    share: float | None
    limits: str
    compared: str
    absence: str


@dataclass(frozen=True)
class Measure:
    """A measure of a cohort in one area.

    Attributes:
        row: The mart's row of everybody.
        anchor: Identifier within a page.
        unchecked: Whether the cohort's definition was not held against the current rules.
        everybody: Everybody of the area.
        core20: Those who live in Core20; None where the area has no such row.
        rest: The others.
        breakdowns: Name and groups of each breakdown.
    """

    row: Row
    anchor: str
    unchecked: bool
    everybody: Group
    core20: Group | None
    rest: Group | None
    breakdowns: tuple[tuple[str, tuple[Group, ...]], ...]


@dataclass(frozen=True)
class Standing:
    """How Core20 of one area stands against everybody else there, where that was tested.

    Attributes:
        worse: Measures in which it is worse, most people to close the gap first.
        better: In how many it is better.
        similar: In how many no difference is clear.
    """

    worse: tuple[Measure, ...]
    better: int
    similar: int

    @property
    def compared(self) -> int:
        """In how many measures that have a direction it was tested."""
        return len(self.worse) + self.better + self.similar


@dataclass(frozen=True)
class Segmentation:
    """The segments of one area.

    Attributes:
        row: A row of it, for its name and note.
        anchor: Identifier within a page.
        has_mean: Whether any segment has a mean score.
        segments: Of each segment the rows of everybody, of Core20 and of those elsewhere.
    """

    row: Row
    anchor: str
    has_mean: bool
    segments: tuple[tuple[Row, Row | None, Row | None], ...]


def segmentations_of(facts: ReleaseFacts, area_code: str) -> list[Segmentation]:
    """The segmentations of an area, by name, each with its segments in order of precedence."""
    found: dict[str, dict[int, dict[str, Row]]] = {}
    for row in facts.rows("segment"):
        if row["area_code"] == area_code:
            segments = found.setdefault(row["segmentation"], {})
            segments.setdefault(row["segment_order"], {})[row["breakdown_group"]] = row
    made = []
    for name, segments in sorted(found.items()):
        rows = tuple(
            (own["All"], own.get("Core20"), own.get("Not Core20"))
            for _, own in sorted(segments.items())
        )
        has_mean = any(row["mean_score"] is not None for row, _, _ in rows)
        made.append(Segmentation(rows[0][0], words.file_name(f"segments-{name}"), has_mean, rows))
    return made


def as_at(facts: ReleaseFacts) -> str:
    """The day that the figures describe, in words."""
    return words.day(facts.rows("care_gap")[0]["as_at"])


def measures_of(facts: ReleaseFacts, area_code: str) -> list[Measure]:
    """The measures of an area, by clinical area and cohort."""
    unchecked = {
        row["cohort"] for row in facts.rows("cohort_size") if row["definition_status"] != "checked"
    }
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in facts.rows("care_gap"):
        if row["area_code"] == area_code:
            breakdowns = found.setdefault((row["cohort"], row["measure"]), {})
            breakdowns.setdefault(row["breakdown"], []).append(row)
    measures = [_measure(rows, unchecked) for rows in found.values() if "all" in rows]
    return sorted(
        measures, key=lambda m: (m.row["clinical_area"], m.row["cohort_name"], m.row["measure"])
    )


def standing_of(measures: list[Measure]) -> Standing:
    """How Core20 stands in the measures that have a direction."""
    tested: dict[str, list[tuple[int, Measure]]] = {"worse": [], "better": [], "similar": []}
    for measure in measures:
        core20 = measure.core20
        if core20 is not None and core20.row["compared_with_rest"] in tested:
            wanting = core20.row["people_to_close_gap"] or 0
            tested[core20.row["compared_with_rest"]].append((wanting, measure))
    worse = sorted(tested["worse"], key=lambda pair: (-pair[0], pair[1].anchor))
    return Standing(
        tuple(measure for _, measure in worse), len(tested["better"]), len(tested["similar"])
    )


def _measure(rows: dict[str, list[Row]], unchecked: set[str]) -> Measure:
    groups = {
        breakdown: tuple(_group(row) for row in sorted(rows[breakdown], key=_order))
        for breakdown in BREAKDOWNS
        if breakdown in rows
    }
    (everybody,) = groups["all"]
    core20 = {group.name: group for group in groups.get("core20", ())}
    cohort, measure = everybody.row["cohort"], everybody.row["measure"]
    return Measure(
        row=everybody.row,
        anchor=words.file_name(f"{cohort}-{measure}"),
        unchecked=cohort in unchecked,
        everybody=everybody,
        core20=core20.get("Core20"),
        rest=core20.get("Not Core20"),
        breakdowns=tuple((BREAKDOWNS[name], own) for name, own in groups.items()),
    )


def _order(row: Row) -> tuple[int, str]:
    """Bands of age by their first year, everything else by name."""
    group = str(row["breakdown_group"])
    first = group.split("-")[0].rstrip("+")
    return (int(first) if first.isdigit() else 0, group)


def _group(row: Row) -> Group:
    share = row["not_reached_percent"]
    # Without a direction nobody is not reached: the share is of those for whom it was done.
    judged = row["polarity"] != "no_judgement"
    prefix = "not_reached_" if judged else ""
    low, high = row[f"{prefix}lower_95"], row[f"{prefix}upper_95"]
    absence = ABSENCES.get(row["value_status"], "")
    count = row["not_reached"] if judged else row["done"]
    return Group(
        name=str(row["breakdown_group"]),
        row=row,
        count=None if absence else count,
        share=share if judged else row["value"],
        limits="" if low is None else f"{words.number(low)} to {words.number(high)}%",
        compared=COMPARED.get(row["compared_with_rest"], ""),
        absence=absence,
    )
