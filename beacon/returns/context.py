"""What a return is checked against: its template, its rules, and who may send one for where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from beacon.core.errors import BeaconError
from beacon.core.source_names import LOCAL_RETURN
from beacon.registry import Footprint, Indicator, load_footprint, load_indicators
from beacon.registry.local_returns import LocalReturn
from beacon.registry.sources import DatasetSpec, SourceRegister, load_source_register
from beacon.sources.publishers.returned_tables import ReturnRules, rules_of


@dataclass(frozen=True)
class Organisation:
    """An organisation that may send returns.

    Attributes:
        code: ODS code of an NHS body, ONS code of a council.
        name: Its name.
        expected_in: Places for which a return is expected of it.
    """

    code: str
    name: str
    expected_in: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReturnKind:
    """Everything about the returns of one indicator."""

    indicator: Indicator
    template: LocalReturn
    spec: DatasetSpec
    rules: ReturnRules


@dataclass(frozen=True)
class ReturnContext:
    """Registry, register and footprint for the returns of one system."""

    indicators: dict[str, Indicator]
    register: SourceRegister
    footprint: Footprint

    @cached_property
    def kinds(self) -> dict[int, ReturnKind]:
        """The kinds of return by the indicator's number.

        Raises:
            BeaconError: When an indicator asks for a return that no dataset of the source register
                takes.
        """
        kinds: dict[int, ReturnKind] = {}
        for indicator in self.indicators.values():
            if indicator.local_return is None:
                continue
            spec = self.register.datasets.get(f"{LOCAL_RETURN}/{indicator.slug}")
            if spec is None:
                raise BeaconError(
                    f"Indicator {indicator.slug} asks for a local return, but "
                    f"reference_data/sources/{LOCAL_RETURN}.yaml has no dataset {indicator.slug!r}."
                )
            kinds[indicator.id] = ReturnKind(
                indicator, indicator.local_return, spec, rules_of(spec.dataset)
            )
        return kinds

    def kind(self, identifier: str) -> ReturnKind:
        """The kind of return of an indicator, by its number or short name.

        Raises:
            BeaconError: When the indicator takes no returns, saying which do.
        """
        for kind in self.kinds.values():
            if identifier in (str(kind.indicator.id), kind.indicator.slug):
                return kind
        known = ", ".join(f"{kind.indicator.id} ({kind.indicator.slug})" for kind in self.ordered)
        raise BeaconError(f"No return is asked for indicator {identifier!r}. Returns: {known}.")

    @property
    def ordered(self) -> list[ReturnKind]:
        """The kinds of return in the order of the indicators' numbers."""
        return [self.kinds[number] for number in sorted(self.kinds)]

    @cached_property
    def places(self) -> dict[str, str]:
        """Names of the footprint's Places by code."""
        return {place.code: place.name for place in self.footprint.places}

    def organisations(self, kind: ReturnKind) -> dict[str, Organisation]:
        """Who may send this return, by code.

        Councils and the integrated care board are known from the footprint; others are listed in
        the source register. A council is expected to report for its own Place, listed organisations
        for the Places they are listed with, and nobody where the return is optional.
        """
        known: dict[str, Organisation] = {}
        for place in self.footprint.places:
            for code in place.local_authorities:
                name = place.name if len(place.local_authorities) == 1 else f"{place.name}, {code}"
                known[code] = Organisation(code, name, frozenset({place.code}))
        icb = self.footprint.icb
        known[icb.ods_code or icb.code] = Organisation(icb.ods_code or icb.code, icb.name)
        for listed in kind.rules.organisations.get(self.footprint.id, ()):
            unknown = sorted(set(listed.places) - set(self.places))
            if unknown:
                raise BeaconError(
                    f"{kind.spec.key}: organisation {listed.code} is listed for "
                    f"{', '.join(unknown)}, no Place of footprint {self.footprint.id!r}."
                )
            known[listed.code] = Organisation(listed.code, listed.name, frozenset(listed.places))
        if kind.template.needed == "optional":
            known = {code: Organisation(code, item.name) for code, item in known.items()}
        return known

    def expected(self, kind: ReturnKind) -> dict[str, list[Organisation]]:
        """Who is expected to return for each Place, by Place code, in the order of codes."""
        organisations = self.organisations(kind)
        return {
            place: [
                organisations[code]
                for code in sorted(organisations)
                if place in organisations[code].expected_in
            ]
            for place in self.places
        }


def load_return_context(footprint: str) -> ReturnContext:
    """The context of a footprint, by its name or the path of its YAML file.

    Raises:
        BeaconError: When a registry or the footprint is not valid.
    """
    return ReturnContext(load_indicators(), load_source_register(), load_footprint(footprint))
