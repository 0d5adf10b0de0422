"""What each connector knows of its publisher beyond HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from beacon.fetch.client import HttpClient
from beacon.fetch.connectors import CONNECTORS
from beacon.fetch.fetch_errors import FetchError, NotConfiguredError
from beacon.fetch.hosts import load_hosts
from beacon.fetch.tasks import Arrived, Context, Nothing, Retrieved, Unchanged
from beacon.fetch.web_page import edition_of
from beacon.ingest.landing_store import LandingStore
from beacon.registry.fetch import EesFetch, Fetch, StatXploreFetch
from beacon.registry.sources import DatasetSpec
from beacon.sources.page_archive import read_index, read_pages
from tests.integration.fetch.conftest import Bench, FakeClock, whole_register
from tests.replicas.server import Answer, Request, as_json, edited, times
from tests.replicas.world import World

Run = Callable[..., list[Any]]


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient("tests", clock=FakeClock()) as opened:
        yield opened


@pytest.fixture
def run(client: HttpClient, world: World, tmp_path: Path) -> Run:
    """Runs a dataset's connector and gives the outcome of each of its tasks."""

    def runs(
        key: str, fetch: Fetch | None = None, previous: Retrieved | None = None, **context: Any
    ) -> list[Any]:
        spec = whole_register().datasets[key]
        if fetch is not None:
            dataset = spec.dataset.model_copy(update={"fetch": fetch})
            spec = DatasetSpec(source=spec.source, dataset=dataset)
        given = Context(client, load_hosts(world.base_urls), **context)
        assert spec.dataset.fetch is not None
        tasks = CONNECTORS[spec.dataset.fetch.kind](given, spec)
        return [task.run(previous, tmp_path) for task in tasks]

    return runs


def held(outcome: Arrived) -> Retrieved:
    received = outcome.received
    return Retrieved(
        "name", "key", outcome.path.name, received.url, received.final_url, 200,
        received.headers, received.sha256, received.size_bytes, "", "", outcome.signal,
    )  # fmt: skip


# ArcGIS


@pytest.mark.parametrize(
    ("key", "service"),
    [
        ("ons_open_geography/lsoa21_ward24", "LSOA21_WD24_LAD24_EW_LU"),
        (
            "ons_boundaries/lsoa21",
            "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BSC_V4",
        ),
    ],
)
def test_arcgis_pages_until_no_more_is_announced(
    run: Run, world: World, key: str, service: str
) -> None:
    """`exceededTransferLimit` stands at the top in JSON and under `properties` in GeoJSON."""
    (outcome,) = run(key)
    assert len(list(read_pages(outcome.path))) == 4
    assert read_index(outcome.path).records == 1800
    offsets = [r.query["resultOffset"] for r in world.arcgis.requests if "outFields" in r.query]
    assert offsets == ["0", "500", "1000", "1500"]
    assert all("orderByFields" in r.query for r in world.arcgis.requests if "outFields" in r.query)


def test_arcgis_goes_on_when_a_page_is_shorter_than_asked(run: Run, world: World) -> None:
    world.arcgis.most_records = 700
    metadata = edited(
        lambda body: body.replace(b'"maxRecordCount": 700', b'"maxRecordCount": 2000')
    )
    with world.arcgis.failing(metadata):
        (outcome,) = run("ons_open_geography/lsoa21_ward24")
    assert len(list(read_pages(outcome.path))) == 3


def test_arcgis_equal_layers_give_equal_bytes(run: Run, world: World) -> None:
    (first,) = run("ons_open_geography/lsoa21_ward24")
    before = first.path.read_bytes()
    (second,) = run("ons_open_geography/lsoa21_ward24")
    assert second.path.read_bytes() == before


def test_arcgis_asks_for_no_page_of_a_layer_that_was_not_edited(run: Run, world: World) -> None:
    (first,) = run("ons_open_geography/lsoa21_ward24")
    world.arcgis.requests.clear()
    assert run("ons_open_geography/lsoa21_ward24", previous=held(first)) == [Unchanged()]
    assert len(world.arcgis.requests) == 1


