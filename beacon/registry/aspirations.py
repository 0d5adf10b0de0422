"""What the partnership's plans aspire to, and what could show it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Slug, Text
from beacon.registry.targets import Document

AspirationKind = Literal["aspiration", "outcome", "headline_ambition"]
Fit = Literal["exact", "part", "related"]
Mapping = Literal["measured", "could_be_taken", "not_measured"]

LONGEST_QUOTE = 16
"""Words. Plans are quoted to be found again, not reprinted."""


class Evidence(Entry):
    """An indicator of Beacon that shows the aspiration or something of it."""

    indicator: Slug
    fit: Fit = Field(
        description=(
            "exact: what the words say; part: some of it; related: the same subject, so that"
            " movement in it is no proof."
        )
    )


class Aspiration(Entry):
    """One thing aspired to, in the plan's own words."""

    id: Slug
    wording: Text = Field(description="The first or telling words, exactly as they stand there.")
    measured_by: tuple[Evidence, ...] = ()
    targets: tuple[Slug, ...] = Field(
        default=(), description="Targets of the register that put a number on it."
    )
    could_come_from: Text | None = Field(
        default=None, description="An open source that Beacon could take and does not."
    )
    needed: Text | None = Field(
        default=None, description="What would be needed to show it, where no source is open."
    )

    @property
    def mapping(self) -> Mapping:
        """The best there is: an indicator, an open source, or neither."""
        if self.measured_by:
            return "measured"
        return "could_be_taken" if self.could_come_from else "not_measured"

    @model_validator(mode="after")
    def _check(self) -> Aspiration:
        problems = []
        if not self.measured_by and not self.could_come_from and not self.needed:
            problems.append("name an indicator, a source it could come from, or what is needed")
        names = [evidence.indicator for evidence in self.measured_by]
        if len(set(names)) < len(names):
            problems.append("an indicator is named twice")
        if len(self.wording.split()) > LONGEST_QUOTE:
            problems.append(f"quote at most {LONGEST_QUOTE} words; the line says where the rest is")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class AspirationGroup(Entry):
    """Aspirations that stand together: an objective, or one row of an outcomes table."""

    title: Text = Field(description="The heading, or programme and focus area, of the document.")
    line: int = Field(ge=1, description="Line of the text version, of the row or the first item.")
    also_lines: tuple[int, ...] = Field(
        default=(), description="Lines of the same document that say the same again."
    )
    item_lines: bool = Field(
        default=False, description="True where each item has a line of its own, one after another."
    )
    items: tuple[Aspiration, ...] = Field(min_length=1)

    def line_of(self, number: int) -> int:
        """The line of an item, counted from 0."""
        return self.line + number if self.item_lines else self.line


class AspirationFile(Entry):
    """Everything that one document aspires to."""

    footprint: Slug | None = Field(
        default=None, description="The system whose plan this is; null: any."
    )
    document: Document
    kind: AspirationKind
    groups: tuple[AspirationGroup, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> AspirationFile:
        ids = [item.id for group in self.groups for item in group.items]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError("; ".join(f"{name} is used twice" for name in twice))
        return self
