"""What a return of a neighbourhood programme is checked against, and the form to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from beacon.core.errors import BeaconError
from beacon.core.suggestions import did_you_mean
from beacon.registry import Footprint, NeighbourhoodForm, load_footprint, load_neighbourhood_forms
from beacon.registry.neighbourhood_forms import ALL
from beacon.returns.template import BEFORE_SENDING, HOW_TO_FILL_IN, form_workbook
from beacon.sources.publishers.returned_tables import WITHHELD

Areas = Mapping[str, Mapping[str, str]]
"""Names of areas by kind and code, of the kinds that a release has."""


@dataclass(frozen=True)
class NeighbourhoodContext:
    """Forms and footprint of one system.

    Attributes:
        forms: The forms of the footprint, by id.
        footprint: The footprint.
        areas: Wards, MSOAs and primary care networks of the footprint, where a release tells them.
    """

    forms: Mapping[str, NeighbourhoodForm]
    footprint: Footprint
    areas: Areas = field(default_factory=dict)

    def form(self, identifier: str) -> NeighbourhoodForm:
        """A form by its id.

        Raises:
            BeaconError: When the footprint has no such form.
        """
        if identifier in self.forms:
            return self.forms[identifier]
        known = ", ".join(self.forms) or "none"
        other = load_neighbourhood_forms().get(identifier)
        theirs = f" It is a form of footprint {other.footprint!r}." if other else ""
        raise BeaconError(
            f"Footprint {self.footprint.id!r} has no form {identifier!r}.{theirs} Forms: {known}."
        )

    @property
    def places(self) -> dict[str, str]:
        """Names of the Places by code."""
        return {place.code: place.name for place in self.footprint.places}

    def organisations(self, form: NeighbourhoodForm) -> dict[str, str]:
        """Names of those who may return a form, by code: councils, the board, and those listed."""
        known = {}
        for place in self.footprint.places:
            known.update(dict.fromkeys(place.local_authorities, place.name))
        board = self.footprint.icb
        known[board.ods_code or board.code] = board.name
        return known | {one.code: one.name for one in form.organisations}

    def area_names(self, form: NeighbourhoodForm, kind: str) -> dict[str, str]:
        """Names of the areas of a kind, by code; empty where nobody knows them here."""
        if kind == "place":
            return self.places
        if kind == "neighbourhood":
            return {one.code: one.name for one in form.neighbourhoods}
        return dict(self.areas.get(kind, {}))

    def allowed(self, form: NeighbourhoodForm) -> dict[str, tuple[str, ...]]:
        """The values that a column may have, where they are few."""
        groups = [group for groups in form.groups.values() for group in groups]
        areas = [code for kind in form.area_kinds for code in self.area_names(form, kind)]
        known = all(self.area_names(form, kind) for kind in form.area_kinds)
        return {
            "form_id": (form.id,),
            "definition_version": (form.version,),
            "organisation_code": tuple(self.organisations(form)),
            "place_code": tuple(self.places),
            "area_kind": form.area_kinds,
            "breakdown": tuple(form.groups),
            "breakdown_group": tuple(dict.fromkeys(groups)),
            **({"area_code": tuple(areas)} if known else {}),
        }


def load_neighbourhood_context(footprint: str, areas: Areas | None = None) -> NeighbourhoodContext:
    """The forms of a footprint, by its name or the path of its YAML file.

    Raises:
        BeaconError: When a form or the footprint is not valid.
    """
    return neighbourhood_context(load_footprint(footprint), areas)


def neighbourhood_context(footprint: Footprint, areas: Areas | None = None) -> NeighbourhoodContext:
    """The forms of a footprint.

    Raises:
        BeaconError: When a form is not valid, or names a Place that the footprint does not have.
    """
    forms = {
        name: form
        for name, form in load_neighbourhood_forms().items()
        if form.footprint == footprint.id
    }
    for form in forms.values():
        for place, message in faults_of_form(form, {footprint.id: footprint}):
            field = ".".join(map(str, place))
            raise BeaconError(f"Form {form.id!r}: {field}: {message}. Run `beacon check` on it.")
    return NeighbourhoodContext(forms, footprint, areas or {})


FormFault = tuple[tuple[str | int, ...], str]
"""The place of a field in a form, and what is wrong there."""


def faults_of_form(form: NeighbourhoodForm, footprints: Mapping[str, Footprint]) -> list[FormFault]:
    """Why a form cannot be used with its footprint.

    Args:
        form: The form.
        footprints: The footprints that there are, by id.
    """
    footprint = footprints.get(form.footprint)
    if footprint is None:
        meant = did_you_mean(form.footprint, footprints)
        return [(("footprint",), f"{form.footprint!r} is not a footprint that is known.{meant}")]
    return [
        (
            ("neighbourhoods", number, "place_code"),
            f"{one.place_code!r} is no Place of footprint {footprint.id!r}",
        )
        for number, one in enumerate(form.neighbourhoods)
        if one.place_code not in footprint.place_codes
    ]


def neighbourhood_workbook(context: NeighbourhoodContext, form: NeighbourhoodForm) -> bytes:
    """The workbook that an organisation fills in."""
    groups = [f"{one.id}: {', '.join(one.groups)}" for one in form.breakdowns]
    how_many = "from 1 to " + str(form.small_numbers.smallest_shown - 1)
    notes = [
        ("Form", form.name),
        ("For", context.footprint.name),
        ("What it is", form.description),
        ("Period", f"One {form.period.replace('_', ' ')}."),
        *((metric.name, f"{metric.description} ({metric.unit})") for metric in form.metrics),
        *HOW_TO_FILL_IN,
        (
            "Rows",
            f"For each area one row of breakdown {ALL!r}, and one for each group that you have.",
        ),
        ("Groups", "; ".join(groups) or "None."),
        ("Not counted", "Leave the cell empty. Zero means that nobody was counted."),
        (
            "Small counts",
            f"Send counts as they are. Counts {how_many} are withheld, and what would give them "
            f"away. If you must withhold one yourself, write {WITHHELD} in its place.",
        ),
        BEFORE_SENDING,
    ]
    names: dict[str, Mapping[str, str]] = {
        "organisation_code": context.organisations(form),
        "place_code": context.places,
        "area_code": {
            code: name
            for kind in form.area_kinds
            for code, name in context.area_names(form, kind).items()
        },
    }
    return form_workbook(
        f"Return, {form.name}",
        f"Return: {form.name}",
        notes,
        form.fields,
        context.allowed(form),
        names,
    )
