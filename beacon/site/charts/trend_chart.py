"""Trend panels: one small chart an area, on scales that all panels of a series share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from markupsafe import Markup

from beacon.site.charts.scale import Scale, scale_for
from beacon.site.charts.strips import point
from beacon.site.charts.svg import coordinate, drawing, tag
from beacon.site.words import number

WIDTH = 330.0
HEIGHT = 165.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 320.0, 10.0, 140.0


def position_of(period: str) -> float | None:
    """A period's place on a time axis, in years; None where the label holds no year."""
    match = re.match(r"(\d{4})(?:-(\d{2})-\d{2})?", period)
    if match is None:
        return None
    year, month = match.groups()
    return float(year) + ((int(month) - 1) / 12 if month else 0.0)


@dataclass(frozen=True)
class Point:
    """One period of an area.

    Attributes:
        period: Label of the period.
        value: The value; None where there is none.
        lower: Lower 95% limit.
        upper: Upper 95% limit.
        state: The judgement.
        from_predecessors: Whether it was added up from areas that were merged into this one.
        words: What a pointer that rests on it, or a key that moves to it, shows.
    """

    period: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    state: str = "not_compared"
    from_predecessors: bool = False
    words: str | None = None


@dataclass(frozen=True)
class Frame:
    """The scales that the panels of a series share, and where its definition breaks."""

    x: Scale
    y: Scale
    step: float
    breaks: tuple[float, ...]
    first: str
    last: str
    suffix: str


def frame_for(lines: Sequence[Sequence[Point]], breaks: Sequence[str], suffix: str = "") -> Frame:
    """Shared scales of several areas' lines.

    Args:
        lines: The areas' points.
        breaks: First periods on a new basis.
        suffix: Written after numbers of the axis, such as a percent sign.
    """
    known = {
        p.period: at for line in lines for p in line if (at := position_of(p.period)) is not None
    }
    times = sorted(set(known.values())) or [0.0, 1.0]
    gaps = [b - a for a, b in pairwise(times)]
    step = min(gaps, default=1.0)
    values = [v for line in lines for p in line for v in (p.value, p.lower, p.upper)]
    labels = sorted(known, key=lambda period: (known[period], period))
    starts = [found for label in breaks if (found := position_of(label)) is not None]
    start, end = (times[0], times[-1]) if len(times) > 1 else (times[0] - 1, times[0] + 1)
    return Frame(
        x=Scale(start, end, _LEFT + 6, _RIGHT - 6),
        y=scale_for(values, _BOTTOM, _TOP, from_zero=False, wanted=6),
        step=step,
        breaks=tuple(sorted(p - step / 2 for p in starts if start < p <= end)),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
        suffix=suffix,
    )


def _runs(frame: Frame, points: Sequence[Point]) -> list[list[tuple[float, Point]]]:
    """Points that may be joined: next to each other in time, with no break between."""
    placed = sorted(
        ((at, p) for p in points if p.value is not None and (at := position_of(p.period))),
        key=lambda item: item[0],
    )
    runs: list[list[tuple[float, Point]]] = []
    for at, p in placed:
        before = runs[-1][-1][0] if runs else None
        joined = (
            before is not None
            and at - before <= frame.step * 1.5
            and not any(before < b < at for b in frame.breaks)
        )
        if joined:
            runs[-1].append((at, p))
        else:
            runs.append([(at, p)])
    return runs