def test_arcgis_an_error_inside_200_is_said(run: Run, world: World) -> None:
    del world.arcgis.layers["LSOA21_WD24_LAD24_EW_LU"]
    with pytest.raises(FetchError, match="answered 200 with an error 400: Invalid URL"):
        run("ons_open_geography/lsoa21_ward24")


def test_arcgis_an_overload_inside_200_is_asked_again(run: Run, world: World) -> None:
    busy = as_json({"error": {"code": 504, "message": "Your request has timed out."}})
    with world.arcgis.failing(times(2, lambda _request, _answer: busy)):
        (outcome,) = run("ons_open_geography/lsoa21_ward24")
    assert read_index(outcome.path).records == 1800


# Fingertips


def test_fingertips_asks_for_one_indicator_at_a_time(run: Run, world: World) -> None:
    """Ids after the hundredth are dropped in silence, so no request holds more than one."""
    many = frozenset(str(number) for number in range(90_000, 90_150)) | {"93014", "92443"}
    outcomes = run("fingertips/indicator", wanted=many)
    asked = [
        r.query["indicator_ids"] for r in world.fingertips.requests if "indicator_ids" in r.query
    ]
    assert asked == ["92443", "93014"]
    assert sum(isinstance(outcome, Nothing) for outcome in outcomes) == 150


def test_fingertips_asks_again_only_after_a_change(run: Run, world: World) -> None:
    wanted = frozenset({"93014"})
    (first,) = run("fingertips/indicator", wanted=wanted)
    world.fingertips.requests.clear()
    assert run("fingertips/indicator", previous=held(first), wanted=wanted) == [Unchanged()]
    assert [r.path for r in world.fingertips.requests] == ["/api/data_changes"]
    world.fingertips.exports["93014"] += b""
    world.fingertips.exports["93014"] = world.fingertips.exports["93014"].replace(b"63.", b"62.")
    assert isinstance(run("fingertips/indicator", previous=held(first), wanted=wanted)[0], Arrived)


def test_fingertips_a_renamed_indicator_is_refused(run: Run) -> None:
    with pytest.raises(FetchError, match="now named 'Percentage of physically active adults'"):
        run(
            "fingertips/indicator",
            wanted=frozenset({"93014"}),
            names={"93014": "ASQ-3 coverage"},
        )


def test_fingertips_another_indicator_is_refused(run: Run, world: World) -> None:
    world.fingertips.exports["93014"] = world.fingertips.exports["93015"]
    with pytest.raises(FetchError, match="answered with indicator 93015 instead"):
        run("fingertips/indicator", wanted=frozenset({"93014"}))


# GOV.UK


def test_gov_uk_a_correction_is_found_though_the_old_file_still_answers(
    run: Run, world: World
) -> None:
    (first,) = run("mhclg_iod2025/file_1")
    page = "government/statistics/english-indices-of-deprivation-2025"
    name, body = world.gov_uk.pages[page][0]
    world.gov_uk.correct(page, name, body + b"corrected")
    (second,) = run("mhclg_iod2025/file_1", previous=held(first))
    assert second.received.url != first.received.url
    assert second.path.read_bytes().endswith(b"corrected")


def test_gov_uk_an_unchanged_file_is_confirmed(run: Run) -> None:
    (first,) = run("mhclg_iod2025/file_1")
    assert run("mhclg_iod2025/file_1", previous=held(first)) == [Unchanged()]


