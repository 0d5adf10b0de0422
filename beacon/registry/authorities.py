"""How many local authorities a nation has, so that a spread can say of how many it is."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from beacon.registry.base import AreaCode, Entry, Text


class AuthorityNumbers(Entry):
    """Authorities from a day on, until the next entry.

    Unitary authorities, metropolitan districts and London boroughs (single tier) count in the upper
    tier, with counties, and in the lower tier, with the districts of counties.
    """

    valid_from: date
    single_tier: int = Field(ge=0)
    counties: int = Field(ge=0)
    districts: int = Field(ge=0)

    @property
    def upper_tier(self) -> int:
        """Counties and single-tier authorities."""
        return self.counties + self.single_tier

    @property
    def lower_tier(self) -> int:
        """Districts and single-tier authorities."""
        return self.districts + self.single_tier


class NationAuthorities(Entry):
    """The numbers of one nation."""

    nation: AreaCode
    source: Text
    numbers: tuple[AuthorityNumbers, ...] = Field(min_length=1)


class AuthorityRegister(Entry):
    """The whole file. A nation that is not in it has the most that any series names."""

    nations: tuple[NationAuthorities, ...]

    @model_validator(mode="after")
    def _check(self) -> AuthorityRegister:
        codes = [item.nation for item in self.nations]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        problems = [f"{code} is given twice" for code in twice]
        for item in self.nations:
            days = [numbers.valid_from for numbers in item.numbers]
            if days != sorted(set(days)):
                problems.append(f"{item.nation}: valid_from must rise")
        if problems:
            raise ValueError("; ".join(problems))
        return self
