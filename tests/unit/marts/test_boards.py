"""What boards ask for: gaps signed and moving, Core20 not reached, the least breakdown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.marts.conftest import ICB, NATION, PLACE, SmallWarehouse

QUINTILES = ("1 - most deprived", "2", "3", "4", "5 - least deprived")


def quintiles(
    small: SmallWarehouse, slug: str, values: tuple[float, ...], year: int = 2024, **more: Any
) -> None:
    """Values by deprivation quintile in a thousand people each, as CVDPREVENT gives them."""
    for category, value in zip(QUINTILES, values, strict=True):
        small.fact(
            slug, year, value, area_code=NATION, category_type="Deprivation quintile",
            category=category, numerator=10 * value, denominator=1000,
            lower_95=value - 1, upper_95=value + 1, **more,
        )  # fmt: skip


def one(rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    (row,) = (r for r in rows if all(r[name] == value for name, value in wanted.items()))
    return row


# England, most and least deprived fifth: CVDPREVENT, as the partnership's indicator notes quote it.
# The middle fifths are set on a straight line.
STATINS = (70.1, 68.0, 66.0, 64.0, 61.8)
BLOOD_PRESSURE = (71.9, 72.9, 73.9, 74.9, 75.9)


def test_where_the_deprived_do_better_the_direction_says_so(small: SmallWarehouse) -> None:
    quintiles(small, "lipid_lowering_therapy", STATINS)
    quintiles(small, "hypertension_treated_to_threshold", BLOOD_PRESSURE)
    rows = small.derive("inequality")
    statins = one(rows, indicator_slug="lipid_lowering_therapy")
    assert statins["breakdown"] == "deprivation_quintile"
    assert statins["absolute_gap"] == pytest.approx(-8.3)
    assert statins["direction"] == "better_for_disadvantaged"
    assert statins["sii"] < 0
    pressure = one(rows, indicator_slug="hypertension_treated_to_threshold")
    assert pressure["absolute_gap"] == pytest.approx(4)
    assert pressure["direction"] == "worse_for_disadvantaged"
    signed = {r["indicator_slug"]: r for r in small.derive("inequality_trend")}
    better = signed["lipid_lowering_therapy"]
    assert better["disadvantage"] == pytest.approx(-8.3)
    assert better["disadvantage_ratio"] < 1
    worse = signed["hypertension_treated_to_threshold"]
    assert worse["disadvantage"] == pytest.approx(4)
    # The wider difference favours the deprived, so it is not the widest disadvantage.
    assert (worse["rank_among_measures"], better["rank_among_measures"]) == (1, 2)


def test_core20_not_reached_is_counted_with_the_sign(small: SmallWarehouse) -> None:
    quintiles(small, "lipid_lowering_therapy", STATINS)
    quintiles(small, "hypertension_treated_to_threshold", BLOOD_PRESSURE)
    rows = small.derive("core20_reach")
    statins = one(rows, indicator_slug="lipid_lowering_therapy", area_code=NATION)
    assert (statins["status"], statins["direction"]) == ("counted", "better_for_disadvantaged")
    # 299 of a thousand are not treated; at the others' 64.95 % it would be 350.5.
    assert statins["core20_not_reached"] == pytest.approx(299)
    assert statins["core20_not_reached_if_as_rest"] == pytest.approx(350.5)
    assert statins["core20_excess_not_reached"] == pytest.approx(-51.5)
    pressure = one(rows, indicator_slug="hypertension_treated_to_threshold", area_code=NATION)
    assert pressure["direction"] == "worse_for_disadvantaged"
    # 281 against 1,000 less 744.
    assert pressure["core20_excess_not_reached"] == pytest.approx(281 - 256)


def test_low_is_good_counts_those_affected(small: SmallWarehouse) -> None:
    for category, count in (("Core20", 150), ("Not Core20", 200)):
        small.fact(
            "smoking_at_delivery", 2024, count / 10, category_type="Core20", category=category,
            numerator=count, denominator=1000 if category == "Core20" else 2000, sex="Female",
        )  # fmt: skip
    row = one(small.derive("core20_reach"), indicator_slug="smoking_at_delivery", area_code=PLACE)
    assert (row["core20_not_reached"], row["core20_not_reached_if_as_rest"]) == (150, 100)


def test_without_counts_it_is_said_why(small: SmallWarehouse) -> None:
    small.fact("smoking_prevalence", 2024, 12)
    small.add("cohorts.core20_area", area_code=PLACE, imd_vintage=2025, sex="Persons",
              age_band="All ages", core20=True, people=40_000)  # fmt: skip
    small.add("registry.imd_default", imd_vintage=2025)
    rows = small.derive("core20_reach")
    assert {r["area_code"] for r in rows} == {PLACE, ICB, NATION}
    row = one(rows, indicator_slug="smoking_prevalence", area_code=PLACE)
    assert (row["status"], row["people_core20"]) == ("no_breakdown", 40_000)
    assert row["core20_not_reached"] is None
    statins = one(rows, indicator_slug="lipid_lowering_therapy", area_code=PLACE)
    assert statins["status"] == "not_supplied"
    assert "CVDPREVENT" in statins["status_note"]


@pytest.mark.parametrize(
    ("gaps", "closing"),
    [
        ((10, 9.1, 8, 6.9, 6, 5), "closing"),
        ((5, 6, 6.9, 8, 9.1, 10), "widening"),
        ((8, 6, 8, 6, 8, 6), "no_clear_change"),
        # Favouring the deprived ever more is widening too; direction says in whose favour.
        ((-5, -6, -6.9, -8, -9.1, -10), "widening"),
        ((-10, -9.1, -8, -6.9, -6, -5), "closing"),
        ((8, 7, 6, 5), "not_assessed"),
    ],
)
def test_whether_a_gap_closes(small: SmallWarehouse, gaps: tuple[float, ...], closing: str) -> None:
    for year, gap in enumerate(gaps, start=2019):
        for category, value in (("Eligible", 50.0), ("Not eligible", 50.0 + gap)):
            small.fact("gld_reception", year, value, category_type="Free school meals",
                       category=category)  # fmt: skip
    small.derive("inequality")
    (row,) = small.derive("inequality_trend")
    assert row["closing"] == closing
    assert row["closing_reason"] == ("fewer_than_five_points" if len(gaps) < 5 else None)
    assert row["disadvantage"] == pytest.approx(gaps[-1])
    assert (row["points"], row["first_period"]) == (len(gaps), "2019")
    assert row["disadvantage_at_first"] == pytest.approx(gaps[0])


def test_the_least_breakdown_is_a_status_each(small: SmallWarehouse) -> None:
    small.add("registry.breakdown", indicator_slug="lipid_lowering_therapy",
              breakdown="ethnicity", wording="Ethnic group", one_sex=False)  # fmt: skip
    quintiles(small, "lipid_lowering_therapy", STATINS)
    for sex in ("Female", "Male"):
        small.fact("smoking_prevalence", 2024, 12, sex=sex)
    small.derive("inequality")
    rows = small.derive("minimum_breakdown")
    found = {(r["indicator_slug"], r["breakdown"]): r["status"] for r in rows}
    assert found["lipid_lowering_therapy", "deprivation"] == "nation_only"
    assert found["lipid_lowering_therapy", "ethnicity"] == "published_not_taken"
    assert found["smoking_prevalence", "sex"] == "places"
    assert found["smoking_prevalence", "deprivation"] == "none_known"
    assert found["asthma_admissions_under_19", "age"] == "one_group"
    assert found["smi_annual_health_checks", "sex"] == "no_data"


def test_every_clinical_area_has_a_row_for_each_of_the_four(small: SmallWarehouse) -> None:
    rows = small.derive("minimum_breakdown")
    areas = {r["theme"] for r in rows if r["programme"].startswith("core20plus5")}
    assert len(areas) == 11
    for area in areas:
        assert {r["breakdown"] for r in rows if r["theme"] == area} == {
            "deprivation", "ethnicity", "age", "sex"
        }  # fmt: skip


def denominators(small: SmallWarehouse) -> dict[tuple[str, str], tuple[str | None, str]]:
    small.derive("inequality")
    return {
        (r["indicator_slug"], r["breakdown"]): (r["denominator_mart"], r["denominator_note"])
        for r in small.derive("minimum_breakdown") if r["measure"] == "main"
    }  # fmt: skip


def residents(small: SmallWarehouse, **more: Any) -> None:
    row = {
        "sex": "Persons",
        "age_band": "15-19",
        "population_base": "census_2021",
        "imd_vintage": 2025,
    }
    small.add("marts.core20_cohort", area_type="place", area_code=PLACE, core20=True, people=10,
              **{**row, **more})  # fmt: skip


def test_each_breakdown_has_the_residents_that_this_release_has(small: SmallWarehouse) -> None:
    residents(small)
    residents(small, imd_vintage=2019, population_base="mid_2020")
    # The nation alone is no denominator for Places.
    small.add("marts.core20_ethnicity", area_type="nation", area_code=NATION,
              population_base="census_2021")  # fmt: skip
    found = denominators(small)
    assert found["self_harm_15_19", "deprivation"] == (
        "core20_cohort",
        "Residents in Core20 and outside it, by five-year age band, Census 2021 or mid-2020 estimates. "
        "The measure is of ages 15-19 yrs, which whole bands make up. "
        "The register has the measure divided by residents.",
    )
    mart, note = found["self_harm_15_19", "ethnicity"]
    assert mart is None
    assert note.startswith(
        "This release has no residents of its Places by ethnic group, as Census table TS021"
    )
    assert found["self_harm_15_19", "sex"][0] is None
    assert found["self_harm_15_19", "age"] == (
        None, "None is needed: the measure is of one such group by definition.",
    )  # fmt: skip


def test_residents_by_ethnic_group_are_of_all_ages(small: SmallWarehouse) -> None:
    small.add("marts.core20_ethnicity", area_type="place", area_code=PLACE,
              population_base="census_2021")  # fmt: skip
    found = denominators(small)
    assert found["self_harm_15_19", "ethnicity"] == (
        "core20_ethnicity",
        "Residents of all ages by five broad ethnic groups, Census 2021. "
        "The measure is of ages 15-19 yrs, so rates by it would need counts of that age. "
        "The register has the measure divided by residents.",
    )
    assert {mart for (_, breakdown), (mart, _) in found.items() if breakdown != "ethnicity"} == {
        None
    }


def test_women_and_men_are_a_denominator_where_they_are_counted(small: SmallWarehouse) -> None:
    residents(small, sex="Female", imd_vintage=2019, population_base="mid_2020")
    mart, note = denominators(small)["loneliness", "sex"]
    assert mart == "core20_cohort"
    assert note.startswith("Residents by sex and five-year age band, mid-2020 estimates. ")


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        # Divided by people who are declared, and no residents as such.
        (
            "gld_reception",
            "Children with an assessment in the Early Years Foundation Stage Profile",
        ),
        ("fuel_poverty", '"All households, modelled", not by residents as such'),
        ("unemployment_16_64", "ages 16-64 yrs, which whole bands do not make up"),
        # Only a unit is declared.
        ("smoking_prevalence", 'whose unit is "percent of adults"; nobody has checked'),
        ("preventable_cardiovascular_mortality", "It is standardised for age"),
        # No share of anybody.
        ("attainment8", "The measure is no count divided by people"),
        ("life_expectancy", "The measure is no count divided by people"),
        ("smoking_at_delivery", "It is of one sex."),
    ],
)
def test_the_note_says_what_the_registry_knows_of_the_denominator(
    small: SmallWarehouse, slug: str, said: str
) -> None:
    residents(small)
    small.add("registry.breakdown", indicator_slug="smoking_at_delivery", one_sex=True)
    mart, note = denominators(small)[slug, "deprivation"]
    assert mart == "core20_cohort"
    assert said in note