def test_gov_uk_the_best_of_several_files_of_an_edition_is_taken(run: Run, world: World) -> None:
    page = "government/statistical-data-sets/live-tables-on-homelessness"
    names = [
        "Detailed_LA_202212.ods",
        "Statutory_Homelessness_Detailed_Local_Authority_Data_202303.ods",
        "Statutory_Homelessness_Detailed_Local_Authority_Data_202303_revised.ods",
        "Statutory_Homelessness_Detailed_Local_Authority_Data_202303_corrected.ods",
        "Statutory_Homelessness_Detailed_Local_Authority_Data_202303_MDIS.ods",
        "StatHomeless_202303.ods",
    ]
    world.gov_uk.pages[page] = [(name, name.encode()) for name in names]
    outcomes = run("mhclg_homelessness/detailed_la")
    assert [outcome.path.name for outcome in outcomes] == [names[0], names[3]]


def test_gov_uk_a_page_without_the_file_is_said(run: Run, world: World) -> None:
    world.gov_uk.pages["government/statistics/english-indices-of-deprivation-2025"] = []
    with pytest.raises(FetchError, match=r"offers no file that matches .* among its 0"):
        run("mhclg_iod2025/file_1")


def test_gov_uk_a_file_name_is_never_a_path(run: Run, world: World, tmp_path: Path) -> None:
    lies = edited(
        lambda body: body.replace(
            b'"filename": "FICTIONAL_File_1', b'"filename": "../../FICTIONAL_File_1'
        )
    )
    with world.gov_uk.failing(lies):
        (outcome,) = run("mhclg_iod2025/file_1")
    assert outcome.path.parent == tmp_path


def test_gov_uk_a_withdrawn_page_is_said(run: Run, world: World) -> None:
    withdrawn = edited(
        lambda body: body.replace(
            b'"withdrawn_notice": {}', b'"withdrawn_notice": {"explanation": "w"}'
        )
    )
    with world.gov_uk.failing(withdrawn), pytest.raises(FetchError, match="withdrawn"):
        run("mhclg_iod2025/file_1")


# Nomis


def test_nomis_goes_on_past_the_silent_cut(run: Run, world: World) -> None:
    (outcome,) = run("ons_census_2021/ts007a")
    assert [r.query["RecordOffset"] for r in world.nomis.requests] == ["0", "25000"]
    assert read_index(outcome.path).records == 34_200


def test_nomis_an_account_gets_more_at_once_and_stays_unseen(run: Run, world: World) -> None:
    world.nomis.accounts.add("0xsecret")
    (outcome,) = run("ons_census_2021/ts007a", secrets={"nomis_uid": "0xsecret"})
    assert len(world.nomis.requests) == 1
    assert world.nomis.requests[0].query["uid"] == "0xsecret"
    assert "0xsecret" not in str(outcome)
    assert b"0xsecret" not in outcome.path.read_bytes()


# Explore Education Statistics

QUERY = {
    "criteria": {"and": [{"geographicLevels": {"eq": "Local Authority"}}]},
    "indicators": ["gld_percent"],
}


def _ees(world: World, query: dict[str, Any] | None) -> EesFetch:
    data_set = next(iter(world.ees.data_sets))
    return EesFetch(kind="ees", base="ees", data_set=data_set, query=query)


def test_ees_a_query_goes_by_post_under_and(run: Run, world: World) -> None:
    (outcome,) = run("dfe_eyfsp/aps_gld_elg", _ees(world, QUERY))
    posted = [r for r in world.ees.requests if r.method == "POST"]
    assert json.loads(posted[0].body)["criteria"] == QUERY["criteria"]
    assert read_index(outcome.path).records > 100


def test_ees_a_warning_fails(run: Run, world: World) -> None:
    query = {**QUERY, "criteria": {"and": [{"geographicLevels": {"eq": "Parish"}}]}}
    with pytest.raises(FetchError, match="warning: GeographicLevelsNotFound Parish"):
        run("dfe_eyfsp/aps_gld_elg", _ees(world, query))


def test_ees_an_unknown_indicator_fails(run: Run, world: World) -> None:
    with pytest.raises(FetchError, match=r"answered 400.*validation errors"):
        run("dfe_eyfsp/aps_gld_elg", _ees(world, {**QUERY, "indicators": ["zzzzz"]}))


