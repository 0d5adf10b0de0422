"""The site of the real official files, where they are given."""

from __future__ import annotations

import random
from importlib.resources import files
from pathlib import Path

import pytest

from beacon.core.settings import Home
from beacon.release.layout import latest_release
from beacon.release.query import connect_release
from beacon.site import build_site
from beacon.site.pdf import find_chromium
from tests.integration.site.browser import Browser
from tests.integration.site.dom import parse
from tests.integration.site.test_site import assert_rounds_to

pytestmark = [pytest.mark.given, pytest.mark.slow]

_RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
_STOPS = 'a[href], button, select, input, summary, [tabindex="0"]'


@pytest.fixture(scope="module")
def official_site(official_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the official files."""
    release = latest_release(Home(official_home))
    assert release is not None
    site = tmp_path_factory.mktemp("official") / "site"
    build_site(release.path, site)
    return site


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_every_page_holds_in_a_browser(official_site):
    """No complaint, nothing from outside, nothing wider than a phone, every control within reach
    of the keyboard, and nothing that the accessibility engine faults."""
    engine = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    faults: dict[str, list[object]] = {}
    with Browser() as browser:
        for page in sorted(official_site.rglob("*.html")):
            found = faults.setdefault(page.relative_to(official_site).as_posix(), [])
            browser.view(320)
            opened = browser.open(page)
            found += opened.complaints
            found += [u for u in opened.requests if not u.startswith(official_site.as_uri())]
            if browser.run("document.documentElement.scrollWidth") > 320:
                found.append("wider than 320 pixels")
            browser.view(1280)
            browser.open(page)
            controls = (
                f"[...document.querySelectorAll('{_STOPS}')].filter(e => e.checkVisibility())"
            )
            wanted = browser.run(f"{controls}.length")
            browser.run(
                "document.activeElement.blur(); window.reached = new Set(); "
                "document.addEventListener('focusin', e => reached.add(e.target), true); 0"
            )
            for _ in range(wanted + 5):
                browser.press("Tab")
            missed = browser.run(
                f"{controls}.filter(e => !reached.has(e)).map(e => e.outerHTML.slice(0, 80))"
            )
            found += missed
            browser.send("Page.setBypassCSP", enabled=True)
            browser.open(page)
            browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            browser.run(f"{engine};0")
            found += browser.run(
                f"axe.run(document, {{preload: false, runOnly: {_RULES}}}).then(r => "
                "r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 160)]))"
            )
            browser.send("Page.setBypassCSP", enabled=False)
    assert len(faults) > 70
    assert {name: found for name, found in faults.items() if found} == {}


def test_numbers_on_ten_random_pages_are_the_marts(official_home, official_site):
    release = latest_release(Home(official_home))
    assert release is not None
    site = official_site
    con = connect_release(release)
    known = {
        row[0]
        for query in (
            "select value from beacon_indicator",
            "select value from core20plus5_indicator",
            "select core20_share_percent from place",
            "select share_percent from core20_cohort",
            "select share_of_board_percent from core20_cohort",
            "select share_of_nation_percent from core20_cohort",
            "select people from core20_ward where core20",
            "select people_in_ward from core20_ward where core20",
            "select share_percent from core20_ward where core20",
            "select lsoas from core20_ward where core20",
            "select lsoas_in_ward from core20_ward",
            "select people from core20_movement_area",
            "select lsoas from core20_movement_area",
            "select unnest([people, imd2019_rank, imd2025_rank]) from core20_movement",
            "select people from core20_pocket",
            "select count(*) from core20_pocket where is_pocket "
            "group by place_code, surroundings, imd_vintage",
            "select count(*) filter (is_most_deprived_fifth) from deprivation_domain "
            "group by place_code, domain, imd_vintage",
            "select absolute_gap from inequality",
            # Gaps are shown so that more is worse for the disadvantaged.
            "select -absolute_gap from inequality",
            "select sii from inequality",
            "select life_expectancy from life_and_health",
            "select healthy_life_expectancy from life_and_health",
            "select years_not_in_good_health from life_and_health",
        )
        for row in con.execute(query).fetchall()
    }
    pages = [p for p in sorted(site.rglob("*.html")) if parse(p).all("data")]
    chosen = random.Random(8).sample(pages, 10)
    figures = [node for page in chosen for node in parse(page).all("data")]
    assert len(figures) > 500
    for figure in figures:
        assert float(figure.attributes["value"]) in known
        assert_rounds_to(figure, float(figure.attributes["value"]))
    assert "FICTIONAL" not in (site / "index.html").read_text(encoding="utf-8").upper()
