"""Templates to HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.page import Page, navigation_of

PACKAGE = Path(__file__).resolve().parent
ASSETS = PACKAGE / "assets"

# Nothing is fetched from anywhere but the site itself. `file:` lets the same page open from a
# folder in browsers for which 'self' is nothing there; over HTTP it allows nothing.
# `data:` is the chart of the page itself, on its way to a PNG.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' file:; script-src 'self' file:; "
    "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
)


@cache
def environment() -> Any:
    """Templates and the filters that they use."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(PACKAGE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        day=words.day,
        number=words.number,
        plural=words.plural,
        listed=words.listed,
        count_word=words.count_word,
        sentence=words.sentence,
        unit=words.unit_text,
        thousands=lambda value: "" if value is None else f"{value:,}",
        percent=lambda value: "" if value is None else f"{words.number(value)}%",
        mark=mark,
        arrow=arrow,
        arrow_of=arrow_of,
    )
    return environment


def render(page: Page, facts: ReleaseFacts) -> str:
    """The HTML of a page.

    Raises:
        jinja2.UndefinedError: When a template asks for what no page builder gave it.
    """
    template = environment().get_template(page.template)
    notice = facts.manifest.get("notice")
    text: str = template.render(
        page=page,
        root=page.root,
        facts=facts,
        system=facts.system_name,
        nation=facts.nation,
        navigation=navigation_of(facts),
        notice=notice if facts.fictional else None,
        fictional=facts.fictional,
        released=words.day(facts.released_on) if facts.released_on else facts.label,
        **{"policy": CONTENT_SECURITY_POLICY, **page.context},
    )
    # Names of the board and the nation come with the marts' rows too.
    return facts.unmarked(text)


_MARKS = {
    "better": '<rect x="2.5" y="2.5" width="7" height="7"/>',
    "worse": '<path d="M6 .8 11.2 6 6 11.2.8 6z"/>',
    "similar": '<circle cx="6" cy="6" r="4.2"/>',
    "higher": '<path d="M6 1.5 11 10H1z"/>',
    "lower": '<path d="M6 10.5 1 2h10z"/>',
    "not_compared": '<circle cx="6" cy="6" r="3.6" fill="none" stroke="currentColor" '
    'stroke-width="1.6"/>',
}
_ABSENT = '<path d="M2 6h8" stroke="currentColor" stroke-width="1.8"/>'


def mark(state: str) -> Markup:
    """The small shape that goes with a state's word; the word itself is always beside it."""
    inside = _MARKS.get(state, _ABSENT)
    return Markup(  # noqa: S704 - constants of this module
        '<svg class="shape" viewBox="0 0 12 12" aria-hidden="true" focusable="false">'
        f"{inside}</svg>"
    )


_ARROWS = {
    "up": "M6 1 11 7H8v4H4V7H1z",
    "down": "M6 11 1 5h3V1h4v4h3z",
    "level": "M1 4.5h10v3H1z",
}


def arrow(trend: words.Trend) -> Markup:
    """The arrow of a recent trend; what it means is always beside it in words."""
    return arrow_of(trend.arrow)


def arrow_of(name: str) -> Markup:
    """An arrow by name: up, down or level; nothing otherwise."""
    path = _ARROWS.get(name)
    if path is None:
        return Markup("")
    return Markup(  # noqa: S704 - constants of this module
        '<svg class="shape" viewBox="0 0 12 12" aria-hidden="true" focusable="false">'
        f'<path d="{path}"/></svg>'
    )
