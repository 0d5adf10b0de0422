"""The page above the boards, in a headless Chromium: it opens, leads to each board and fits a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.release.layout import get_release
from beacon.site.pdf import find_chromium
from tests.browser.accessibility import violations
from tests.browser.chromium import Browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]


def test_the_page_of_all_boards_leads_to_each_and_is_for_everybody(three_boards: Path) -> None:
    page = get_release(Home(three_boards), of_many=True).path / "site" / "index.html"
    with Browser() as browser:
        browser.view(320)
        opened = browser.open(page)
        assert opened.complaints == []
        assert browser.run("document.documentElement.scrollWidth") <= 320
        links = browser.run("[...document.querySelectorAll('th a')].map(a => a.href)")
        assert len(links) == 3
        for link in links:
            assert browser.open(Path(link.removeprefix("file://"))).complaints == []
        browser.view(1280)
        browser.open(page)
        assert violations(browser) == []
