"""Numbers that the partnership's published plans set themselves."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Polarity, Slug, Text

TargetStatus = Literal[
    "live",
    "expired",
    "no_due_date",
    "baseline_missing",
    "baseline_only",
    "conflicting",
    "ambiguous",
    "not_system_wide",
]

WhyNotMeasured = Literal[
    "unit_does_not_match",
    "definition_differs",
    "source_not_taken",
    "no_open_source",
    "local_record",
    "no_number",
]


class Citation(Entry):
    """Where a value can be read."""

    document: Slug
    lines: tuple[int, ...] = Field(min_length=1, description="Lines of the text version.")


class Document(Entry):
    """A published plan."""

    id: Slug
    title: Text
    period: Text | None = None
    publisher: Text


class StatedValue(Entry):
    """One value as one place in the plans states it."""

    value: float | None = Field(description="Null for a milestone, which has a date and no number.")
    upper_value: float | None = Field(default=None, description="Set where a range is stated.")
    due: date | None = Field(default=None, description="Last day of the period named; null: none.")
    due_label: Text | None = Field(default=None, description="The date as the plan puts it.")
    cited: tuple[Citation, ...] = Field(min_length=1)
    note: Text | None = None


class Baseline(Entry):
    """The starting point as the plans state it."""

    value: float | None = None
    period: Text | None = None
    cited: tuple[Citation, ...] = ()
    note: Text | None = None


class Target(Entry):
    """A target, with every value that the plans give for it."""

    id: Slug
    name: Text
    group: Text
    kind: Literal["level", "change", "count", "baseline", "milestone"] = Field(
        description=(
            "level: reach the value; change: move by it; count: so many; baseline: no aim is"
            " stated; milestone: a thing to be done by a date."
        )
    )
    unit: Text
    direction: Polarity
    area: Text = Field(description="What the target is set for.")
    indicator: Slug | None = Field(
        default=None, description="Indicator that measures exactly this. Never a beacon."
    )
    related: tuple[Slug, ...] = Field(
        default=(), description="Indicators of the same subject that do not measure exactly this."
    )
    why_not_measured: WhyNotMeasured | None = Field(
        default=None,
        description=(
            "Why no indicator measures it. unit_does_not_match, definition_differs: an indicator of"
            " the same subject counts something else; source_not_taken: an open source exists that"
            " Beacon does not read; no_open_source: none was found; local_record: only the"
            " partnership's own record can tell; no_number: the plan gives nothing to measure."
        ),
    )
    could_come_from: Text | None = Field(
        default=None, description="The open source that would measure it, or something near it."
    )
    status: TargetStatus = Field(description="The first thing to know of it.")
    also: tuple[TargetStatus, ...] = Field(default=(), description="What else is to be known.")
    stated: tuple[StatedValue, ...] = Field(
        default=(), description="Several for milestones, or where the plans contradict each other."
    )
    baseline: Baseline | None = None
    note: Text | None = None

    @property
    def is_national(self) -> bool:
        """Whether it is set for England rather than for the system."""
        return self.area == "England"

    @property
    def value(self) -> float | None:
        """The one value aimed at: None where there is none or the plans contradict each other."""
        if self.status == "conflicting" or not self.stated:
            return None
        return self.stated[-1].value

    @property
    def due(self) -> date | None:
        """When that value is due; None where the plan gives no date."""
        if self.status == "conflicting" or not self.stated:
            return None
        return self.stated[-1].due

    def status_on(self, day: date, step: StatedValue | None = None) -> TargetStatus:
        """The status on a day: what was live when the file was written may have expired since.

        Args:
            day: The day.
            step: One of the stated values, of which earlier ones expire before the last.
        """
        due = self.due if step is None else step.due
        if self.status in {"live", "expired"} and due is not None:
            return "expired" if due < day else "live"
        return self.status

    @model_validator(mode="after")
    def _check(self) -> Target:
        problems = []
        values = {(item.value, item.upper_value) for item in self.stated}
        if self.status == "conflicting" and len(values) < 2:
            problems.append("a conflicting target lists at least two different values")
        if (self.status == "baseline_only") != (self.kind == "baseline"):
            problems.append("status is baseline_only exactly when kind is baseline")
        if self.kind == "baseline" and (self.stated or self.baseline is None):
            problems.append("a baseline has a baseline and nothing stated")
        if self.kind != "baseline" and not self.stated:
            problems.append("stated is empty")
        if self.kind != "milestone" and any(item.value is None for item in self.stated):
            problems.append("only a milestone may go without a value")
        if (self.indicator is None) == (self.why_not_measured is None):
            problems.append(
                "either an indicator measures it or why_not_measured says why none does"
            )
        if self.why_not_measured == "source_not_taken" and self.could_come_from is None:
            problems.append("source_not_taken needs could_come_from")
        if self.status in self.also:
            problems.append(f"{self.status} is both status and also")
        if self.status in {"live", "expired"} and self.due is None:
            problems.append(f"a {self.status} target has a due date; otherwise it is no_due_date")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class TargetRegister(Entry):
    """The whole file."""

    as_of: date = Field(description="Day on which statuses were judged.")
    footprint: Slug | None = Field(
        default=None, description="The system whose plans these are; null: any."
    )
    documents: tuple[Document, ...]
    holds: Text | None = Field(
        default=None, description="What of the plans is here and what is not, for readers."
    )
    targets: tuple[Target, ...]

    @model_validator(mode="after")
    def _check(self) -> TargetRegister:
        problems = []
        ids = [target.id for target in self.targets]
        problems += [f"target {i} twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
        for target in self.targets:
            late = target.due is not None and target.due < self.as_of
            if late and target.status == "live":
                problems.append(f"{target.id} is live but was due on {target.due}")
            if target.status == "expired" and not late:
                problems.append(f"{target.id} is expired but due on {target.due}")
        known = {document.id for document in self.documents}
        for target in self.targets:
            cited = [c for item in target.stated for c in item.cited]
            cited += list(target.baseline.cited) if target.baseline else []
            problems += [
                f"{target.id} cites unknown document {name}"
                for name in sorted({c.document for c in cited} - known)
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self