def test_ees_rows_are_counted(run: Run, world: World) -> None:
    def lose(request: Request, answer: Answer) -> Answer:
        document = json.loads(answer.body)
        if request.method != "POST":
            return answer
        document["results"] = document["results"][:-1]
        return as_json(document)

    with world.ees.failing(lose), pytest.raises(FetchError, match=r"gave \d+ rows of the"):
        run("dfe_eyfsp/aps_gld_elg", _ees(world, QUERY))


def _pages_without_end(request: Request, answer: Answer) -> Answer:
    if request.path.endswith("/csv") or "paging" not in (document := json.loads(answer.body)):
        return answer
    # So that a loop without an end fails the test and does not hold it.
    asked = int(document["paging"]["page"])
    document["paging"]["totalPages"] = 1_000_000 if asked < 20 else 1
    return as_json(document)


def test_ees_an_empty_page_is_the_last(run: Run, world: World) -> None:
    with world.ees.failing(_pages_without_end):
        (outcome,) = run("dfe_eyfsp/aps_gld_elg", _ees(world, QUERY))
    posted = [r for r in world.ees.requests if r.method == "POST"]
    assert len(posted) == len(list(read_pages(outcome.path))) + 1
    world.ees.requests.clear()
    with world.ees.failing(_pages_without_end):
        run("dfe_eyfsp/aps_gld_elg")
    # A page of publications, one of its data sets, and the empty one after each.
    listed = [r for r in world.ees.requests if "publications" in r.path]
    assert len(listed) == 4


def test_ees_an_unchanged_version_is_not_fetched(run: Run, world: World) -> None:
    (first,) = run("dfe_eyfsp/aps_gld_elg", _ees(world, None))
    assert run("dfe_eyfsp/aps_gld_elg", _ees(world, None), previous=held(first)) == [Unchanged()]


def test_ees_a_withdrawn_data_set_names_its_successor(run: Run, world: World) -> None:
    entry = next(iter(world.ees.data_sets.values()))
    entry["status"] = "Withdrawn"
    with pytest.raises(FetchError, match="withdrawn"):
        run("dfe_eyfsp/aps_gld_elg", _ees(world, None))


def test_ees_a_publication_that_is_gone_is_said(run: Run, world: World) -> None:
    world.ees.data_sets.clear()
    with pytest.raises(FetchError, match="has no publication titled 'Early years"):
        run("dfe_eyfsp/aps_gld_elg")


# Stat-Xplore

TABLE = StatXploreFetch(
    kind="stat_xplore",
    base="stat_xplore",
    database="str:database:CILIF_ABS",
    measures=("str:count:CILIF_ABS:V_F_CILIF_ABS",),
    dimensions=(
        ("str:field:CILIF_ABS:V_F_CILIF_ABS:COA",),
        ("str:field:CILIF_ABS:F_CILIF_DATE:DATE_NAME",),
    ),
)


def test_stat_xplore_without_a_key_is_not_configured(run: Run, world: World) -> None:
    with pytest.raises(NotConfiguredError, match="BEACON_STAT_XPLORE_KEY"):
        run("dwp_cilif/local_authorities", TABLE)
    assert world.stat_xplore.requests == []


def test_stat_xplore_sends_the_key_as_a_header_only(run: Run, world: World) -> None:
    key = world.stat_xplore.key
    (outcome,) = run("dwp_cilif/local_authorities", TABLE, secrets={"stat_xplore_key": key})
    assert world.stat_xplore.requests[0].headers["apikey"] == key
    assert key not in str(outcome)
    assert key.encode() not in outcome.path.read_bytes()


def test_stat_xplore_a_wrong_key_is_a_refusal(run: Run) -> None:
    with pytest.raises(FetchError, match=r"answered 401.*Unauthorized"):
        run("dwp_cilif/local_authorities", TABLE, secrets={"stat_xplore_key": "wrong"})


# Web pages


