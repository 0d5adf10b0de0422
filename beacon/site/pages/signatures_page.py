"""What awaits a signature: definitions that nobody has put a name to, or that changed since."""

from __future__ import annotations

from beacon.site.indicator_facts import OTHERS, PROGRAMMES
from beacon.site.page import Page, Shared


def signatures_page(shared: Shared) -> Page:
    """The page of definitions that await a signature, by programme."""
    facts = shared.facts
    groups = []
    for programme, title in PROGRAMMES.items():
        if programme == OTHERS:
            continue
        every = facts.of_programme(programme)
        waiting = [(item, item.row) for item in every if not item.row["checked_by"]]
        groups.append((title, waiting, len(every)))
    return Page(
        "signatures.html",
        "signatures.html.j2",
        "What awaits a signature",
        "quality",
        {"groups": groups, "waiting": sum(len(items) for _, items, _ in groups)},
    )
