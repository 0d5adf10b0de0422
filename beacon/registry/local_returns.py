"""Templates of the returns that organisations make where nothing is published.

No open source exists for these measures, so the template is this project's own proposal. Returns
hold counts only: never a name, never a row about one person.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from beacon.registry.base import Entry, Slug, Text

FieldType = Literal["text", "integer", "number", "date", "boolean"]


class ReturnField(Entry):
    """One column of a return."""

    name: Slug
    type: FieldType
    required: bool = True
    allowed: tuple[str, ...] = Field(default=(), description="Accepted values, where few.")
    description: Text


COMMON_FIELDS: tuple[ReturnField, ...] = tuple(
    ReturnField(name=name, type=kind, required=required, description=description)
    for name, kind, required, description in (
        ("return_id", "text", True, "Identifier of the return, unique for its sender."),
        ("indicator_id", "integer", True, "Number of the indicator in this registry."),
        ("organisation_code", "text", True, "ODS code of an NHS body, ONS code of a council."),
        ("organisation_name", "text", True, "Name of the organisation."),
        ("place_code", "text", True, "Code of the Place that the organisation reports for."),
        ("period_start", "date", True, "First day of the period, within one financial year."),
        ("period_end", "date", True, "Last day of the period, within the same financial year."),
        ("numerator", "number", True, "As the indicator defines it."),
        ("denominator", "number", True, "As the indicator defines it; not below the numerator."),
        ("value", "number", False, "As the sender computed it. Recomputed here, never trusted."),
        ("unit", "text", True, "Unit of the value."),
        ("definition_version", "text", True, "Version of the agreed definition that was applied."),
        ("local_area_definition", "text", True, "What counted as local."),
        ("scope_and_exclusions", "text", True, "What was counted and what was left out."),
        ("data_quality_flag", "text", True, "The sender's own judgement of the quality."),
        ("missing_pct", "number", True, "Share of records without the field needed, in percent."),
        ("suppression_applied", "boolean", True, "Whether small counts were withheld."),
        ("submitted_by_role", "text", True, "Role, not name, of who submitted it."),
        ("approved_by_role", "text", True, "Role, not name, of who approved it."),
        ("submitted_at", "date", True, "Day of submission."),
    )
)
"""Columns of every return, whatever its indicator."""


class LocalReturn(Entry):
    """What organisations are asked to send for one indicator."""

    needed: Literal["required", "for_part", "optional"] = Field(
        description="required: nothing else exists; for_part: some organisations are published."
    )
    numerator_field: Slug
    denominator_field: Slug
    fields: tuple[ReturnField, ...] = Field(description="Columns beyond the common ones.")
    checks: tuple[Text, ...] = Field(description="Rules that a return must meet to be used.")
    to_agree: tuple[Text, ...] = Field(
        default=(), description="Decisions the partnership must make before figures compare."
    )

    @property
    def all_fields(self) -> tuple[ReturnField, ...]:
        """Common columns first, then the indicator's own."""
        return COMMON_FIELDS + self.fields

    @model_validator(mode="after")
    def _check(self) -> LocalReturn:
        names = [field.name for field in self.all_fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"fields: {', '.join(twice)} declared twice (common fields count).")
        for label in ("numerator_field", "denominator_field"):
            if getattr(self, label) not in names:
                raise ValueError(f"{label}: {getattr(self, label)!r} is not among the fields.")
        return self
