"""What became of areas whose codes or boundaries changed, and what areas are made of.

An area that took over from exactly one whole area is a recode: the two codes mean one place and
their figures are one series. One made of several whole areas is a merger: its earlier figures can
be counted from theirs. One made of parts is redrawn: its earlier figures cannot be known from
figures of the areas it was cut from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import AreaCode, Entry, Text

Kind = Literal["authority", "board"]


class Predecessor(Entry):
    """An area that gave all or a part of itself to a new one.

    Attributes:
        code: ONS code.
        name: Its name.
        sub_icb_locations: NHS codes of the locations that passed on, where it was not all of it.
        local_authorities: The same by local authority, where a location was divided.
    """

    code: AreaCode
    name: Text
    sub_icb_locations: tuple[Text, ...] = ()
    local_authorities: tuple[AreaCode, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of it passed on."""
        return not self.sub_icb_locations and not self.local_authorities


class Succession(Entry):
    """One new code, from when it holds, and the areas that it took over from."""

    code: AreaCode
    name: Text
    kind: Kind
    ods_code: Text | None = None
    valid_from: date
    made_of: tuple[Predecessor, ...] = Field(min_length=1)
    same_area: tuple[AreaCode, ...] = Field(
        default=(), description="Codes of other bodies for the very same area: a county council."
    )
    note: Text | None = None
    source: Text

    @property
    def is_recode(self) -> bool:
        """Whether it is one whole area under another code."""
        return len(self.made_of) == 1 and self.made_of[0].is_whole

    @property
    def is_merger(self) -> bool:
        """Whether it is several whole areas together."""
        return len(self.made_of) > 1 and all(part.is_whole for part in self.made_of)

    @property
    def sentence(self) -> str:
        """What happened, for a chart's note."""
        names = ", ".join(
            part.name if part.is_whole else f"a part of {part.name}" for part in self.made_of
        )
        day = f"{self.valid_from.day} {self.valid_from:%B %Y}"
        if self.is_recode:
            return f"{self.name} has the code {self.code} from {day}."
        return f"{self.name} was formed on {day} from {names}."


@dataclass(frozen=True)
class AreaParts:
    """One way of putting an area together from others, and from when the area is there."""

    valid_from: date
    parts: tuple[str, ...]


class SuccessionRegister(Entry):
    """The whole file."""

    successions: tuple[Succession, ...]

    @model_validator(mode="after")
    def _check(self) -> SuccessionRegister:
        codes = [one.code for one in self.successions]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        problems = [f"{code} is given twice" for code in twice]
        for one in self.successions:
            parts = [part.code for part in one.made_of]
            if one.code in parts:
                problems.append(f"{one.code} cannot be made of itself")
            if len(set(parts)) < len(parts):
                problems.append(f"{one.code} names an area twice")
        whole = [part.code for one in self.successions for part in one.made_of if part.is_whole]
        whole += [code for one in self.successions for code in one.same_area]
        problems += [
            f"{code} passes whole to more than one area"
            for code in sorted(set(whole))
            if whole.count(code) > 1
        ]
        days = {one.code: one.valid_from for one in self.successions}
        problems += [
            f"{one.code} begins before {part.code}, which it took over from"
            for one in self.successions
            for part in one.made_of
            if days.get(part.code, date.min) >= one.valid_from
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def _by_code(self) -> dict[str, Succession]:
        return {one.code: one for one in self.successions}

    def of(self, code: str) -> Succession | None:
        """How an area came about, or None where nothing is known."""
        return self._by_code.get(code)

    @cached_property
    def _recoded_to(self) -> dict[str, str]:
        recoded = {one.made_of[0].code: one.code for one in self.successions if one.is_recode}
        return recoded | {code: one.code for one in self.successions for code in one.same_area}

    def codes_of(self, code: str) -> tuple[str, ...]:
        """Every code that one area has had, the latest last; itself where it was never recoded."""
        latest = code
        while latest in self._recoded_to:
            latest = self._recoded_to[latest]
        chain = [latest]
        for one in chain:
            chain += [old for old, new in self._recoded_to.items() if new == one]
        return tuple(reversed(chain))

    def aliases(self, in_use: Collection[str]) -> dict[str, str]:
        """Each code that is not in use, with the one that is.

        Args:
            in_use: Codes that a footprint carries. Of other areas the latest is taken.
        """
        found: dict[str, str] = {}
        for old in self._recoded_to:
            chain = self.codes_of(old)
            used = next((code for code in chain if code in in_use), chain[-1])
            found |= {code: used for code in chain if code != used}
        return found

    def within(self, code: str) -> tuple[str, ...]:
        """Codes of all areas that lie wholly in one: its own, and those that it took over."""
        found: list[str] = []
        todo = list(self.codes_of(code))
        while todo:
            one = todo.pop(0)
            if one in found:
                continue
            found.append(one)
            known = self.of(one)
            todo += [part.code for part in known.made_of if part.is_whole] if known else []
        return tuple(found)

    def ways(self, code: str) -> Iterator[AreaParts]:
        """How an area that came of a merger can be put together, the latest predecessors first.

        Args:
            code: Any of the area's codes.

        Yields:
            The predecessors, then those with each merged one replaced by its own predecessors.
        """
        found = (self.of(each) for each in self.codes_of(code))
        known = next((one for one in found if one is not None and one.is_merger), None)
        if known is None:
            return
        parts = tuple(part.code for part in known.made_of)
        while True:
            yield AreaParts(known.valid_from, parts)
            finer = tuple(old for part in parts for old in self._before(part))
            if finer == parts:
                return
            parts = finer

    def _before(self, code: str) -> tuple[str, ...]:
        known = self.of(code)
        if known is None or not known.is_merger:
            return (code,)
        return tuple(part.code for part in known.made_of)
