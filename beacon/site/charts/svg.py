"""SVG elements with everything escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape


def coordinate(value: float) -> str:
    """A coordinate with one decimal at most, without a trailing zero or a negative zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def tag(name: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """One element. Underscores in attribute names become hyphens; `class_` is `class`.

    Numbers are coordinates; None leaves the attribute out. Children that are not Markup are text
    and are escaped.
    """
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        text = coordinate(value) if isinstance(value, int | float) else value
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    opening = f"<{name}{''.join(parts)}"
    if not children:
        return Markup(f"{opening}/>")  # noqa: S704 - every part is escaped above
    inside = "".join(escape(child) for child in children)
    return Markup(f"{opening}>{inside}</{name}>")  # noqa: S704


def drawing(
    width: float,
    height: float,
    children: Iterable[Markup],
    *,
    class_: str,
    label: str | None = None,
) -> Markup:
    """A whole drawing.

    With a label it is an image that assistive technology reads by that label; without, it only
    repeats the text beside it and is hidden from it.
    """
    inside = Markup("").join(children)
    box = f"0 0 {coordinate(width)} {coordinate(height)}"
    if label is None:
        return tag("svg", inside, class_=class_, viewBox=box, aria_hidden="true", focusable="false")
    return tag("svg", inside, class_=class_, viewBox=box, role="img", aria_label=label)
