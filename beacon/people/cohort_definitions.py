"""Cohorts and their care measures, as declared in `reference_data/cohorts`.

What belongs here: what a definition may say. What does not: turning it into SQL (`compile_cohort`)
or reading files (`load_cohorts`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Polarity, Slug, Text

Cluster = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Clusters = Annotated[tuple[Cluster, ...], Field(min_length=1)]
Codes = Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Z]\d{1,3}(-[A-Z]\d{1,3})?$")], ...],
                  Field(min_length=1)]  # fmt: skip
MonthDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$")]
Ethnicity = Literal["White", "Mixed", "Asian", "Black", "Other", "Not known"]


class Window(Entry):
    """Days that count: up to the as-at date, and back to the longest of what is said.

    Attributes:
        within_months: So many months before the as-at date, that day itself left out.
        since_last: The latest such month and day (MM-DD) on or before the as-at date, included.
    """

    within_months: int | None = Field(default=None, ge=1, le=600)
    since_last: MonthDay | None = None


class CodeRule(Window):
    """At least so many entries of a cluster; a person whose last one was taken back has none."""

    clusters: Clusters
    at_least: int = Field(default=1, ge=1)
    not_followed_by: tuple[Cluster, ...] = ()


class ValueBand(Entry):
    """What a value must be, for an age."""

    age_at_least: int | None = None
    age_under: int | None = None
    at_least: float | None = None
    at_most: float | None = None
    second_at_most: float | None = None


class LatestRule(Window):
    """The latest reading of a cluster is within bounds; of one day's readings as declared."""

    cluster: Cluster
    same_day: Literal["lowest", "highest"]
    value: tuple[ValueBand, ...] = Field(min_length=1)


class LatestOfRule(Window):
    """Of several clusters, the one with the latest entry; of one day's the first listed."""

    clusters: Clusters
    is_one_of: Clusters


class HospitalRule(Window):
    """At least so many spells, attendances or waits."""

    kinds: tuple[Literal["admission", "a_and_e", "outpatient", "waiting_list", "death"], ...]
    admission_method: Literal["emergency", "elective", "maternity", "other"] | None = None
    main_diagnosis: Codes | None = None
    any_diagnosis: Codes | None = None
    any_procedure: Codes | None = None
    status: Literal["waiting", "treated", "removed"] | None = None
    waited_weeks_at_least: int | None = Field(default=None, ge=1)
    at_least: int = Field(default=1, ge=1)


class CommunityRule(Window):
    """At least so many items of a data set."""

    dataset: Literal["MHSDS", "CSDS", "MSDS", "NDA", "NPDA", "Epilepsy12"]
    measures: Annotated[tuple[Slug, ...], Field(min_length=1)]
    text: Slug | None = None
    at_most: float | None = None
    at_least: int = Field(default=1, ge=1)


class CancerRule(Window):
    """A cancer of these sites and stages."""

    sites: Codes | None = None
    stages: tuple[Literal["1", "2", "3", "4"], ...] | None = None


class PersonRule(Entry):
    """What a person is at the as-at date."""

    sex: Literal["Female", "Male"] | None = None
    age_at_least: int | None = None
    age_under: int | None = None
    ethnicities: tuple[Ethnicity, ...] | None = None
    imd_decile_at_most: int | None = Field(default=None, ge=1, le=10)
    plus_group: Slug | None = None

    @model_validator(mode="after")
    def _says_something(self) -> PersonRule:
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("a person rule says something of the person")
        return self


class CountRule(Entry):
    """At least, and at most, so many of several conditions."""

    conditions: tuple[Condition, ...] = Field(min_length=2)
    at_least: int = Field(default=1, ge=1)
    at_most: int | None = None


class Condition(Entry):
    """Exactly one of: a rule over one table, or all, any, none or some of further conditions."""

    code: CodeRule | None = None
    medicine: CodeRule | None = None
    latest: LatestRule | None = None
    latest_of: LatestOfRule | None = None
    hospital: HospitalRule | None = None
    community: CommunityRule | None = None
    cancer: CancerRule | None = None
    person: PersonRule | None = None
    all_of: tuple[Condition, ...] | None = None
    any_of: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    count_of: CountRule | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Condition:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one rule; put several into all_of or any_of")
        return self


class CareMeasure(Entry):
    """Of the cohort's members that are eligible, those for whom something was done.

    Attributes:
        id: Short name, of its own within the cohort.
        name: What the share is of.
        polarity: Whether a high share is good.
        eligible: Who of the cohort counts; everybody where not said.
        done: What was done, or happened.
        stands_beside: Indicator and measure of which this is the local person-level figure.
        note: What a reader must know.
    """

    id: Slug
    name: Text
    polarity: Polarity
    eligible: Condition | None = None
    done: Condition
    stands_beside: tuple[Slug, Slug] | None = None
    note: Text | None = None


