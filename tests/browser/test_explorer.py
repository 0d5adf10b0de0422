"""The explorer in a headless Chromium, with the network off."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from beacon.site import words
from beacon.site.pdf import find_chromium
from tests.browser.accessibility import violations
from tests.browser.chromium import Browser
from tests.integration.site.test_explorer import carried

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]

VIEWS = ("ranking", "trend", "multiples", "map", "scatter", "funnel", "table", "areas", "lsoas")
RECEPTION = "gld_reception.main.Persons.5 yrs"
OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        opened.send("Network.emulateNetworkConditions", **OFFLINE)
        yield opened


@pytest.fixture(autouse=True)
def _ordinary_window(browser: Browser) -> None:
    browser.view(1280)


def go(browser: Browser, **chosen: str) -> None:
    """Put a choice into the address, as a copied link does, and wait until it is shown."""
    browser.run(
        "new Promise(done => { addEventListener('hashchange', () => done(), {once: true}); "
        f"location.hash = new URLSearchParams({json.dumps(chosen)}).toString(); "
        "setTimeout(done, 500); })"
    )


def texts(browser: Browser, selector: str) -> list[str]:
    found: list[str] = browser.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)"
    )
    return found


def test_it_opens_from_disk_without_a_request_and_shows_a_ranking(browser, sample_site):
    opened = browser.open(sample_site / "explorer.html")
    assert opened.complaints == []
    address = (sample_site / "explorer.html").as_uri()
    assert [url for url in opened.requests if not url.startswith((address, "data:"))] == []
    assert len(browser.run("[...document.querySelectorAll('.chart [data-story]')].length + ''")) > 0
    assert "Fictional sample" in browser.run("document.body.innerText")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_view_draws_and_keeps_within_the_window(browser, sample_site, width):
    browser.view(width)
    opened = browser.open(sample_site / "explorer.html")
    for view in VIEWS:
        go(browser, indicator=RECEPTION, view=view, areas="Z06000001,Z06000003")
        marks = browser.run(
            "document.querySelectorAll('#explore-chart :is([data-story], td)').length"
        )
        assert marks >= 9, view
        assert browser.run("document.documentElement.scrollWidth") <= width, view
    assert opened.complaints == []


def test_every_number_of_every_table_is_written_as_on_the_pages(browser, sample_site):
    data, rows = carried(sample_site)
    browser.open(sample_site / "explorer.html")
    checked = 0
    for series in data["series"]:
        go(browser, indicator=series["id"], view="table")
        shown = browser.run(
            "[...document.querySelectorAll('#explore-chart data')].map(e => "
            "[Number(e.getAttribute('value')), e.textContent])"
        )
        values = sorted(
            row["value"] for key, row in rows.items()
            if key[0] == series["id"] and row["value"] is not None
        )  # fmt: skip
        assert sorted(value for value, _ in shown) == values, series["id"]
        suffix = "%" if series["percent"] else ""
        for value, text in shown:
            assert text == words.number(value, series["decimals"]) + suffix
        checked += len(shown)
    assert checked > 5000


def test_states_without_a_value_are_told_apart(browser, sample_site):
    data, rows = carried(sample_site)
    browser.open(sample_site / "explorer.html")
    for state in ("suppressed", "not_published", "not_supplied"):
        series = next(k[0] for k, r in rows.items() if r["state"] == state and k[3] == "All"
                      and data["areas"][r["area"]]["kind"] == "place")  # fmt: skip
        go(browser, indicator=series, view="table")
        cells = browser.run(
            f"[...document.querySelectorAll('td.absent.{state}')].map(e => e.textContent)"
        )
        assert data["states"][state]["word"] in cells


def test_a_link_brings_back_what_was_chosen(browser, sample_site):
    browser.open(sample_site / "explorer.html")
    go(browser, indicator=RECEPTION, view="trend", areas="Z06000001,Z06000003")
    browser.run("document.querySelector('#explore-views [value=ranking]').click()")
    browser.run(
        "(() => { const e = document.querySelector('#explore-period'); "
        "e.selectedIndex = 1; e.dispatchEvent(new Event('change')); })()"
    )
    title = browser.run("document.querySelector('#explore-title').textContent")
    address = browser.run("location.hash")
    assert "2023%2F24" in address
    browser.open(sample_site / "explorer.html")
    browser.run(f"location.hash = {json.dumps(address)}; 0")
    deadline = time.monotonic() + 5
    while browser.run("document.querySelector('#explore-title').textContent") != title:
        assert time.monotonic() < deadline
    assert texts(browser, ".label.strong")[:3]
    assert browser.run("document.querySelectorAll('#explore-areas :checked').length") == 2


def test_no_more_than_four_places_can_be_marked(browser, sample_site):
    browser.open(sample_site / "explorer.html")
    for _ in range(6):
        browser.run("document.querySelector('#explore-areas :enabled:not(:checked)')?.click()")
    assert browser.run("document.querySelectorAll('#explore-areas :checked').length") == 4
    assert browser.run("document.querySelectorAll('#explore-areas :disabled').length") == 5


def test_arrow_keys_read_the_marks_and_escape_puts_the_words_away(browser, sample_site):
    browser.open(sample_site / "explorer.html")
    assert browser.run("document.querySelectorAll('.chart [tabindex=\"0\"]').length") == 1
    browser.run("document.querySelector('.chart [tabindex=\"0\"]').focus()")
    first = browser.run("document.querySelector('#tip').textContent")
    assert first == browser.run("document.activeElement.getAttribute('aria-label')")
    browser.press("ArrowDown")
    second = browser.run("document.querySelector('#tip').textContent")
    assert second == browser.run("document.activeElement.getAttribute('aria-label')") != first
    browser.press("Escape")
    assert browser.run("document.querySelector('#tip').hidden")


def test_downloads_are_the_rows_and_the_picture_that_are_shown(browser, sample_site):
    browser.open(sample_site / "explorer.html")
    go(browser, indicator=RECEPTION, view="ranking")
    browser.run(
        "window.kept = []; const make = URL.createObjectURL; "
        "URL.createObjectURL = blob => { kept.push(blob); return make(blob); }; 0"
    )
    for name in ("csv", "svg"):
        browser.run(f"document.querySelector('#explore-{name}').click()")
    csv = browser.run("kept[0].text()")
    svg = browser.run("kept[1].text()")
    values = browser.run(
        "[...document.querySelectorAll('#explore-numbers data')].map(e => e.getAttribute('value'))"
    )
    lines = csv.splitlines()
    column = lines[0].split(",").index("value")
    shown = [re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', line)[column] for line in lines[1:]]
    assert [value for value in shown if value] == values
    assert "Good development, end of Reception" in svg
    # What the numbers and the colours are goes with the chart.
    assert "% of pupils" in svg
    key = browser.run("[...document.querySelectorAll('#explore-key li')].map(e => e.textContent)")
    assert key
    assert all(word.strip() in svg for word in key)
    assert "Fictional sample" in svg
    assert "class=" not in svg
    browser.run("document.querySelector('#explore-png').click()")
    deadline = time.monotonic() + 10
    while browser.run("kept.length") < 3:
        assert time.monotonic() < deadline
    assert browser.run("kept[2].type") == "image/png"
    assert browser.run("kept[2].size") > 10_000
    assert browser.run("createImageBitmap(kept[2]).then(i => i.width)") > 1000


def test_the_map_of_neighbourhoods_goes_to_what_is_looked_for(browser, sample_site, sample_release):
    lsoa = sample_release.rows("lsoa", "core20_imd2025 order by lsoa21_code")[0]
    browser.open(sample_site / "explorer.html")
    go(browser, view="lsoas")
    width = "Number(document.querySelector('.lsoas').getAttribute('viewBox').split(' ')[2])"
    whole = browser.run(width)
    for asked in (lsoa["lsoa21_code"], f"{lsoa['ward24_name']}, {lsoa['place_name']}"):
        go(browser, view="lsoas", find=asked)
        assert browser.run(width) < whole / 2
        marked = browser.run(
            "[...document.querySelectorAll('.lsoas .here')].map(e => e.dataset.story)"
        )
        assert any(
            lsoa["lsoa21_name"] in story and "Core20" in story and lsoa["ward24_name"] in story
            for story in marked
        )
        rows = texts(browser, "#explore-numbers tbody th")
        assert len(rows) == len(marked)
    go(browser, view="lsoas", find=lsoa["place_name"])
    expected = sample_release.rows("lsoa", f"place_name = '{lsoa['place_name']}'")
    assert browser.run("document.querySelectorAll('.lsoas .here').length") == len(expected)
    before = browser.run(width)
    browser.run("document.querySelector('.zoom button').click()")
    assert browser.run(width) < before
    go(browser, view="lsoas", find="Atlantis")
    assert "Nothing is called Atlantis" in browser.run("document.body.innerText")


def test_hostile_names_run_nothing(browser, hostile_site):
    _, site = hostile_site
    opened = browser.open(site / "explorer.html")
    for view in VIEWS:
        go(browser, view=view)
    assert opened.complaints == []
    assert browser.run("document.scripts.length") == 2


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_an_accessibility_engine_finds_no_violation_in_any_view(browser, sample_site, dark):
    browser.view(1280, dark=dark)
    browser.open(sample_site / "explorer.html")
    for view in VIEWS:
        go(browser, indicator=RECEPTION, view=view, areas="Z06000001,Z06000003")
        assert violations(browser, of_colours=dark) == [], view
