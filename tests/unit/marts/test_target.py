"""Targets by hand: live, met, missed, expired, conflicting, baseline missing, unit not matching."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.marts.conftest import ICB, NATION, PLACE, SmallWarehouse

CITED = [{"document": "plan", "lines": [7]}]


def target(**change: Any) -> dict[str, Any]:
    """Smoking to 5 % by the end of 2030, changed as the test says."""
    return {
        "id": "smoking", "name": "Adults who smoke", "group": "Health", "kind": "level",
        "unit": "percent of adults", "direction": "low_is_good", "area": "A system",
        "indicator": "smoking_prevalence", "status": "live",
        "stated": [{"value": 5, "due": "2030-12-31", "due_label": "by 2030", "cited": CITED}],
        **change,
    }  # fmt: skip


def aim(value: float | None, due: str | None = None, **more: Any) -> list[dict[str, Any]]:
    return [{"value": value, "due": due, "cited": CITED, **more}]


def smoking(small: SmallWarehouse, *values: float, last: int = 2024, **more: Any) -> None:
    for year, value in zip(range(last - len(values) + 1, last + 1), values, strict=True):
        small.fact("smoking_prevalence", year, value, **more)


def place_row(rows: list[dict[str, Any]], step: int = 1) -> dict[str, Any]:
    (row,) = (row for row in rows if row["area_code"] == PLACE and row["step"] == step)
    return row


def test_live_and_on_a_straight_line(small: SmallWarehouse) -> None:
    # 14, 13, 12, 11, 10, 9, 8: one point a year, no scatter. Six years on: 2 %.
    smoking(small, 14, 13, 12, 11, 10, 9, 8)
    small.targets(target(stated=aim(5, "2030-12-31")))
    row = place_row(small.derive("target"))
    assert (row["status"], row["plan_status"], row["still_to_go"]) == ("live", "live", 3)
    # 2024-12-31 to 2030-12-31 are 2,191 days: 5.9986 years of 365.25.
    assert row["years_left"] == pytest.approx(2191 / 365.25)
    assert row["yearly_change_needed"] == pytest.approx(-3 / (2191 / 365.25))
    assert row["yearly_change"] == pytest.approx(-1, abs=2e-3)
    assert row["projected_value"] == pytest.approx(2, abs=0.01)
    assert (row["reaches_in_time"], row["reaches_reason"]) == ("yes", None)
    assert row["cited"] == "plan line 7"


def test_live_and_uncertain(small: SmallWarehouse) -> None:
    # 12, 10, 12, 10, 12, 10, 11 falls little and scatters much: the interval holds 5 %.
    smoking(small, 12, 10, 12, 10, 12, 10, 11)
    small.targets(target())
    row = place_row(small.derive("target"))
    # By hand, years -6 to 0: mean 11, sxx 28, sxy -3 (-6*1+5*1-4*1+3*1-2*1+1*1+0*0), syy 6.
    assert row["yearly_change"] == pytest.approx(-3 / 28, abs=1e-3)
    scatter = ((6 - 9 / 28) / 5) ** 0.5
    margin = 2.570581835636314 * scatter
    assert row["yearly_change_upper_95"] == pytest.approx(-3 / 28 + margin / 28**0.5, abs=2e-3)
    distance = 3 + 2191 / 365.25
    ahead = 11 - 3 / 28 * distance
    half = margin * (1 + 1 / 7 + distance**2 / 28) ** 0.5
    assert row["projected_lower_95"] == pytest.approx(ahead - half, abs=0.02)
    assert row["projected_upper_95"] == pytest.approx(ahead + half, abs=0.02)
    assert row["reaches_in_time"] == "uncertain"


def test_live_and_out_of_reach(small: SmallWarehouse) -> None:
    smoking(small, 14.0, 14.1, 13.9, 14.0, 14.1, 13.9, 14.0)
    small.targets(target())
    row = place_row(small.derive("target"))
    assert (row["status"], row["reaches_in_time"]) == ("live", "no")


def test_met_before_its_date(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 4.5)
    small.targets(target(stated=aim(5, "2027-12-31")))
    row = place_row(small.derive("target"))
    assert (row["status"], row["still_to_go"]) == ("met", -0.5)
    assert row["yearly_change_needed"] is None


@pytest.mark.parametrize(("at_due", "status"), [(4.9, "met"), (5.0, "met"), (5.1, "missed")])
def test_expired_is_judged_by_the_value_when_due(
    small: SmallWarehouse, at_due: float, status: str
) -> None:
    smoking(small, 9, 8, 7, at_due, 4.0)
    small.targets(target(status="expired", stated=aim(5, "2024-03-31")))
    row = place_row(small.derive("target"))
    assert (row["plan_status"], row["status"]) == ("expired", status)
    assert (row["period_at_due"], row["value_at_due"]) == ("2023", at_due)
    assert (row["reaches_in_time"], row["reaches_reason"]) == ("not_assessed", "due_date_passed")


def test_expired_without_a_value_of_that_time(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 4.0)
    small.targets(target(status="expired", stated=aim(5, "2019-03-31")))
    row = place_row(small.derive("target"))
    assert (row["status"], row["status_reason"]) == ("expired", "no_value_at_due_date")


def test_live_becomes_expired_the_day_after(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 5.5)
    small.targets(target(stated=aim(5, "2024-12-31")), day=date(2025, 1, 1))
    row = place_row(small.derive("target"))
    assert (row["plan_status"], row["status"]) == ("expired", "missed")


def test_conflicting_values_stand_side_by_side(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 5.5)
    small.targets(
        target(status="conflicting", stated=[*aim(5, "2030-12-31"), *aim(4, "2030-12-31")])
    )
    rows = small.derive("target")
    for step, value in ((1, 5), (2, 4)):
        row = place_row(rows, step)
        assert (row["target_value"], row["steps"]) == (value, 2)
        assert (row["plan_status"], row["status"]) == ("conflicting", "conflicting")
        assert row["still_to_go"] is None
        assert row["compared_with_target"] == "not_compared"
        assert (row["reaches_in_time"], row["reaches_reason"]) == ("not_assessed", "conflicting")


def test_a_change_without_a_baseline_is_not_measured(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 5.5)
    small.targets(
        target(kind="change", unit="percent change", also=["baseline_missing"],
               stated=aim(-25, "2030-12-31"))
    )  # fmt: skip
    row = place_row(small.derive("target"))
    assert (row["status"], row["still_to_go"]) == ("baseline_missing", None)
    assert row["reaches_reason"] == "baseline_missing"


def test_a_change_counts_from_its_baseline(small: SmallWarehouse) -> None:
    # A quarter less than 8 is 6; at 6.5 there is half a point to go.
    smoking(small, 9, 8, 7, 6.8, 6.5)
    small.targets(
        target(kind="change", unit="percent change", stated=aim(-25, "2027-12-31"),
               baseline={"value": 8, "cited": CITED})
    )  # fmt: skip
    row = place_row(small.derive("target"))
    assert (row["status"], row["still_to_go"]) == ("live", 0.5)


def test_a_range_is_reached_at_its_easier_end(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6.8, 6.0)
    small.targets(target(stated=aim(5, "2030-12-31", upper_value=7)))
    row = place_row(small.derive("target"))
    assert (row["status"], row["still_to_go"]) == ("met", -1)


def test_a_unit_that_does_not_match_is_not_compared(small: SmallWarehouse) -> None:
    small.targets(
        target(indicator=None, related=["smoking_prevalence"], unit="people",
               why_not_measured="unit_does_not_match")
    )  # fmt: skip
    (row,) = small.derive("target")
    assert (row["area_code"], row["status"], row["value"]) == (ICB, "unit_does_not_match", None)


def test_no_indicator_and_no_value_say_why(small: SmallWarehouse) -> None:
    small.targets(
        target(id="record", indicator=None, unit="organisations", why_not_measured="local_record"),
        target(),
    )
    rows = {(row["target_id"], row["area_code"]): row for row in small.derive("target")}
    assert rows["record", ICB]["status_reason"] == "local_record"
    assert rows["smoking", PLACE]["status"] == "not_measured"
    assert rows["smoking", PLACE]["status_reason"] == "no_value_for_this_area"
    assert {row["area_role"] for row in rows.values()} == {"set_for", "within", "compared"}
    assert rows["smoking", NATION]["area_role"] == "compared"


def test_no_date_is_no_verdict(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 5.5)
    small.targets(target(status="no_due_date", stated=aim(5)))
    row = place_row(small.derive("target"))
    assert (row["status"], row["still_to_go"]) == ("no_due_date", 0.5)
    assert (row["reaches_in_time"], row["reaches_reason"]) == ("not_assessed", "no_due_date")


@pytest.mark.parametrize(
    ("values", "due", "reason"),
    [
        ((9, 8, 7, 6), "2027-12-31", "fewer_than_five_points"),
        ((10, 9, 8, 7, 6), "2029-12-31", "due_date_further_than_points_reach_back"),
    ],
)
def test_a_line_needs_points_and_does_not_run_ahead_of_them(
    small: SmallWarehouse, values: tuple[float, ...], due: str, reason: str
) -> None:
    smoking(small, *values)
    small.targets(target(stated=aim(5, due)))
    row = place_row(small.derive("target"))
    assert (row["reaches_in_time"], row["reaches_reason"]) == ("not_assessed", reason)


def test_points_before_a_break_are_left_out(small: SmallWarehouse) -> None:
    smoking(small, 14, 13, 12, 11, 10, 9, 8)
    small.add("registry.known_break", indicator_slug="smoking_prevalence", period="2021")
    small.targets(target())
    row = place_row(small.derive("target"))
    assert (row["trend_points"], row["reaches_reason"]) == (4, "fewer_than_five_points")


def test_pooled_periods_have_no_line(small: SmallWarehouse) -> None:
    for year in range(2016, 2025):
        small.fact("smoking_prevalence", year, 9, period_start=date(year - 2, 1, 1))
    small.targets(target())
    assert place_row(small.derive("target"))["reaches_reason"] == "periods_overlap"


def test_limits_against_the_target(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, lower_95=5.5, upper_95=10.0)
    small.targets(target())
    assert place_row(small.derive("target"))["compared_with_target"] == "worse"


def test_a_national_target_is_held_against_the_nation_alone(small: SmallWarehouse) -> None:
    smoking(small, 9, 8, 7, 6, 5.5, area_code=NATION)
    smoking(small, 9, 8, 7, 6, 5.5)
    small.targets(target(area="England"))
    (row,) = small.derive("target")
    assert (row["area_code"], row["area_role"], row["value"]) == (NATION, "set_for", 5.5)