def _path(frame: Frame, run: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{coordinate(frame.x(at))} {coordinate(frame.y(v))}" for at, v in run)


def _line(frame: Frame, points: Sequence[Point], class_: str) -> list[Markup]:
    marks = []
    for run in _runs(frame, points):
        path = [(at, p.value) for at, p in run if p.value is not None]
        if len(path) > 1:
            marks.append(tag("path", d=_path(frame, path), class_=class_))
        else:
            at, value = path[0]
            marks.append(
                tag("circle", cx=frame.x(at), cy=frame.y(value), r=2, class_=f"{class_}-dot")
            )
    return marks


def _band(frame: Frame, points: Sequence[Point]) -> list[Markup]:
    marks = []
    for run in _runs(frame, points):
        limited = [(at, p.lower, p.upper) for at, p in run if p.lower is not None]
        edge = [(at, upper) for at, _, upper in limited if upper is not None]
        if len(edge) > 1 and len(edge) == len(limited):
            back = [(at, lower) for at, lower, _ in reversed(limited) if lower is not None]
            marks.append(tag("path", d=_path(frame, [*edge, *back]) + "Z", class_="band"))
    return marks


def panel(frame: Frame, points: Sequence[Point], benchmark: Sequence[Point], label: str) -> Markup:
    """One area's line with its 95% limits, the benchmark's line behind it.

    Args:
        frame: The shared scales.
        points: The area's points.
        benchmark: The nation's points; empty where there are none.
        label: What the panel shows, for those who do not see it.
    """
    marks = []
    for tick in frame.y.ticks(3):
        y = frame.y(tick)
        whole = all(t == int(t) for t in frame.y.ticks(3))
        marks.append(tag("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, class_="grid"))
        marks.append(
            tag("text", number(tick, 0 if whole else 1) + frame.suffix, x=_LEFT - 4, y=y + 4,
                text_anchor="end", class_="tick")
        )  # fmt: skip
    # The area was formed after this period, and what was before cannot be counted.
    formed = [
        found + frame.step / 2
        for p in points
        if p.state == "not_comparable" and (found := position_of(p.period)) is not None
    ]
    for at in (*frame.breaks, *formed):
        x = frame.x(at)
        marks.append(tag("line", x1=x, x2=x, y1=_TOP, y2=_BOTTOM, class_="break"))
    marks.append(
        tag("text", frame.first, x=_LEFT, y=HEIGHT - 6, text_anchor="start", class_="tick")
    )
    if frame.last != frame.first:
        marks.append(
            tag("text", frame.last, x=_RIGHT, y=HEIGHT - 6, text_anchor="end", class_="tick")
        )
    marks += _band(frame, points)
    marks += _line(frame, benchmark, "nation")
    marks += _line(frame, points, "area")
    marks += [
        tag("circle", cx=frame.x(at), cy=frame.y(p.value), r=3, class_="predecessors")
        for run in _runs(frame, points)
        for at, p in run
        if p.from_predecessors and p.value is not None
    ]
    known = [(at, p) for run in _runs(frame, points) for at, p in run]
    if known:
        at, last = known[-1]
        if last.value is not None:
            marks.append(point(frame.x(at), frame.y(last.value), last.state, 4))
    else:
        marks.append(
            tag("text", "No values", x=(_LEFT + _RIGHT) / 2, y=(_TOP + _BOTTOM) / 2,
                text_anchor="middle", class_="tick")
        )  # fmt: skip
    marks += [
        tag("circle", tag("title", p.words), cx=frame.x(at), cy=frame.y(p.value), r=5, class_="hit")
        for at, p in known
        if p.words is not None and p.value is not None
    ]
    return drawing(WIDTH, HEIGHT, marks, class_="panel", label=label)


def sparkline(points: Sequence[Point], breaks: Sequence[str]) -> Markup | None:
    """A line the size of a word, beside a number that is written out; None below two values.

    Args:
        points: The area's points.
        breaks: First periods on a new basis: the line stops there.
    """
    if sum(p.value is not None for p in points) < 2:
        return None
    frame = frame_for([points], breaks)
    values = [p.value for p in points if p.value is not None]
    low, high = min(values), max(values)
    small = replace(
        frame,
        x=Scale(frame.x.low, frame.x.high, 3, 77),
        y=Scale(low, high, 17, 3) if high > low else Scale(low - 1, high + 1, 17, 3),
    )
    marks = _line(small, points, "area")
    at, last = _runs(small, points)[-1][-1]
    if last.value is not None:
        marks.append(
            tag("circle", cx=small.x(at), cy=small.y(last.value), r=2.4, class_="area-dot")
        )
    return drawing(80, 20, marks, class_="spark")
