"""The pages of people in a headless Chromium, as they open: the rest of each is folded."""

from __future__ import annotations

import pytest

from beacon.site.pdf import find_chromium
from tests.browser.accessibility import violations
from tests.browser.chromium import Browser
from tests.fixtures.sites import SmallRelease

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]

_STOPS = 'a[href], button, select, input, summary, [tabindex="0"]'


def test_pages_of_people_are_short_fit_a_phone_and_are_within_reach_of_all(
    people_release: SmallRelease,
) -> None:
    with Browser() as browser:
        for page in sorted((people_release.path / "site" / "people").glob("*.html"))[-2:]:
            browser.view(390)
            assert browser.open(page).complaints == []
            assert browser.run("document.documentElement.scrollWidth") <= 390
            browser.view(1280, 800)
            browser.open(page)
            assert browser.run("document.documentElement.scrollHeight") <= 4 * 800
            controls = (
                f"[...document.querySelectorAll('{_STOPS}')].filter(e => e.checkVisibility())"
            )
            browser.run(
                "document.activeElement.blur(); window.reached = new Set(); "
                "document.addEventListener('focusin', e => reached.add(e.target), true); 0"
            )
            for _ in range(browser.run(f"{controls}.length") + 5):
                browser.press("Tab")
            assert browser.run(f"{controls}.every(e => reached.has(e))")
            assert violations(browser, unfolded=False) == []


def test_a_link_to_a_measure_unfolds_it(people_release: SmallRelease) -> None:
    with Browser() as browser:
        browser.open(people_release.path / "site" / "people" / "index.html")
        first = "document.querySelector('#first').closest('section').querySelector('tbody a')"
        browser.run(f"{first}.click()")
        assert browser.run(f"document.querySelector({first}.getAttribute('href')).open")
        assert browser.run(
            f"document.querySelector({first}.getAttribute('href')).querySelector('table')"
            ".checkVisibility()"
        )
