"""What the truths say, worked out again from the written files alone."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from beacon.sample.sizes import SMALL
from beacon.sample.world import build_world, decile_of_rank
from tests.unit.sample.conftest import Sample
from tests.unit.sample.test_formats import IMD19, IMD25

BOTTOM_TIER = {"Z06", "Z07", "Z08"}


def read_imd(path: Path) -> pl.DataFrame:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(1).to_python()[1:]
    names = ["code", "name", "lad", "lad_name", "rank", "decile"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col("rank", "decile").cast(pl.Int64)
    )


def read_fingertips(sample: Sample, indicator: int) -> pl.DataFrame:
    (path,) = (sample.root / "fingertips").glob(f"FICTIONAL_{indicator}_*.csv")
    frame = pl.read_csv(path, infer_schema=False)
    numeric = [c for c in frame.columns if "CI" in c or c in ("Value", "Count", "Denominator")]
    return frame.with_columns(pl.col(numeric).cast(pl.Float64))


@pytest.fixture(scope="module")
def imd(sample: Sample) -> dict[int, pl.DataFrame]:
    """IMD with people and ICB, by vintage, joined from the files."""
    lookups = sample.root / "lookups"
    census = (sample.root / "population").glob("*TS007A*.csv")
    text = next(census).read_text().split("\n")
    body = "\n".join([text[5], *text[7:]]).rstrip("\n")
    people21 = pl.read_csv(body.encode()).select(code="mnemonic", people="Total")
    sape = next((sample.root / "population").glob("*SAPE*.csv.gz"))
    people11 = pl.read_csv(gzip.decompress(sape.read_bytes())).select(
        code="lsoa11_code", people="total_population"
    )
    icb21 = pl.read_csv(lookups / "FICTIONAL_LSOA21_SICBL24_ICB24_EN_LU.csv").select(
        code="LSOA21CD", icb="ICB24CD"
    )
    icb11 = pl.read_csv(lookups / "FICTIONAL_LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv").select(
        code="LSOA11CD", icb="ICB22CD"
    )
    joined = {
        2025: (read_imd(sample.root / IMD25), people21, icb21),
        2019: (read_imd(sample.root / IMD19), people11, icb11),
    }
    return {
        vintage: ranks.join(people, on="code", validate="1:1").join(icb, on="code", validate="1:1")
        for vintage, (ranks, people, icb) in joined.items()
    }


@pytest.mark.parametrize("vintage", [2025, 2019])
def test_ranks_are_a_permutation_and_deciles_follow_from_them(
    imd: dict[int, pl.DataFrame], vintage: int
) -> None:
    frame = imd[vintage]
    areas = frame.height
    assert sorted(frame["rank"].to_list()) == list(range(1, areas + 1))
    expected = [-(-rank * 10 // areas) for rank in frame["rank"].to_list()]
    assert frame["decile"].to_list() == expected


def test_the_decile_rule_has_no_rounding_edge_at_the_real_sizes() -> None:
    for areas, core20 in ((33_755, 6_751), (32_844, 6_568)):
        decile = decile_of_rank(np.arange(1, areas + 1), areas)
        assert int((decile <= 2).sum()) == core20  # published counts of Core20 LSOAs
        assert set(decile.tolist()) == set(range(1, 11))


@pytest.mark.parametrize("vintage", [2025, 2019])
def test_core20_truths(sample: Sample, imd: dict[int, pl.DataFrame], vintage: int) -> None:
    frame = imd[vintage]
    truths = [t for t in sample.truths.core20 if t.imd_vintage == vintage]
    assert len(truths) == 9 + SMALL.icbs + 1
    for truth in truths:
        here = frame.filter(
            (pl.col("lad") == truth.area_code)
            | (pl.col("icb") == truth.area_code)
            | (pl.lit(truth.area_code) == sample.truths.nation_code)
        )
        core = here.filter(pl.col("decile") <= 2)
        assert (here.height, core.height) == (truth.lsoas, truth.core20_lsoas)
        assert (here["people"].sum(), core["people"].sum()) == (truth.people, truth.core20_people)
        assert truth.core20_share == pytest.approx(truth.core20_people / truth.people, abs=0)
    if vintage == 2025:
        shares = [sample.truths.core20_of(c, 2025).core20_share for c in sample.truths.place_codes]
        assert min(shares) < 0.10
        assert max(shares) > 0.40


def test_asking_for_a_core20_truth_that_is_not_there(sample: Sample) -> None:
    with pytest.raises(KeyError, match="Z99000001 on IMD 2025"):
        sample.truths.core20_of("Z99000001", 2025)


def test_every_change_indicator_occurs_and_the_crosswalk_is_complete(
    sample: Sample, imd: dict[int, pl.DataFrame]
) -> None:
    frame = pl.read_csv(sample.root / "lookups/FICTIONAL_LSOA11_LSOA21_LAD22_EW_LU.csv")
    counted = dict(frame["CHGIND"].value_counts().iter_rows())
    assert counted == sample.truths.boundary_changes
    assert all(counted[k] > 0 for k in "USMX")
    assert set(frame["LSOA11CD"]) == set(imd[2019]["code"])
    assert set(frame["LSOA21CD"]) == set(imd[2025]["code"])
    assert frame.select("LSOA11CD", "LSOA21CD").is_duplicated().sum() == 0
    both = frame.with_columns(of11=pl.len().over("LSOA11CD"), of21=pl.len().over("LSOA21CD"))
    rule = {
        "U": (pl.col("of11") == 1) & (pl.col("of21") == 1),
        "S": (pl.col("of11") == 2) & (pl.col("of21") == 1),
        "M": (pl.col("of11") == 1) & (pl.col("of21") == 2),
    }
    for kind, holds in rule.items():
        assert both.filter((pl.col("CHGIND") == kind) & ~holds).height == 0, kind
    same = frame.filter(pl.col("CHGIND") == "U")
    assert (same["LSOA11CD"] == same["LSOA21CD"]).all()
    changed = frame.filter(pl.col("CHGIND") != "U")
    assert not set(changed["LSOA21CD"]) & set(frame["LSOA11CD"])
    in_footprint = changed.filter(pl.col("LAD22CD").is_in(sample.truths.place_codes))
    assert set(in_footprint["CHGIND"]) == {"S", "M", "X"}


def test_the_two_vintages_agree_but_are_not_the_same(imd: dict[int, pl.DataFrame]) -> None:
    both = imd[2025].join(imd[2019], on="code")
    agreement = np.corrcoef(both["rank"], both["rank_right"])[0, 1]
    assert 0.85 < agreement < 0.99


def test_people_by_age_add_up_to_the_total(sample: Sample) -> None:
    census = next((sample.root / "population").glob("*TS007A*.csv")).read_text().split("\n")
    rows = [line.split(",") for line in census[7:-4]]
    assert len(rows) == SMALL.nation_lsoas
    for row in rows:
        assert int(row[2]) == sum(map(int, row[3:]))
        assert 1_200 <= int(row[2]) <= 2_200
    sape = next((sample.root / "population").glob("*SAPE*.csv.gz"))
    frame = pl.read_csv(gzip.decompress(sape.read_bytes()))
    assert (
        frame.select(pl.sum_horizontal(frame.columns[3:])).to_series() == frame["total_population"]
    ).all()
    assert frame.columns[3] == "0"
    assert frame.columns[-1] == "90+"
    assert int(min(frame.select(pl.min_horizontal(frame.columns[3:])).to_series())) >= 0


def test_nine_sub_icbs_are_not_the_nine_places(sample: Sample) -> None:
    icb = pl.read_csv(sample.root / "lookups/FICTIONAL_LSOA21_SICBL24_ICB24_EN_LU.csv")
    lad = pl.read_csv(sample.root / "lookups/FICTIONAL_LSOA21_WD24_LAD24_EW_LU.csv")
    pairs = (
        icb.join(lad, on="LSOA21CD")
        .filter(pl.col("ICB24CD") == sample.truths.icb_code)
        .select("SICBL24CD", "LAD24CD")
        .unique()
    )
    assert pairs["SICBL24CD"].n_unique() == pairs["LAD24CD"].n_unique() == 9
    assert pairs.height == 10


@pytest.mark.parametrize("sex", ["Female", "Male"])
def test_the_national_slope_index_is_exact_in_every_period(sample: Sample, sex: str) -> None:
    frame = read_fingertips(sample, 90366).filter(
        pl.col("Category").is_not_null() & (pl.col("Sex") == sex) & pl.col("Parent Code").is_null()
    )
    middle = np.arange(0.05, 1.0, 0.1)
    assert frame["Time period"].n_unique() == SMALL.rolling_periods
    for period in frame["Time period"].unique():
        values = frame.filter(pl.col("Time period") == period)["Value"].to_numpy()
        slope, _ = np.polyfit(middle, values, 1)
        assert slope == pytest.approx(sample.truths.life_expectancy_sii_nation[sex], abs=1e-9)
        assert np.ptp(np.diff(values)) < 1e-9
    whole = read_fingertips(sample, 92901).filter(
        (pl.col("Area Code") == sample.truths.nation_code) & (pl.col("Sex") == sex)
    )
    assert set(whole["Value"]) == {sample.truths.life_expectancy_sii_nation[sex]}


@pytest.mark.parametrize("sex", ["Female", "Male"])
def test_the_slope_over_the_nine_places_is_exact(
    sample: Sample, imd: dict[int, pl.DataFrame], sex: str
) -> None:
    places = (
        imd[2025]
        .filter(pl.col("lad").is_in(sample.truths.place_codes))
        .group_by("lad")
        .agg(
            people=pl.col("people").sum(),
            share=pl.col("people").filter(pl.col("decile") <= 2).sum() / pl.col("people").sum(),
        )
        .sort("share", descending=True)
        .with_columns(
            position=(pl.col("people").cum_sum() - pl.col("people") / 2) / pl.col("people").sum()
        )
    )
    written = dict(places.select("lad", "position").iter_rows())
    assert written == pytest.approx(sample.truths.place_position, abs=1e-12)
    le = read_fingertips(sample, 90366).filter(pl.col("Sex") == sex)
    for period in le["Time period"].unique():
        joined = places.join(
            le.filter(pl.col("Time period") == period), left_on="lad", right_on="Area Code"
        )
        weight = np.sqrt(joined["people"].to_numpy())
        slope, _ = np.polyfit(
            joined["position"].to_numpy(), joined["Value"].to_numpy(), 1, w=weight
        )
        assert slope == pytest.approx(sample.truths.life_expectancy_sii_places[sex], abs=1e-4)


def test_fingertips_truths_are_what_the_files_say(sample: Sample) -> None:
    for planted in sample.truths.fingertips:
        frame = read_fingertips(sample, planted.indicator)
        missing = frame.filter(pl.col("Value").is_null())
        said = {(m["area_code"], m["sex"], m["period"], m["note"] or None) for m in planted.missing}
        found = set(missing.select("Area Code", "Sex", "Time period", "Value note").iter_rows())
        assert found == said, planted.indicator
        assert missing.filter(pl.col("Lower CI 95.0 limit").is_not_null()).height == 0
        latest = frame.filter(
            (pl.col("Time period") == planted.latest) & pl.col("Category").is_null()
        )
        for sex, places in planted.places.items():
            rows = {r["Area Code"]: r for r in latest.filter(pl.col("Sex") == sex).to_dicts()}
            nation = rows[sample.truths.nation_code]["Value"]
            assert nation == planted.nation[sex]
            for code, value in places.items():
                row = rows[code]
                assert row["Value"] == value
                verdict = planted.judgement[sex][code]
                assert row["Compared to England value or percentiles"].removesuffix(" 95%") == (
                    verdict
                )
                if verdict in ("Better", "Worse"):
                    low, high = row["Lower CI 95.0 limit"], row["Upper CI 95.0 limit"]
                    assert not low <= nation <= high
                elif verdict == "Similar":
                    assert row["Lower CI 95.0 limit"] <= nation <= row["Upper CI 95.0 limit"]


def test_planted_classes_follow_deprivation_with_one_exception(sample: Sample) -> None:
    order = sorted(sample.truths.place_codes, key=lambda c: sample.truths.place_position[c])
    by_id = {p.indicator: p.judgement for p in sample.truths.fingertips}
    expected = ["Worse"] * 3 + ["Similar"] * 3 + ["Better"] * 3
    for indicator in (93014, 93015, 92443, 93439, 93701, 90631):
        assert [by_id[indicator]["Persons"][c] for c in order] == expected, indicator
    outlier = sample.truths.positive_outlier
    assert outlier["place"] == order[0]
    assert [by_id[outlier["indicator"]]["Persons"][c] for c in order] == ["Better", *expected[1:]]


def test_counts_give_the_values(sample: Sample) -> None:
    for indicator in (93436, 93701, 90631):
        frame = read_fingertips(sample, indicator).drop_nulls(["Value"])
        implied = 100 * frame["Count"] / frame["Denominator"]
        assert (implied - frame["Value"]).abs().max() < 1e-5
    rate = read_fingertips(sample, 92796).drop_nulls(["Value"])
    assert (rate["Count"] % 5).sum() == 0
    events = rate["Value"] * rate["Denominator"] / 100_000
    assert (events - rate["Count"]).abs().max() <= 2.5 + 1e-6


def test_the_planted_trend_rises_steadily_and_the_flat_place_does_not(sample: Sample) -> None:
    trend = sample.truths.trend
    frame = read_fingertips(sample, trend["indicator"])
    rising = frame.filter(pl.col("Area Code") == trend["rising_place"])["Value"]
    flat = frame.filter(pl.col("Area Code") == trend["flat_place"])["Value"]
    steps = rising.diff().drop_nulls()
    assert (steps - trend["points_per_year"]).abs().max() < 0.1  # whole children
    assert flat.n_unique() == 1


def test_cancelled_years_have_no_rows(sample: Sample) -> None:
    periods = set(read_fingertips(sample, 90631)["Time period"])
    assert {"2018/19", "2021/22"} <= periods
    assert not {"2019/20", "2020/21"} & periods


def test_els_truths(sample: Sample) -> None:
    for path in (sample.root / "ons_els").glob("*.csv"):
        figures = dict.fromkeys(("observation", "lci_95", "uci_95"), pl.Float64)
        frame = pl.read_csv(path, infer_schema_length=None, schema_overrides=figures)
        for (measure,), rows in frame.group_by("indicator"):
            latest = rows.filter(pl.col("period") == pl.col("period").max())
            values = dict(latest.select("areacd", "observation").iter_rows())
            truth = sample.truths.els[str(measure)]
            assert {code: values[code] for code in truth} == truth
            marked = rows.filter(pl.col("status").is_not_null())
            assert marked["observation"].null_count() == marked.height
            assert rows["observation"].null_count() == marked.height
            limited = rows.drop_nulls(["lci_95"])
            assert (limited["lci_95"] <= limited["observation"]).all()
            assert (limited["observation"] <= limited["uci_95"]).all()


def test_dfe_truths(sample: Sample) -> None:
    folder = sample.root / "dfe"
    early = pl.read_csv(folder / "FICTIONAL_EYFSP_APS_GLD_ELG_EXP_2013_2019.csv")
    total = early.filter((pl.col("gender") == "Total") & (pl.col("time_period") == 201819))
    gld = dict(total.select("new_la_code", "gld_percent").iter_rows())
    assert {c: gld[c] for c in sample.truths.place_codes} == sample.truths.dfe["gld_percent"]
    for year in early["time_period"].unique():
        rows = early.filter(pl.col("time_period") == year)
        whole = rows.filter(
            (pl.col("geographic_level") == "National") & (pl.col("gender") == "Total")
        )["gld_number"].item()
        parts = rows.filter(
            (pl.col("geographic_level") == "Local Authority") & (pl.col("gender") != "Total")
        )["gld_number"].sum()
        assert whole == parts

    level2 = pl.read_csv(folder / "FICTIONAL_L2_L3_attainment_age19_LA_Dashboard_2022.csv")
    everyone = level2.filter(pl.all_horizontal(pl.col("gender", "fsm", "sen") == "ALL"))
    real = everyone.filter(pl.col("cohort_19_in") == 2022)
    rate = dict(real.select("la_code_9", "l2_by19_rate").iter_rows())
    assert {c: rate[c] for c in sample.truths.place_codes} == sample.truths.dfe["l2_by19_rate"]
    later = everyone.filter(pl.col("cohort_19_in") > 2022)
    assert later["l2_by19"].sum() == 0
    assert later["number_in_ss_cohort"].min() > 0

    neet = pl.read_csv(
        folder / "FICTIONAL_UD_NEETNK_LA_dashboard_final.csv", infer_schema_length=None
    )
    planted = sample.truths.dfe["NEET_not_known_percent"]
    found = dict(neet.select("new_la_code", "NEET_not_known_percent").iter_rows())
    assert {c: found[c] for c in planted} == planted
    assert (
        neet["NEET_not_known_percent"] - neet["NEET_percent"] - neet["Notknown_percent"]
    ).abs().max() < 1e-9


def test_fuel_poverty_truths(sample: Sample, imd: dict[int, pl.DataFrame]) -> None:
    path = next((sample.root / "other_official").glob("*fuel-poverty*.xlsx"))
    book = CalamineWorkbook.from_path(path)
    rows = book.get_sheet_by_name("Table 3").to_python()
    names = ["code", "name", "lad", "lad_name", "region", "households", "poor", "percent"]
    lsoas = pl.DataFrame(rows[3:-3], schema=names, orient="row").join(
        imd[2019].select("code", "decile"), on="code", validate="1:1"
    )
    assert lsoas.height == imd[2019].height
    implied = 100 * lsoas["poor"] / lsoas["households"]
    assert (implied - lsoas["percent"]).abs().max() < 1e-9
    authorities = {row[0]: row[4:6] for row in book.get_sheet_by_name("Table 2").to_python()[3:-3]}
    assert len(sample.truths.fuel_poverty) == 10
    for truth in sample.truths.fuel_poverty:
        whole = pl.lit(truth.area_code == sample.truths.nation_code)
        here = lsoas.filter((pl.col("lad") == truth.area_code) | whole)
        core = here.filter(pl.col("decile") <= 2)
        assert (here["households"].sum(), here["poor"].sum()) == (
            truth.households,
            truth.fuel_poor,
        )
        assert (core["households"].sum(), core["poor"].sum()) == (
            truth.core20_households,
            truth.core20_fuel_poor,
        )
        assert authorities[truth.area_code] == [truth.households, truth.fuel_poor]


def test_temporary_accommodation_truths(sample: Sample) -> None:
    path = next((sample.root / "other_official").glob("*Detailed_LA*.ods"))
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("TA1_").to_python()
    by_code = {row[0]: row for row in rows[7:] if row[0]}
    truths = sample.truths.temporary_accommodation
    assert len(truths) == 10
    for truth in truths:
        row = by_code[truth.area_code]
        if truth.households is None:
            assert set(row[6:]) == {"..", ""}
            continue
        assert (row[4], row[6]) == (truth.households, truth.per_1000)
        kinds = sum(row[c] for c in (10, 16, 19, 22, 25, 28))
        if truth.area_code == sample.truths.nation_code:
            assert row[4] % 10 == 0
        else:
            assert kinds == row[4]
            assert row[6] == pytest.approx(row[4] / row[5])
    assert [t.area_code for t in truths if t.households is None] == ["Z08000003"]
    authorities = [row for row in by_code.values() if row[4] != ".." and row[0][:3] in BOTTOM_TIER]
    assert len(authorities) == sample.truths.authorities - 1
    withheld = [row for row in authorities if row[11] == "-"]
    assert all(row[10] < 5 for row in withheld)
    assert all(row[10] >= 5 for row in authorities if row[11] != "-")


def test_codes_and_areas_do_not_move_with_the_seed() -> None:
    one, two = build_world(1, SMALL), build_world(2, SMALL)
    assert one.authorities.code == two.authorities.code
    assert one.authorities.name == two.authorities.name
    assert one.icb_names == two.icb_names


def _of_networks(sample: Sample, sheet: str) -> pd.DataFrame:
    rows = pd.read_excel(
        sample.root / "gp/FICTIONAL_ePCN.xlsx", sheet_name=sheet, engine="calamine"
    )
    return rows.rename(columns=lambda name: " ".join(name.split()))


def test_networks_are_the_patients_of_their_practices(sample: Sample) -> None:
    rows = _of_networks(sample, "PCN Core Partner Details")
    current = rows[rows["Practice to PCN Relationship End Date"].isna()]
    assert current["Partner Organisation Code"].is_unique
    (patients,) = (sample.root / "gp").glob("*lsoa-all.csv")
    (imd,) = sample.root.glob("imd2025/*File_7*.csv")
    placed = (
        pd.read_csv(patients)
        .merge(pd.read_csv(imd), left_on="LSOA_CODE", right_on="LSOA code (2021)")
        .merge(current, left_on="PRACTICE_CODE", right_on="Partner Organisation Code")
    )
    (decile,) = placed.filter(regex=r"\(IMD\) Decile").columns
    truths = {network.pcn_code: network for network in sample.truths.networks}
    assert set(truths) == set(current["PCN Code"])
    for code, here in placed.groupby("PCN Code"):
        truth = truths[code]
        assert truth.practices == here.PRACTICE_CODE.nunique() <= 6
        assert truth.patients_with_lsoa == here.NUMBER_OF_PATIENTS.sum()
        assert truth.patients_core20 == here[here[decile] <= 2].NUMBER_OF_PATIENTS.sum()


def test_the_workbook_of_networks_has_a_move_a_return_and_a_closure(sample: Sample) -> None:
    networks = _of_networks(sample, "PCNDetails")
    (closed,) = networks[networks["Close Date"].notna()]["PCN Code"]
    assert closed not in {network.pcn_code for network in sample.truths.networks}
    rows = _of_networks(sample, "PCN Core Partner Details")
    times = rows.groupby("Partner Organisation Code")["PCN Code"].agg(["nunique", "size"])
    # Six were in the closed network and one in the one before its own; one came back to its own.
    assert (times["nunique"] == 2).sum() == 7
    assert ((times["nunique"] == 1) & (times["size"] == 2)).sum() == 1
