"""Which areas a run is for: a nation, one integrated care board and its Places.

Any integrated care system is one YAML file away; so is the fictional one of the sample.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import AreaCode, Entry, Slug, Text, is_fictional_code


class Area(Entry):
    """A coded, named area."""

    code: AreaCode
    name: Text


class IntegratedCareBoard(Area):
    """The integrated care board."""

    ods_code: Text | None = Field(default=None, description="NHS organisation code, such as QYG.")


class Place(Area):
    """A Place: what the system plans for, made of whole local authorities.

    Its code is the area code that indicator sources carry for it.
    """

    local_authorities: tuple[AreaCode, ...] = Field(min_length=1)
    short_name: Text | None = Field(default=None, description="For labels where room is short.")


class Footprint(Entry):
    """The areas that one run reports on."""

    id: Slug
    name: Text
    kind: Literal["official", "sample"]
    fictional: bool = Field(default=False, description="True exactly when the codes start with Z.")
    nation: Area
    regions: tuple[Area, ...] = ()
    icb: IntegratedCareBoard
    combined_authorities: tuple[Area, ...] = ()
    places: tuple[Place, ...] = Field(min_length=1)
    notes: tuple[Text, ...] = ()

    @property
    def place_codes(self) -> tuple[str, ...]:
        """Codes of the Places, in the file's order."""
        return tuple(place.code for place in self.places)

    @property
    def local_authority_codes(self) -> tuple[str, ...]:
        """Codes of all local authorities, in the file's order."""
        return tuple(code for place in self.places for code in place.local_authorities)

    @model_validator(mode="after")
    def _check(self) -> Footprint:
        problems = []
        for label, values in (
            ("place code", self.place_codes),
            ("place name", tuple(place.name for place in self.places)),
            ("local authority", self.local_authority_codes),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            problems += [f"{label} {value} is listed more than once" for value in twice]
        areas = (self.nation, self.icb, *self.regions, *self.combined_authorities, *self.places)
        codes = {area.code for area in areas} | set(self.local_authority_codes)
        misfits = sorted(code for code in codes if is_fictional_code(code) != self.fictional)
        if misfits:
            said = "a fictional" if self.fictional else "an official"
            problems.append(f"{said} footprint cannot hold the code {', '.join(misfits)}")
        if self.fictional != (self.kind == "sample"):
            problems.append("kind is 'sample' exactly when fictional is true")
        if problems:
            raise ValueError("; ".join(problems))
        return self
