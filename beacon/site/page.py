"""A page before it is written, and what every page knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from beacon.site.facts import ReleaseFacts

if TYPE_CHECKING:
    from beacon.site.catching_up import GapSeries


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        path: Address within the site, such as `places/halton.html`.
        template: File among the templates.
        title: What the browser's tab and the heading say.
        section: Which entry of the navigation is current.
        context: What the template draws on.
    """

    path: str
    template: str
    title: str
    section: str
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The way from this page to the site's root: every link is relative."""
        return "../" * self.path.count("/")


@dataclass(frozen=True)
class Shared:
    """What every page builder is given."""

    facts: ReleaseFacts
    briefing_pdfs: frozenset[str] = frozenset()

    @cached_property
    def gaps(self) -> tuple[GapSeries, ...]:
        """Gaps within the Places, now and before: several pages show them."""
        from beacon.site.catching_up import gaps_within_places

        return tuple(gaps_within_places(self.facts))


_NAVIGATION = (
    ("overview", "Overview", "index.html"),
    ("rug", "Tartan rug", "rug.html"),
    ("places", "Places", "places/index.html"),
    ("indicators", "Indicators", "indicators/index.html"),
    ("explorer", "Explorer", "explorer.html"),
    ("core20plus5", "Core20PLUS5", "core20plus5.html"),
    ("people", "People", "people/index.html"),
    ("inequality", "Inequality", "inequality.html"),
    ("targets", "Targets", "targets.html"),
    ("aspirations", "Aspirations", "aspirations.html"),
    ("changes", "What changed", "changes.html"),
    ("quality", "Data quality", "quality.html"),
    ("methods", "Methods", "methods.html"),
)

# Entries that are there only where a mart has rows.
_NEEDS = {"targets": "target", "aspirations": "aspiration", "people": "care_gap"}


def navigation_of(facts: ReleaseFacts) -> list[tuple[str, str, str]]:
    """Key, title and address of the pages that have something to say in a release.

    Plans belong to a footprint: another has no targets and no page of them. Without a person-level
    extract there is none of people.
    """
    return [
        entry for entry in _NAVIGATION if entry[0] not in _NEEDS or facts.rows(_NEEDS[entry[0]])
    ]
