"""Pages in a headless Chromium: what needs a browser to know."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from csv import reader

import pytest

from beacon.site.pdf import find_chromium
from tests.browser.accessibility import violations
from tests.browser.chromium import Browser
from tests.fixtures.dom import parse

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]

PAGES = (
    "index", "rug", "core20plus5", "inequality", "targets", "aspirations", "changes", "quality",
    "methods", "unknown", "signatures",
    "places/index", "places/dunmarrow", "places/dunmarrow-briefing", "indicators/index",
    "indicators/gld-reception", "indicators/self-harm-15-19",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _ordinary_window(browser: Browser) -> None:
    browser.view(1280)


def test_pages_load_without_a_complaint_or_an_outside_request(browser, sample_site):
    for name in PAGES:
        opened = browser.open(sample_site / f"{name}.html")
        assert opened.complaints == [], name
        outside = [url for url in opened.requests if not url.startswith(sample_site.as_uri())]
        assert outside == [], name
        assert any(url.endswith("site.css") for url in opened.requests)
        assert browser.run("getComputedStyle(document.querySelector('.masthead')).display")
        assert browser.run("document.styleSheets.length") == 1


def test_hostile_names_run_nothing(browser, hostile_site):
    _, site = hostile_site
    for file in ("index.html", "rug.html", "places/script-alert-x-script-co-b-place.html"):
        assert browser.open(site / file).complaints == []
        assert browser.run("document.scripts.length") == 1


@pytest.mark.parametrize("width", [320, 390, 1280, 2560])
def test_pages_reflow_without_scrolling_sideways(browser, sample_site, hostile_site, width):
    browser.view(width)
    for site, name in [(sample_site, n) for n in PAGES] + [(hostile_site[1], "rug")]:
        browser.open(site / f"{name}.html")
        assert browser.run("document.documentElement.scrollWidth") <= width, name


def _order(browser: Browser, column: int) -> list[str]:
    return browser.run(
        f"[...document.querySelector('.glance').tBodies[0].rows].map(r => "
        f"r.cells[{column}].dataset.value)"
    )


def test_a_table_sorts_both_ways_by_keyboard_and_says_so(browser, sample_site):
    browser.open(sample_site / "index.html")
    browser.run("document.querySelectorAll('.glance button.sort')[1].focus()")
    browser.press("Enter")
    rising = [float(value) for value in _order(browser, 1)]
    assert rising == sorted(rising)
    heading = "document.querySelectorAll('.glance thead th')[1].getAttribute('aria-sort')"
    assert browser.run(heading) == "ascending"
    assert "ascending" in browser.run("document.querySelector('[data-said]').textContent")
    browser.press("Enter")
    falling = [float(value) for value in _order(browser, 1)]
    assert falling == sorted(rising, reverse=True)


def test_the_rug_sorts_the_worst_first_within_each_theme(browser, sample_site):
    browser.open(sample_site / "rug.html")
    browser.run("document.querySelectorAll('#beacons button.sort')[3].click()")
    orders = browser.run(
        "[...document.querySelectorAll('#beacons tbody')].map(b => [...b.rows].slice(1).map(r => {"
        "let at = 0; for (const c of r.cells) { at += c.colSpan; if (at > 5) return "
        "Number(c.dataset.order); } }))"
    )
    assert sum(map(len, orders)) > 20
    assert all(order == sorted(order) for order in orders)
    assert len({value for order in orders for value in order}) > 2


def test_the_rug_filters_by_theme_and_by_judgement(browser, sample_site):
    browser.open(sample_site / "rug.html")
    shown = (
        "[...document.querySelectorAll('#beacons tbody tr[data-name]')]"
        ".filter(r => r.offsetParent !== null)"
    )
    everything = browser.run(f"{shown}.length")

    def choose(identity: str, value: str) -> None:
        browser.run(
            f"(() => {{ const e = document.querySelector('#{identity}'); "
            f"e.type === 'checkbox' ? e.checked = {value} : e.value = {value}; "
            "e.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    theme = browser.run("document.querySelectorAll('#filter-theme option')[1].textContent")
    choose("filter-theme", json.dumps(theme))
    themes = browser.run(f"[...new Set({shown}.map(r => r.parentElement.dataset.theme))]")
    assert themes == [theme]
    choose("filter-theme", "''")
    choose("filter-state", "'worse'")
    assert 0 < browser.run(f"{shown}.length") < everything
    assert browser.run(f"{shown}.every(r => r.querySelector('.cell.worse'))")
    said = browser.run("document.querySelector('[data-filter-said]').textContent")
    assert said == f"{browser.run(shown + '.length')} rows shown."
    choose("filter-state", "''")
    choose("filter-values", "true")
    assert browser.run(f"{shown}.every(r => r.dataset.hasValues === 'yes')")


def test_arrow_keys_read_the_rug_and_escape_puts_the_reading_away(browser, sample_site):
    browser.open(sample_site / "rug.html")
    browser.run("document.querySelector('#beacons td.cell[data-story]').focus()")
    tip = "document.querySelector('#tip')"
    assert not browser.run(f"{tip}.hidden")
    first = browser.run(f"{tip}.textContent")
    assert first == browser.run("document.activeElement.dataset.story")
    browser.press("ArrowRight")
    second = browser.run(f"{tip}.textContent")
    assert second == browser.run("document.activeElement.dataset.story") != first
    assert browser.run("document.activeElement.getAttribute('aria-describedby')") == "tip"
    browser.press("ArrowDown")
    assert browser.run(f"{tip}.textContent") not in {first, second}
    browser.press("Escape")
    assert browser.run(f"{tip}.hidden")
    stops = "document.querySelectorAll('#beacons td[tabindex=\"0\"]').length"
    assert browser.run(stops) == 1


def test_arrow_keys_read_the_points_of_a_line_and_the_areas_of_a_map(browser, sample_site):
    browser.open(sample_site / "indicators/life-expectancy.html")
    for chart in ("svg.panel", "svg.map"):
        stops = f"document.querySelectorAll('{chart}')[0].querySelectorAll('[tabindex=\"0\"]')"
        assert browser.run(f"{stops}.length") == 1
        browser.run(f"{stops}[0].focus()")
        first = browser.run("document.querySelector('#tip').textContent")
        assert "years" in first
        assert first == browser.run("document.activeElement.getAttribute('aria-label')")
        browser.press("ArrowRight")
        assert browser.run("document.querySelector('#tip').textContent") != first
        browser.press("Escape")
        assert browser.run("document.querySelector('#tip').hidden")
    browser.run("document.querySelectorAll('svg.panel [tabindex=\"0\"]')[0].focus()")
    browser.press("Tab")
    assert browser.run("document.activeElement.matches('.keep summary')")
    browser.press("Tab")
    assert browser.run(
        "document.activeElement === document.querySelectorAll('svg.panel [tabindex=\"0\"]')[1]"
    )


@pytest.mark.parametrize("name", ["index", "rug", "places/dunmarrow", "indicators/gld-reception"])
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(browser, sample_site, name):
    browser.open(sample_site / f"{name}.html")
    wanted = browser.run(
        "[...document.querySelectorAll('a[href], button, select, input, summary, "
        '[tabindex="0"]\')].filter(e => e.checkVisibility()).length'
    )
    browser.run("document.activeElement.blur()")
    browser.run("window.reached = new Set(); window.unseen = []")
    for _ in range(wanted + 5):
        browser.press("Tab")
        browser.run(
            "(() => { const e = document.activeElement; if (e === document.body) return; "
            "reached.add(e); const s = getComputedStyle(e); "
            "if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2) "
            "unseen.push(e.outerHTML.slice(0, 80)); })()"
        )
    assert browser.run("reached.size") >= wanted
    assert browser.run("unseen") == []


@pytest.mark.slow
def test_briefings_print_on_one_page_with_the_same_bytes(sample_release, tmp_path):
    from beacon.site import build_site

    first = build_site(sample_release.path, tmp_path / "one", pdf=True)
    assert first.briefings == 9
    for pdf in (tmp_path / "one" / "places").glob("*.pdf"):
        content = pdf.read_bytes()
        assert len(re.findall(rb"/Type /Page\b", content)) == 1, pdf.name
        assert b"D:" + sample_release.path.name[1:11].replace(".", "").encode() in content
    page = parse(tmp_path / "one" / "places" / "dunmarrow.html")
    links = [a.attributes["href"] for a in page.all("a") if "PDF" in a.text]
    assert links == ["dunmarrow-briefing.pdf"]


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_an_accessibility_engine_finds_no_violation(browser, sample_site, hostile_site, dark):
    for site, name in [(sample_site, n) for n in PAGES] + [(hostile_site[1], "rug")]:
        browser.view(1280, dark=dark)
        browser.open(site / f"{name}.html")
        assert violations(browser, of_colours=dark) == [], name


def test_each_chart_is_kept_as_png_svg_and_csv_from_a_menu_by_keyboard(browser, sample_site):
    browser.open(sample_site / "indicators" / "life-expectancy.html")
    browser.run(
        "window.kept = []; const make = URL.createObjectURL; "
        "URL.createObjectURL = blob => { kept.push(blob); return make(blob); }; 0"
    )
    charts = "document.querySelectorAll('figure > svg.panel, figure > svg.map').length"
    assert browser.run("document.querySelectorAll('.keep').length") == browser.run(charts) > 10
    menu = "document.querySelector('figure:has(> svg.panel) .keep')"
    browser.run(f"{menu}.querySelector('summary').focus()")
    browser.press("Enter")
    for number, kind in enumerate(("image/png", "image/svg+xml", "text/csv")):
        browser.press("Tab")
        browser.press("Enter")
        deadline = time.monotonic() + 20
        while browser.run("kept.length") <= number:
            assert time.monotonic() < deadline, kind
        assert browser.run(f"kept[{number}].type").startswith(kind)
    assert browser.opened.complaints == []
    svg, csv = browser.run("kept[1].text()"), browser.run("kept[2].text()")
    assert "Fictional sample" in svg
    assert "class=" not in svg
    shown = browser.run(
        "[...document.querySelector('table.dense').querySelectorAll('tbody data')].map(e => e.value)"
    )
    table = list(reader(csv.splitlines()))
    assert [float(v) for row in table[1:] for v in row[1:-1]] == [float(v) for v in shown]
    assert table[0][-1] == "release"
    browser.press("Escape")
    assert not browser.run(f"{menu}.open")
    browser.view(1280, media="print")
    assert not browser.run(f"{menu}.checkVisibility()")


def test_a_map_zooms_and_goes_to_a_ward_and_to_a_place(browser, sample_site):
    for name, asked in (("places/dunmarrow", "Thistledene"), ("index", "Dunmarrow")):
        browser.open(sample_site / f"{name}.html")
        width = "Number(document.querySelector('svg.map').getAttribute('viewBox').split(' ')[2])"
        whole = browser.run(width)
        browser.run("document.querySelector('.zoom button').click()")
        assert browser.run(width) < whole
        browser.run(
            "(() => { const input = document.querySelector('.zoom input'); "
            f"input.value = '{asked}'; input.dispatchEvent(new Event('change')); }})()"
        )
        assert browser.run(width) < whole
        found = browser.run(
            "[...document.querySelectorAll('.map .here')].map(e => e.dataset.story)"
        )
        assert found
        assert all(asked in story for story in found)
        assert asked in browser.run("document.querySelector('[data-said]').textContent")


def test_a_link_to_what_is_folded_unfolds_it(browser, sample_site):
    browser.open(sample_site / "targets.html")
    browser.run("location.hash = '#smoking_cheshire_merseyside-areas'")
    assert browser.run(
        "document.querySelector('#smoking_cheshire_merseyside-areas').checkVisibility()"
    )


def test_no_page_is_longer_than_four_screens_of_a_laptop(browser, sample_site):
    """As it opens, folded; the methods are for reference and begin with their contents."""
    browser.view(1280, 800)
    lengths = {}
    for page in sorted(sample_site.rglob("*.html")):
        browser.open(page)
        screens = browser.run("document.documentElement.scrollHeight") / 800
        lengths[page.relative_to(sample_site).as_posix()] = round(screens, 2)
    assert len(lengths) > 70
    assert {name for name, length in lengths.items() if length > 4} <= {"methods.html"}, lengths
    assert parse(sample_site / "methods.html").all("nav", aria_label="On this page")
