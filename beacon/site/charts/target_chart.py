"""A target's panel: what was, the line drawn through it, and how far it leads by the due date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from beacon.site.charts.scale import Scale, scale_for
from beacon.site.charts.strips import point
from beacon.site.charts.svg import coordinate, drawing, tag
from beacon.site.charts.trend_chart import HEIGHT, WIDTH
from beacon.site.words import number

_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 300.0, 12.0, 140.0


@dataclass(frozen=True)
class Outlook:
    """An area against a target; times are years with fractions.

    Attributes:
        history: Time and value of each period.
        due: When the target is due.
        target: The target's value.
        projected: Value that the line reaches at the due date.
        lower: Lower 95% limit of a single figure at the due date.
        upper: Upper 95% limit.
        yearly_change: Slope of the line.
        since: Time of the first period that the line is drawn through.
        first_label: The first period in words.
        due_label: The due date in words.
    """

    history: Sequence[tuple[float, float]]
    due: float
    target: float
    projected: float
    lower: float
    upper: float
    yearly_change: float
    since: float
    first_label: str
    due_label: str


def target_panel(outlook: Outlook, value_scale: Scale, suffix: str, label: str) -> Markup:
    """The panel.

    The line is the mart's own: its slope, through the projected value. Of the fan only the end at
    the due date is computed; its sides are drawn straight from the line at the latest period.

    Args:
        outlook: What is drawn.
        value_scale: The scale of values, shared by all areas of the target.
        suffix: Written after numbers of the axis, such as a percent sign.
        label: What the panel shows, for those who do not see it.
    """
    first, latest = outlook.history[0][0], outlook.history[-1][0]
    x = Scale(first, outlook.due, _LEFT + 6, _RIGHT)
    y = value_scale

    def at(time: float, value: float) -> str:
        return f"{coordinate(x(time))} {coordinate(y(value))}"

    def line(time: float) -> float:
        return outlook.projected - outlook.yearly_change * (outlook.due - time)

    marks = []
    for tick in y.ticks(3):
        marks.append(tag("line", x1=_LEFT, x2=_RIGHT, y1=y(tick), y2=y(tick), class_="grid"))
        text = number(tick, 0 if all(t == int(t) for t in y.ticks(3)) else 1) + suffix
        marks.append(
            tag("text", text, x=_LEFT - 4, y=y(tick) + 4, text_anchor="end", class_="tick")
        )
    fan = "L".join(
        (at(latest, line(latest)), at(outlook.due, outlook.upper), at(outlook.due, outlook.lower))
    )
    marks.append(tag("path", d=f"M{fan}Z", class_="fan"))
    central = f"M{at(outlook.since, line(outlook.since))}L{at(outlook.due, outlook.projected)}"
    marks.append(tag("path", d=central, class_="central"))
    history = "L".join(at(time, value) for time, value in outlook.history)
    marks.append(tag("path", d=f"M{history}", class_="area"))
    marks += [
        tag("circle", cx=x(time), cy=y(value), r=2.4, class_="area-dot")
        for time, value in outlook.history
    ]
    marks.append(
        tag("line", x1=_LEFT, x2=_RIGHT + 8, y1=y(outlook.target), y2=y(outlook.target),
            class_="aim")
    )  # fmt: skip
    marks.append(point(x(outlook.due), y(outlook.projected), "not_compared", 4))
    ends = ((outlook.first_label, "start", _LEFT), (outlook.due_label, "end", _RIGHT))
    for words, anchor, where in ends:
        marks.append(tag("text", words, x=where, y=HEIGHT - 6, text_anchor=anchor, class_="tick"))
    return drawing(WIDTH, HEIGHT, marks, class_="panel", label=label)


def values_of(outlooks: Sequence[Outlook]) -> Scale:
    """A scale of values that holds every area's history, target, line and interval."""
    values = [
        value
        for one in outlooks
        for value in (one.target, one.lower, one.upper, *(v for _, v in one.history))
    ]
    return scale_for(values, _BOTTOM, _TOP, from_zero=False, wanted=5)
