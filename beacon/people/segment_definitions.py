"""Segmentations: everybody in exactly one of several segments, as `reference_data/segments` says.

What belongs here: what a segmentation may say, and that it is a cohort with one measure a segment,
so that it is run, tried on its example persons and compared between dates as cohorts are. What does
not: counting and protecting (`segments`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from beacon.core.paths import resource_dir
from beacon.people.cohort_definitions import (
    CareMeasure,
    Cluster,
    ClusterSource,
    Cohort,
    Condition,
    Definition,
    Example,
    PersonRule,
)
from beacon.people.load_cohorts import load_definitions
from beacon.registry.base import Entry, Slug, Text


class Segment(Entry):
    """One segment.

    Attributes:
        id: Short name.
        name: Name.
        who: Who is in it, of those whom no earlier segment took; the last one takes the rest.
    """

    id: Slug
    name: Text
    who: Condition | None = None


class AcceptedScore(Entry):
    """A score that the supplier computed; it is never computed here.

    Attributes:
        name: Its name and version, as the supplier must state them.
        cluster: Cluster of codes that carries it.
        same_day: Which of one day's scores counts.
        decimals: To how many the mean of a segment is rounded.
    """

    name: Text
    cluster: Cluster
    same_day: Literal["lowest", "highest"]
    decimals: int = Field(ge=0, le=3)


class SegmentExample(Example):
    """A person made up to show the segmentation, and the segment; none for who is not in it."""

    member: bool = False
    segment: Slug | None = None


class Segmentation(Entry):
    """One segmentation.

    Attributes:
        segmentation: Short name.
        name: Name.
        definition: Whose it is.
        clusters: Clusters of codes that the rules name.
        member: Who is divided; everybody registered where not said.
        segments: The segments, in order of precedence: the first that applies takes the person.
        score: The accepted score that the segments are bands of.
        examples: Persons that show it; run as tests.
        note: What a reader must know.
    """

    segmentation: Slug
    name: Text
    definition: Definition
    clusters: dict[Cluster, ClusterSource] = Field(default_factory=dict)
    member: Condition = Condition(person=PersonRule(age_at_least=0))
    segments: tuple[Segment, ...] = Field(min_length=2)
    score: AcceptedScore | None = None
    examples: tuple[SegmentExample, ...] = Field(min_length=2)
    note: Text | None = None

    @model_validator(mode="after")
    def _takes_everybody(self) -> Segmentation:
        rest = [segment.id for segment in self.segments if segment.who is None]
        if rest != [self.segments[-1].id]:
            raise ValueError("the last segment, and no other, takes everybody else: give it no who")
        if self.score is not None and self.score.cluster not in self.clusters:
            raise ValueError("the cluster of the score is not declared")
        self.as_cohort()
        return self

    def as_cohort(self) -> Cohort:
        """The cohort of all who are divided, with a measure for each segment.

        Raises:
            ValueError: When the parts do not hang together; as a cohort's would.
        """
        care: list[CareMeasure] = []
        before: list[Condition] = []
        for segment in self.segments:
            own = [segment.who] if segment.who is not None else []
            tests = [*(Condition.model_validate({"not": c}) for c in before), *own]
            done = tests[0] if len(tests) == 1 else Condition(all_of=tuple(tests))
            care.append(
                CareMeasure(id=segment.id, name=segment.name, polarity="no_judgement", done=done)
            )
            before += own
        examples = []
        for example in self.examples:
            answers = {s.id: s.id == example.segment for s in self.segments}
            said = example.model_dump(exclude={"segment", "member", "care"}, exclude_unset=True)
            inside = example.segment is not None
            examples.append(Example(**said, member=inside, care=answers if inside else {}))
        return Cohort(
            cohort=self.segmentation,
            name=self.name,
            area="Segments",
            definition=self.definition,
            clusters=self.clusters,
            member=self.member,
            care=tuple(care),
            examples=tuple(examples),
            note=self.note,
        )


def load_segmentations(directory: Path | None = None) -> dict[str, Segmentation]:
    """Every segmentation by its short name, in alphabetical order.

    Raises:
        RegistryError: With every fault of every file.
    """
    folder = directory or resource_dir("reference_data") / "segments"
    return load_definitions(folder, Segmentation, "segmentation")