@pytest.mark.parametrize(
    ("key", "members"),
    [
        ("nhs_gp_patients/by_lsoa", ["gp-reg-pat-prac-lsoa-all.csv"]),
        ("nhs_qof/prevalence", ["PREVALENCE_2425.csv"]),
        (
            "nhs_qof/achievement",
            [
                "ACHIEVEMENT_FICTIONAL_NORTH_MARCH_2425.csv",
                "ACHIEVEMENT_FICTIONAL_SOUTH_MARCH_2425.csv",
            ],
        ),
    ],
)
def test_members_of_the_newest_edition_are_taken_from_its_archive(
    run: Run, world: World, key: str, members: list[str]
) -> None:
    found = run(key)
    assert [outcome.path.name for outcome in found] == members
    archive = next(r.path for r in world.nhs_digital.requests if r.path.endswith(".zip"))
    for outcome, member in zip(found, members, strict=True):
        assert outcome.received.url == f"{world.nhs_digital.url}{archive}#{member}"
        stored = {k: v for part in world.nhs_digital.members.values() for k, v in part.items()}
        assert outcome.path.read_bytes() == stored[member]
    # Several members, one archive, one download.
    assert [r.path for r in world.nhs_digital.requests].count(archive) == 1


def test_an_address_that_is_held_is_not_asked_for_again(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("nhs_qof/achievement")
    assert at.run().said == ""
    world.nhs_digital.requests.clear()
    assert at.run(days=8).said == ""
    assert not [r for r in world.nhs_digital.requests if r.path.endswith(".zip")]
    members = world.nhs_digital.members["QOF2425.zip"]
    for name in members:
        members[name] = members[name].replace(b"NUMERATOR,1", b"NUMERATOR,0")
    before = at.current()
    assert at.run(days=8).said == ""
    assert set(at.current()) == set(before)
    assert at.current() != before


def test_a_page_that_no_longer_links_to_the_file_is_a_fault(run: Run, world: World) -> None:
    world.nhs_digital.pages = {page: ["/about"] for page in world.nhs_digital.pages}
    with pytest.raises(FetchError, match=r"has no link that matches .* among its 1"):
        run("nhs_qof/prevalence")


def test_a_link_to_another_host_is_not_followed(run: Run, world: World) -> None:
    for page, links in world.nhs_digital.pages.items():
        if links == ["QOF2425.zip"]:
            world.nhs_digital.pages[page] = ["http://localhost:9/QOF2425.zip"]
    with pytest.raises(FetchError, match="not among"):
        run("nhs_qof/prevalence")


def test_editions_are_told_by_year_and_month() -> None:
    addresses = ["/x/october-2025", "/x/january-2026", "/x/2023-24", "/x/about", "/x/april-2025"]
    assert sorted(addresses, key=edition_of, reverse=True) == [
        "/x/january-2026", "/x/october-2025", "/x/april-2025", "/x/2023-24", "/x/about",
    ]  # fmt: skip


# Files


def test_only_files_whose_series_are_used_are_asked_for(run: Run, world: World) -> None:
    run("ons_els/topic", wanted=frozenset({"Claimant Count"}))
    assert [r.path for r in world.ons_els.requests] == ["/claimant-count/claimant-count.csv"]


def test_bench_reads_what_a_publisher_sends_unchanged(
    bench: Callable[..., Bench], world: World
) -> None:
    """Landing keeps the publisher's own bytes."""
    at = bench("ons_els/topic", series=frozenset({"Claimant Count"}))
    (landed,) = at.run().in_use
    kept = LandingStore(at.workspace().home.landing).path_of(landed)
    assert kept.read_bytes() == world.ons_els.files["/claimant-count/claimant-count.csv"]
    sidecar = json.loads(Path(f"{kept}.landing.json").read_text("utf-8"))
    assert sidecar["origin"] == f"{world.ons_els.url}/claimant-count/claimant-count.csv"
    assert sidecar["headers"]["etag"].startswith('"')
    assert sidecar["headers"]["status"] == "200"
