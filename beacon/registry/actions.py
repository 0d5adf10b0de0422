"""What can be done about an indicator, and by whom, as law and national guidance say."""

from __future__ import annotations

from pydantic import Field

from beacon.registry.base import Entry, Slug, Text


class Action(Entry):
    """One pointer: not a plan, and no figure."""

    who: Text = Field(description="Who can act, by role.")
    what: Text = Field(description="What they can do, in plain words, without a full stop.")
    source: Text = Field(description="The law or the guidance that it rests on.")


class ActionRegister(Entry):
    """Pointers by indicator."""

    actions: dict[Slug, Action]
