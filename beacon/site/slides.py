"""Slides of one Place: the same sentences and numbers as its page, as a PowerPoint file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

from beacon.core.suggestions import did_you_mean
from beacon.registry import load_indicators, load_targets
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import short_series_name
from beacon.site.indicator_facts import Place
from beacon.site.insights import Insight, briefly, place_insights
from beacon.site.page import Shared
from beacon.site.pages.place_page import (
    ALL_PROGRAMMES,
    SpineRow,
    gaps_within,
    headline,
    spine_rows,
)
from beacon.site.read_release import SiteError, read_release
from beacon.site.words import listed, period_text, unit_text

# A slide of 16 to 9, in inches.
_WIDTH, _HEIGHT = 13.333, 7.5
_MARGIN = 0.6
_ROWS_ON_A_SLIDE = 12
_SENTENCES_ON_A_SLIDE = 5
_INK, _QUIET, _HEAD, _WARNING = "16202A", "4B5A68", "12304A", "FFD21F"
_JUDGED = {"Worse": "B0430D", "Better": "1D6FB0"}


def write_slides(release_dir: Path, place_name: str, out_file: Path) -> int:
    """Write the slides of a Place and return how many there are.

    Args:
        release_dir: Directory of the release's Parquet files.
        place_name: Name or code of the Place.
        out_file: The PowerPoint file to write.

    Raises:
        SiteError: When python-pptx is not installed, the release cannot be read, or it has no such
            Place.
    """
    facts = read_release(release_dir)
    facts.registry = load_indicators()
    facts.targets = load_targets()
    place = _place(facts, place_name)
    deck = _Deck(facts)
    shared = Shared(facts)
    insights = place_insights(facts, place, ALL_PROGRAMMES)
    _opening(deck, place)
    worse, better = (briefly(insights.get(key, [])) for key in ("worse", "better"))
    _sentences(deck, f"{place.name}: worse than {facts.nation}", worse)
    _sentences(deck, f"{place.name}: better than {facts.nation}", better)
    if worse:
        _over_time(deck, place, worse[0])
    _figures(deck, place, spine_rows(facts, place, ("marmot_beacon",)))
    _gaps(deck, place, shared)
    _closing(deck, place)
    out_file.parent.mkdir(parents=True, exist_ok=True)
    deck.show.save(str(out_file))
    return len(deck.show.slides)


def _place(facts: ReleaseFacts, wanted: str) -> Place:
    for place in facts.places:
        if wanted.casefold() in {place.name.casefold(), place.code.casefold(), place.slug}:
            return place
    names = [place.name for place in facts.places]
    raise SiteError(
        f"Release {facts.label} has no Place {wanted!r}.{did_you_mean(wanted, names)} "
        f"Its Places: {listed(names)}."
    )


class _Deck:
    """A presentation whose slides all bear the release and, of a sample, that it is fictional."""

    def __init__(self, facts: ReleaseFacts) -> None:
        try:
            import pptx
            from pptx.util import Inches
        except ModuleNotFoundError as missing:
            raise SiteError(
                "Slides need the package python-pptx: pip install 'beacon[slides]', or "
                "uv sync --extra slides."
            ) from missing
        self.facts = facts
        self.inches = Inches
        self.show = pptx.Presentation()
        self.show.slide_width, self.show.slide_height = Inches(_WIDTH), Inches(_HEIGHT)
        about = self.show.core_properties
        about.title, about.author = f"{facts.system_name}, release {facts.label}", "Beacon"
        if facts.released_on:
            about.created = about.modified = datetime.combine(facts.released_on, time())

    def slide(self, title: str) -> Any:
        """A new slide with its title, and its release below."""
        slide = self.show.slides.add_slide(self.show.slide_layouts[5])
        head = slide.shapes.title
        head.left, head.top = self.inches(_MARGIN), self.inches(0.55)
        head.width, head.height = self.inches(_WIDTH - 2 * _MARGIN), self.inches(0.9)
        self.write(head.text_frame, [title], size=30, bold=True, colour=_HEAD)
        if self.facts.fictional:
            words = "FICTIONAL SAMPLE. Every place, person and number is invented."
            band = self.box(slide, [words], 0, 0, _WIDTH, 0.42, size=14, bold=True)
            band.fill.solid()
            band.fill.fore_color.rgb = _colour(_WARNING)
        foot = f"Beacon, {self.facts.system_name}, release {self.facts.label}"
        self.box(slide, [foot], _MARGIN, 7.0, _WIDTH - 2 * _MARGIN, 0.35, size=11, colour=_QUIET)
        return slide

    def box(
        self, slide: Any, lines: Sequence[str], left: float, top: float, width: float,
        height: float, **style: Any,
    ) -> Any:  # fmt: skip
        """A box of text, in inches."""
        shape = slide.shapes.add_textbox(*map(self.inches, (left, top, width, height)))
        self.write(shape.text_frame, lines, **style)
        return shape

    def write(
        self, frame: Any, lines: Sequence[str], *, size: int, bold: bool = False,
        colour: str = _INK,
    ) -> None:  # fmt: skip
        """Lines of one style; what stood there before is replaced."""
        from pptx.enum.text import PP_ALIGN
        from pptx.util import Pt

        frame.word_wrap = True
        for at, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
            paragraph.text = line
            paragraph.alignment = PP_ALIGN.LEFT
            paragraph.space_after = Pt(size * 0.5)
            font = paragraph.font
            font.size, font.bold, font.color.rgb = Pt(size), bold, _colour(colour)

    def table(self, slide: Any, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table over the slide's width; the first column takes the most room."""
        width = _WIDTH - 2 * _MARGIN
        shape = slide.shapes.add_table(
            len(rows) + 1, len(headings),
            *map(self.inches, (_MARGIN, 1.6, width, 0.38 * (len(rows) + 1))),
        )  # fmt: skip
        shares = [2.2, *[1.0] * (len(headings) - 1)]
        for column, share in zip(shape.table.columns, shares, strict=True):
            column.width = self.inches(width * share / sum(shares))
        for line, cells in enumerate([headings, *rows]):
            for column, text in enumerate(cells):
                cell = shape.table.cell(line, column)
                colour = "FFFFFF" if line == 0 else _JUDGED.get(text, _INK)
                bold = line == 0 or text in _JUDGED
                self.write(cell.text_frame, [text], size=12, bold=bold, colour=colour)