class ClusterSource(Entry):
    """Where the codes of a cluster are published; the codes themselves are not shipped.

    Attributes:
        refset: Identifier of the Primary Care Domain reference set, where it is known.
        codelist: Its slug at OpenCodelists.
        note: What the cluster is, where neither is known.
    """

    refset: Annotated[str, Field(pattern=r"^\d{10,18}$")] | None = None
    codelist: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ClusterSource:
        if self.refset is None and self.codelist is None and self.note is None:
            raise ValueError("say where the cluster's codes are published, or what they are")
        return self


class Definition(Entry):
    """Whose definition a cohort is, and whether it has been held against it.

    Attributes:
        title: Of the rules.
        publisher: Of the rules.
        status: checked: against the edition named; unchecked: from other material, to be checked
            before use.
        edition: What it was checked against.
    """

    title: Text
    publisher: Text
    status: Literal["checked", "unchecked"]
    edition: Text | None = None

    @model_validator(mode="after")
    def _checked_against_something(self) -> Definition:
        if (self.status == "checked") != (self.edition is not None):
            raise ValueError("edition is given exactly when the status is checked")
        return self


class Example(Entry):
    """A person made up to show the definition, and what it says of them."""

    says: Text
    born: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]
    sex: Literal["Female", "Male"] | None = None
    ethnicity: str | None = None
    imd_decile: int = Field(default=5, ge=1, le=10)
    registered: bool = True
    died: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")] | None = None
    events: tuple[tuple[Any, ...], ...] = ()
    medicines: tuple[tuple[Any, ...], ...] = ()
    hospital: tuple[dict[str, Any], ...] = ()
    community: tuple[dict[str, Any], ...] = ()
    cancer: tuple[dict[str, Any], ...] = ()
    groups: tuple[Slug, ...] = ()
    member: bool
    care: dict[Slug, bool | None] = Field(default_factory=dict)


class Cohort(Entry):
    """One cohort.

    Attributes:
        cohort: Short name.
        name: Name.
        area: Clinical area of Core20PLUS5.
        definition: Whose it is.
        population: registered: alive and registered at the as-at date; year_start: registered
            twelve months before it, alive or not.
        clusters: Clusters of codes that the rules name.
        member: Who is in it, among the population.
        care: Measures of its members.
        examples_as_at: As-at date of the examples.
        examples: Persons that show it; run as tests.
        note: What a reader must know.
    """

    cohort: Slug
    name: Text
    area: Text
    definition: Definition
    population: Literal["registered", "year_start"] = "registered"
    clusters: dict[Cluster, ClusterSource] = Field(default_factory=dict)
    member: Condition
    care: tuple[CareMeasure, ...] = Field(min_length=1)
    examples_as_at: date = date(2025, 3, 31)
    examples: tuple[Example, ...] = Field(min_length=2)
    note: Text | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Cohort:
        ids = [measure.id for measure in self.care]
        errors = []
        if len(set(ids)) < len(ids):
            errors.append("two measures have the same id")
        named = set(self.cluster_names())
        if unknown := sorted(named - set(self.clusters)):
            errors.append(f"clusters used and not declared: {', '.join(unknown)}")
        if unused := sorted(set(self.clusters) - named):
            errors.append(f"clusters declared and not used: {', '.join(unused)}")
        members = {example.member for example in self.examples}
        if members != {True, False}:
            errors.append("examples must show a member and somebody who is none")
        shown = {name for example in self.examples for name in example.care}
        if wrong := sorted(shown - set(ids)):
            errors.append(f"examples name measures that there are not: {', '.join(wrong)}")
        for measure in ids:
            answers = {e.care[measure] for e in self.examples if measure in e.care}
            if not {True, False} <= answers:
                errors.append(f"examples must show {measure} done and not done")
        if errors:
            raise ValueError("; ".join(errors))
        return self

    def conditions(self) -> list[Condition]:
        """Every condition, from the outside in."""
        queue = [self.member]
        for measure in self.care:
            queue += [measure.done, *([measure.eligible] if measure.eligible else [])]
        found = []
        while queue:
            condition = queue.pop(0)
            found.append(condition)
            queue += [*(condition.all_of or ()), *(condition.any_of or ())]
            queue += [condition.not_] if condition.not_ else []
            queue += condition.count_of.conditions if condition.count_of else ()
        return found

    def cluster_names(self) -> list[str]:
        """Clusters that the rules name, in order."""
        names: list[str] = []
        for condition in self.conditions():
            for rule in (condition.code, condition.medicine):
                if rule is not None:
                    names += [*rule.clusters, *rule.not_followed_by]
            if condition.latest is not None:
                names.append(condition.latest.cluster)
            if condition.latest_of is not None:
                names += condition.latest_of.clusters
        return list(dict.fromkeys(names))
