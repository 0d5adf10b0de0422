"""The site of the real official files, where they are given.

What belongs here: that the numbers on pages picked at random are the marts'. What does not: the
sample's pages (`test_site`).
"""

from __future__ import annotations

import random

import pytest

from beacon.release.layout import latest_release
from beacon.release.query import connect_release
from beacon.settings import Home
from beacon.site import build_site
from tests.site.dom import parse
from tests.site.test_site import assert_rounds_to


@pytest.mark.given
@pytest.mark.slow
def test_numbers_on_ten_random_pages_are_the_marts(official_home, tmp_path):
    release = latest_release(Home(official_home))
    assert release is not None
    site = tmp_path / "site"
    build_site(release.path, site)
    con = connect_release(release)
    known = {
        row[0]
        for query in (
            "select value from beacon_indicator",
            "select value from core20plus5_indicator",
            "select core20_share_percent from place",
            "select share_percent from core20_cohort",
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
