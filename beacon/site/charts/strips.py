"""Strips: the drawn column of a table, one row a value, one axis in the heading."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from beacon.site.charts.scale import Scale
from beacon.site.charts.svg import drawing, tag
from beacon.site.words import number

WIDTH = 240.0
HEIGHT = 22.0
AXIS_HEIGHT = 20.0
INSET = 8.0
_MIDDLE = HEIGHT / 2


def axis(scale: Scale, *, decimals: int = 0, suffix: str = "", wanted: int = 4) -> Markup:
    """The axis of a column of strips: ticks and their numbers."""
    marks = []
    ticks = scale.ticks(wanted)
    places = decimals
    if len(ticks) > 1:
        step = ticks[1] - ticks[0]
        places = 0 if step >= 1 and all(t == int(t) for t in ticks) else 1 if step >= 0.1 else 2
    for tick in ticks:
        x = scale(tick)
        anchor = "start" if x < 20 else "end" if x > WIDTH - 20 else "middle"
        marks.append(tag("line", x1=x, x2=x, y1=AXIS_HEIGHT - 4, y2=AXIS_HEIGHT, class_="axis"))
        marks.append(
            tag(
                "text", number(tick, places) + suffix,
                x=x, y=AXIS_HEIGHT - 7, text_anchor=anchor, class_="tick",
            )
        )  # fmt: skip
    return drawing(WIDTH, AXIS_HEIGHT, marks, class_="strip")


def _reference(scale: Scale, reference: float | None) -> list[Markup]:
    if reference is None:
        return []
    x = scale(reference)
    return [tag("line", x1=x, x2=x, y1=0, y2=HEIGHT, class_="reference")]


def _limits(scale: Scale, lower: float | None, upper: float | None) -> list[Markup]:
    if lower is None or upper is None:
        return []
    low, high = scale(lower), scale(upper)
    return [
        tag("line", x1=low, x2=high, y1=_MIDDLE, y2=_MIDDLE, class_="limits"),
        tag("line", x1=low, x2=low, y1=_MIDDLE - 4, y2=_MIDDLE + 4, class_="limits"),
        tag("line", x1=high, x2=high, y1=_MIDDLE - 4, y2=_MIDDLE + 4, class_="limits"),
    ]


def value_strip(
    scale: Scale,
    value: float | None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    reference: float | None = None,
    state: str = "not_compared",
    bar: bool = True,
) -> Markup:
    """A bar from zero, or a point where zero means nothing, with 95% limits and the benchmark."""
    marks = []
    if value is not None and bar:
        zero, end = scale(0.0), scale(value)
        left, width = min(zero, end), abs(end - zero)
        marks.append(
            tag("rect", x=left, y=4, width=max(width, 1.0), height=HEIGHT - 8,
                class_=f"mark {state}")
        )  # fmt: skip
        if scale.low < 0:
            marks.append(tag("line", x1=zero, x2=zero, y1=0, y2=HEIGHT, class_="axis"))
    marks += _reference(scale, reference)
    marks += _limits(scale, lower, upper)
    if value is not None and not bar:
        marks.append(point(scale(value), _MIDDLE, state))
    return drawing(WIDTH, HEIGHT, marks, class_="strip")


def point(x: float, y: float, state: str, size: float = 5.5) -> Markup:
    """A mark whose shape, not only its colour, says the state: square, circle or diamond."""
    if state == "worse":
        turned = f"rotate(45 {x:.1f} {y:.1f})"
        return tag("rect", x=x - size * 0.85, y=y - size * 0.85, width=size * 1.7,
                   height=size * 1.7, transform=turned, class_=f"mark {state}")  # fmt: skip
    if state == "better":
        return tag("rect", x=x - size * 0.85, y=y - size * 0.85, width=size * 1.7,
                   height=size * 1.7, class_=f"mark {state}")  # fmt: skip
    return tag("circle", cx=x, cy=y, r=size, class_=f"mark {state}")


@dataclass(frozen=True)
class Spine:
    """One row of a spine chart, in the indicator's own unit.

    Attributes:
        value: The Place's value.
        centre: The nation's value, drawn in the middle.
        low: Lowest value among the nation's authorities.
        quarter: First quartile among them.
        three_quarters: Third quartile among them.
        high: Highest value among them.
        flip: Whether lower is better, so that better is always to the right.
        state: The judgement.
    """

    value: float
    centre: float
    low: float
    quarter: float
    three_quarters: float
    high: float
    flip: bool
    state: str


def spine_strip(spine: Spine) -> Markup:
    """A row of a spine chart: the nation's range and middle half, the nation, and the Place."""
    reach = max(abs(v - spine.centre) for v in (spine.low, spine.high, spine.value)) or 1.0
    start, end = (WIDTH - INSET, INSET) if spine.flip else (INSET, WIDTH - INSET)
    scale = Scale(spine.centre - reach, spine.centre + reach, start, end)

    def block(low: float, high: float, class_: str) -> Markup:
        left, right = sorted((scale(low), scale(high)))
        return tag("rect", x=left, y=6, width=max(right - left, 1.0), height=HEIGHT - 12,
                   class_=class_)  # fmt: skip

    return drawing(
        WIDTH,
        HEIGHT,
        [
            block(spine.low, spine.high, "range"),
            block(spine.quarter, spine.three_quarters, "quartiles"),
            tag("line", x1=WIDTH / 2, x2=WIDTH / 2, y1=0, y2=HEIGHT, class_="reference"),
            point(scale(spine.value), _MIDDLE, spine.state, 6.5),
        ],
        class_="strip",
    )


def counts_strip(counts: list[tuple[str, int]], total: int) -> Markup:
    """Counts of states side by side, in the states' colours."""
    marks = []
    x = 0.0
    for key, count in counts:
        width = WIDTH * count / total if total else 0.0
        if width:
            marks.append(tag("rect", x=x, y=4, width=width, height=HEIGHT - 8,
                             class_=f"mark {key}"))  # fmt: skip
        x += width
    return drawing(WIDTH, HEIGHT, marks, class_="strip")


def pair_strip(scale: Scale, first: float | None, second: float | None) -> Markup:
    """Two values of one row joined by a line: a filled circle and an open square."""
    marks = []
    if first is not None and second is not None:
        marks.append(
            tag("line", x1=scale(first), x2=scale(second), y1=_MIDDLE, y2=_MIDDLE, class_="link")
        )
    if second is not None:
        x = scale(second)
        marks.append(tag("rect", x=x - 4.5, y=_MIDDLE - 4.5, width=9, height=9, class_="second"))
    if first is not None:
        marks.append(tag("circle", cx=scale(first), cy=_MIDDLE, r=5.5, class_="first"))
    return drawing(WIDTH, HEIGHT, marks, class_="strip")
