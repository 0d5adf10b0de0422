"""What assistants are told of trends: a test only of everybody and of the latest period."""

from pathlib import Path
from typing import Any

import pytest

from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.release.layout import Release, point_to
from beacon.serve.mcp_tools import Tools
from tests.fixtures.sites import SmallRelease
from tests.integration.serve.board_questions import Marts

# Each series' test beside the latest period that any Place, the nation or the area itself has a
# value of, found by a join where the service uses a window.
_TESTS = """
select distinct on (o.indicator_slug, o.measure, o.area_code, o.sex, o.age)
    o.*, (
        select max(p.period_end) from observation as p
        where p.indicator_slug = o.indicator_slug and p.measure = o.measure and p.value is not null
            and p.category = 'All'
            and (p.area_code = o.area_code or p.area_type in ('place', 'nation'))
    ) as latest_end
from observation as o
where o.category = 'All' and o.recent_trend is not null
    and o.recent_trend <> 'Cannot be calculated' and {where}
order by hash(o.area_code || o.sex || o.indicator_slug) limit 12
"""


def _asked(row: dict[str, Any]) -> dict[str, Any]:
    return {"indicator": row["indicator_slug"], "area": row["area_code"],
            "measure": row["measure"], "sex": row["sex"]}  # fmt: skip


@pytest.fixture(scope="module")
def tools(published_sample: Path) -> Tools:
    return Tools(Home(published_sample))


def test_a_trend_of_earlier_years_is_not_a_recent_one(tools: Tools, sample: Release) -> None:
    rows = Marts(sample.path).rows(_TESTS.format(where="o.period_end < latest_end"))
    assert {row["area_type"] for row in rows} >= {"place", "local_authority"}
    for row in rows:
        answer = tools.read_trend(**_asked(row))
        assert answer.recent_trend is None
        assert answer.recent_trend_reason == "no_value_at_the_latest_period"
        assert "Recent trend" not in answer.said
        assert answer.said.startswith("No trend was tested for the latest period")
        assert f"of the years up to {row['period']}, was tested: {row['recent_trend']}." in (
            answer.said
        )


def test_a_trend_of_the_latest_period_is_said_with_its_period(
    tools: Tools, sample: Release
) -> None:
    where = "o.period_end = latest_end and o.area_type not in ('place', 'nation')"
    rows = Marts(sample.path).rows(_TESTS.format(where=where))
    assert len(rows) == 12
    for row in rows:
        answer = tools.read_trend(**_asked(row))
        assert answer.recent_trend == row["recent_trend"]
        assert answer.said.startswith(
            f"Recent trend, tested: {row['recent_trend']}. It is of the years up to {row['period']}."
        )


def test_a_trend_of_one_group_is_not_one_of_everybody(sample: Release, tmp_path: Path) -> None:
    """Where only a group has a test, there is none to say."""
    home = Home(tmp_path / "home")
    copy = SmallRelease.copied(sample.path, home.releases / sample.label)
    (row,) = Marts(sample.path).rows(
        "from observation where category <> 'All' and recent_trend is not null "
        "and area_type = 'local_authority' order by area_code, category limit 1"
    )
    copy.replace(
        "observation",
        recent_trend="case when category = 'All' then null when recent_trend is not null "
        "then 'Decreasing and getting worse' end",
    )
    point_to(home, Release(sample.label, copy.path), sha256_of(copy.path / "manifest.json"))
    answer = Tools(home).read_trend(**_asked(row))
    assert answer.recent_trend is None
    assert "Decreasing" not in answer.said
    assert answer.said.startswith("No trend was tested (no test for this area)")
