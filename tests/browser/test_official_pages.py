"""The pages of the real official files in a headless Chromium, where both are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.site.pdf import find_chromium
from tests.browser.accessibility import violations
from tests.browser.chromium import Browser

pytestmark = [
    pytest.mark.given,
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]

_STOPS = 'a[href], button, select, input, summary, [tabindex="0"]'


def _largest_of_each_kind(site: Path) -> list[Path]:
    """The pages at the top, and of each folder its overview and its largest page."""
    folders = [folder for folder in site.iterdir() if folder.is_dir()]
    pages = [page for page in site.glob("*.html") if page.name != "explorer.html"]
    for folder in folders:
        inside = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_size)
        pages += {*inside[-1:], *(page for page in inside if page.name == "index.html")}
        pages += [page for page in inside if page.stem.endswith("-briefing")][-1:]
    return sorted(pages)


def test_every_page_loads_without_complaint_and_fits_a_phone(official_site):
    faults: dict[str, list[object]] = {}
    with Browser() as browser:
        browser.view(320)
        for page in sorted(official_site.rglob("*.html")):
            found = faults.setdefault(page.relative_to(official_site).as_posix(), [])
            opened = browser.open(page)
            found += opened.complaints
            found += [u for u in opened.requests if not u.startswith(official_site.as_uri())]
            if browser.run("document.documentElement.scrollWidth") > 320:
                found.append("wider than 320 pixels")
    assert len(faults) > 70
    assert {name: found for name, found in faults.items() if found} == {}


def test_pages_of_each_kind_are_within_reach_of_the_keyboard_and_of_all_readers(official_site):
    faults: dict[str, list[object]] = {}
    with Browser() as browser:
        browser.view(1280)
        for page in _largest_of_each_kind(official_site):
            found = faults.setdefault(page.relative_to(official_site).as_posix(), [])
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
            found += browser.run(
                f"{controls}.filter(e => !reached.has(e)).map(e => e.outerHTML.slice(0, 80))"
            )
            found += violations(browser)
    assert len(faults) > 15
    assert {name: found for name, found in faults.items() if found} == {}
