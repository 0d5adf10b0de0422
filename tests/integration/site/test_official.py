"""The site of the real official files, where they are given."""

from __future__ import annotations

import random
import re

import pytest

from beacon.core.home import Home
from beacon.release.layout import latest_release
from beacon.release.query import connect_release
from tests.fixtures.dom import parse
from tests.integration.site.test_site import assert_rounds_to

pytestmark = [pytest.mark.given, pytest.mark.slow]


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


def test_what_is_not_known_is_every_beacon_without_a_figure_and_what_would_give_one(official_site):
    text = parse(official_site / "index.html").one("main").text
    published = int(re.search(r"(\d+) of 22 beacon indicators", text)[1])
    beacons = parse(official_site / "unknown.html").one("main").all("section")[0]
    assert f"{22 - published} of 22" in beacons.one("h2").text
    unknown = beacons.all("details")
    assert len(unknown) == 22 - published
    for one in unknown:
        assert (official_site / one.all("a")[-1].attributes["href"]).is_file()
    assert "beacon returns template 12" in beacons.text
    assert "a proxy" in beacons.text