def _colour(text: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(text)


def _opening(deck: _Deck, place: Place) -> None:
    facts = deck.facts
    numbers = headline(facts, place)
    counts = numbers["counts"]
    lines = [
        f"Of the beacon figures, {counts['worse']} are worse than {facts.nation}, "
        f"{counts['similar']} similar and {counts['better']} better; {counts['not_compared']} are "
        f"not compared and {counts['missing']} have no figure.",
    ]
    if numbers["share"]:
        lines.insert(
            0,
            f"{numbers['share']} of {numbers['people']} people live in Core20 areas, the most "
            f"deprived fifth of {facts.nation}’s neighbourhoods: {numbers['people_core20']} people "
            f"in {numbers['lsoas_core20']} of {numbers['lsoas']} LSOAs (IMD {facts.imd_vintage}).",
        )
    slide = deck.slide(f"{place.name}: health inequality at a glance")
    deck.box(slide, lines, _MARGIN, 1.8, _WIDTH - 2 * _MARGIN, 4.5, size=24)


def _sentences(deck: _Deck, title: str, items: Sequence[Insight]) -> None:
    slide = deck.slide(title)
    lines = [f"{item.name}: {item.text}" for item in items[:_SENTENCES_ON_A_SLIDE]]
    if len(items) > _SENTENCES_ON_A_SLIDE:
        lines.append(f"And {len(items) - _SENTENCES_ON_A_SLIDE} more on the Place’s page.")
    lines = lines or ["No figure is judged so."]
    deck.box(slide, lines, _MARGIN, 1.6, _WIDTH - 2 * _MARGIN, 5.2, size=16)


def _over_time(deck: _Deck, place: Place, item: Insight) -> None:
    """A chart that can be edited: the Place's figure and the nation's, period by period."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION

    facts = deck.facts
    rows = [r for r in facts.series_rows(item.series) if r["value"] is not None]
    periods = list(dict.fromkeys(r["period"] for r in rows if r["area_code"] == place.code))
    if len(periods) < 2:
        return
    nation = {r["period"]: r["value"] for r in rows if r["area_type"] == "nation"}
    own = {r["period"]: r["value"] for r in rows if r["area_code"] == place.code}
    data = CategoryChartData()
    data.categories = [period_text(period) for period in periods]
    data.add_series(place.name, [own[period] for period in periods])
    data.add_series(facts.nation, [nation.get(period) for period in periods])
    slide = deck.slide(f"{item.name} over time, {unit_text(rows[0]['unit'])}")
    room = map(deck.inches, (_MARGIN, 1.5, _WIDTH - 2 * _MARGIN, 5.2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.LINE_MARKERS, *room, data).chart
    chart.has_legend = True
    chart.legend.position = XL_LEGEND_POSITION.BOTTOM
    chart.legend.include_in_layout = False


def _figures(deck: _Deck, place: Place, rows: Sequence[SpineRow]) -> None:
    known = [row for row in rows if row.figure.value is not None]
    nation = deck.facts.nation
    headings = ("Indicator", "Period", place.name, "95% interval", nation, "Judgement", "Rank")
    for start in range(0, len(known), _ROWS_ON_A_SLIDE):
        part = known[start : start + _ROWS_ON_A_SLIDE]
        more = " (continued)" if start else ""
        slide = deck.slide(f"{place.name}: beacon indicators, latest figures{more}")
        deck.table(
            slide,
            headings,
            [
                (row.name, row.figure.period, row.figure.text, row.figure.limits or "not given",
                 row.nation or "not given", row.figure.state.word, row.rank or "–")
                for row in part
            ],
        )  # fmt: skip


def _gaps(deck: _Deck, place: Place, shared: Shared) -> None:
    found = gaps_within(shared.gaps, place)[:_ROWS_ON_A_SLIDE]
    if not found:
        return
    slide = deck.slide(f"Gaps between people in {place.name}: more is worse for the disadvantaged")
    headings = ("Gap", "Between", "Unit", "Period", "Now", "95% interval", "Before", "Tested")
    rows = [
        (gap.name, gap.what, gap.unit, gap.period, change.text or "", change.limits or "not given",
         change.before or "none", change.word or "not tested")
        for gap, change in found
    ]  # fmt: skip
    deck.table(slide, headings, rows)


def _closing(deck: _Deck, place: Place) -> None:
    facts = deck.facts
    absent = [
        short_series_name(facts.by_slug[series.slug], series)
        for series in facts.scorecard_series("marmot_beacon")
        if (row := facts.scorecard(series).get(place.code)) is None or row["value"] is None
    ]
    lines = [
        "“Worse” and “better” are by 95% limits or in the publisher’s own judgement. A difference "
        "that no test was made for is not called one.",
        f"Without a figure for {place.name}: {'; '.join(absent)}."
        if absent
        else f"Every beacon has a figure for {place.name}.",
        "Definitions, caveats and sources are on each indicator’s page; `beacon trace` leads from "
        "a number to the file and row that it came from.",
    ]
    slide = deck.slide("How to read these figures, and what is not known")
    deck.box(slide, lines, _MARGIN, 1.7, _WIDTH - 2 * _MARGIN, 5, size=18)
