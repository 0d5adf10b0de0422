"""The explorer carries the marts' own values, and nothing that could reach outside."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from beacon.site import words
from beacon.site.explorer_data import as_json
from beacon.statistics.intervals import wilson_limits, z_score

NUMBERS = ("value", "lower_95", "upper_95", "numerator", "denominator")


def carried(site):
    """The explorer's data, and its rows by what they are of."""
    text = (site / "explorer.html").read_text(encoding="utf-8")
    block = re.search(r'<script type="application/json" id="release">(.*?)</script>', text)
    assert block is not None
    data = json.loads(block[1])
    rows = {}
    for packed in data["rows"]:
        row = dict(zip(data["columns"], packed, strict=True))
        series = data["series"][row["series"]]
        key = (
            series["id"],
            data["areas"][row["area"]]["code"],
            data["periods"][row["period"]][0],
            data["categories"][row["category"]],
        )
        assert key not in rows
        rows[key] = row
    return data, rows


@pytest.fixture(scope="module")
def explored(sample_site):
    return carried(sample_site)


def held(release):
    """The rows of both marts by the same key."""
    found = {}
    for mart in ("beacon_indicator", "core20plus5_indicator"):
        for row in release.rows(mart):
            series = ".".join((row["indicator_slug"], row["measure"], row["sex"], row["age"] or ""))
            category = (
                "All" if row["category"] == "All" else f"{row['category_type']}: {row['category']}"
            )
            found[series, row["area_code"], row["period"], category] = row
    return found


def test_every_value_is_the_marts(explored, sample_release):
    _, rows = explored
    marts = held(sample_release)
    assert rows.keys() == marts.keys()
    assert len(rows) > 5000
    for key, row in rows.items():
        assert {name: row[name] for name in NUMBERS} == {name: marts[key][name] for name in NUMBERS}


def test_periods_of_each_series_are_in_the_order_in_which_they_end(explored, sample_release):
    """The last one with a figure is shown as the latest."""
    data, _ = explored
    place = {period: at for at, (period, _) in enumerate(data["periods"])}
    ends = {}
    for mart in ("beacon_indicator", "core20plus5_indicator"):
        for row in sample_release.rows(mart, "period_end is not null"):
            key = (mart, row["indicator_slug"], row["measure"], row["sex"], row["age"])
            ends.setdefault(key, {})[row["period"]] = row["period_end"]
    assert len(ends) > 60
    for key, of_series in ends.items():
        order = sorted(of_series, key=of_series.__getitem__)
        assert order == sorted(of_series, key=place.__getitem__), key
    # What is known to be missing need not say when its period ends.
    missing = {
        row["period"] for row in sample_release.rows("beacon_indicator", "period_end is null")
    }
    assert "2024/25" in missing
    assert place["2023/24"] < place["2024/25"] < place["2025/26"]


def test_judgements_and_reasons_for_no_value_are_the_marts(explored, sample_release):
    data, rows = explored
    marts = held(sample_release)
    for key, row in rows.items():
        mart = marts[key]
        expected = (
            mart["compared_with_nation"] if mart["value"] is not None else mart["value_status"]
        )
        assert row["state"] == expected
        assert row["value"] is not None or data["notes"][row["note"]]
    states = {row["state"] for row in rows.values() if row["value"] is None}
    assert {"suppressed", "not_published", "not_supplied"} <= states
    assert len({data["states"][state]["word"] for state in states}) == len(states)


def test_recent_trends_are_the_scorecards(explored, sample_release):
    data, rows = explored
    shown = {
        (key[0], key[1], key[2]): data["trends"][row["trend"]]["word"]
        for key, row in rows.items()
        if row["trend"] is not None
    }
    expected = {}
    for row in sample_release.rows("scorecard", "value is not null"):
        trend = words.trend_of(row["recent_trend"], row["recent_trend_reason"])
        if trend is not None and trend.arrow:
            series = ".".join((row["indicator_slug"], row["measure"], row["sex"], row["age"] or ""))
            expected[series, row["place_code"], row["period"]] = trend.word
    assert shown == expected
    assert len(shown) > 20


def test_control_limits_are_wilsons_around_the_nation(explored):
    data, rows = explored
    checked = 0
    for series in data["series"]:
        for period, funnel in series["funnels"].items():
            nation = rows[series["id"], data["areas"][0]["code"], period, "All"]
            assert funnel["centre"] == nation["value"]
            share, size = funnel["centre"] / 100, funnel["sizes"][5]
            for name, level in (("95", 0.95), ("998", 0.998)):
                low, high = wilson_limits([share * size], [size], z_score(level))
                assert funnel[f"lower_{name}"][5] == pytest.approx(100 * low[0], abs=1e-4)
                assert funnel[f"upper_{name}"][5] == pytest.approx(100 * high[0], abs=1e-4)
            checked += 1
    assert checked > 10
    assert not any(s["funnels"] for s in data["series"] if s["slug"] == "life_expectancy")


def test_the_nations_authorities_are_those_that_the_scorecard_counts(explored, sample_release):
    data, rows = explored
    names = {row["area_name"] for row in sample_release.rows("observation", "authority_tier <> ''")}
    checked = 0
    for series in data["series"]:
        spread = series["spread"]
        if spread is None:
            continue
        own = [
            row["value"]
            for key, row in rows.items()
            if key[0] == series["id"] and key[2] == spread["period"] and key[3] == "All"
            and data["areas"][row["area"]]["kind"] == "place" and row["value"] is not None
        ]  # fmt: skip
        others = [value for _, value in spread["values"]]
        assert len(own) + len(others) == spread["areas"]
        assert min(own + others) == spread["lowest"]
        assert max(own + others) == spread["highest"]
        assert {data["authorities"][at] for at, _ in spread["values"]} <= names
        checked += bool(others)
    assert checked > 15


def test_the_neighbourhoods_are_the_marts_lsoas(explored, sample_release):
    data, _ = explored
    carried_lsoas = {
        (code, name, data["areas"][place]["name"], data["neighbourhoods"]["wards"][ward], decile,
         core20, people)
        for code, name, place, ward, decile, core20, people, _ in data["neighbourhoods"]["lsoas"]
    }  # fmt: skip
    marts = {
        tuple(row[name] for name in ("lsoa21_code", "lsoa21_name", "place_name", "ward24_name",
                                     "imd2025_decile", "core20_imd2025", "people"))
        for row in sample_release.rows("lsoa")
    }  # fmt: skip
    assert carried_lsoas == marts
    assert all(path.startswith("M") for *_, path in data["neighbourhoods"]["lsoas"])


def test_it_is_one_file_that_may_run_only_what_it_carries(sample_site):
    file = sample_site / "explorer.html"
    text = file.read_text(encoding="utf-8")
    assert file.stat().st_size < 5_000_000
    assert not re.search(r"<(script|img|iframe)[^>]+src=", text)
    assert 'rel="stylesheet"' not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    allowed = re.findall(r"sha256-([^&']+)", policy[1])
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert style is not None
    assert script is not None
    assert allowed == [
        base64.b64encode(hashlib.sha256(part[1].encode()).digest()).decode()
        for part in (style, script)
    ]
    assert "http" not in policy[1]
    assert "unsafe" not in policy[1]


def test_no_text_ends_the_element_that_holds_the_data():
    text = as_json({"name": "</script><b>\u2028"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {"name": "</script><b>\u2028"}
