"""The nightly job as Dagster runs it, on the sample."""

import re
import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.keys import (
    FACT,
    RELEASE,
    indicator_key,
    indicators,
    publisher_key,
    sources_in_use,
    table_key,
)
from assets.known_lineage import known_lineage
from assets.lineage import derive_lineage
from assets.metadata import STAGES, group
from beacon.contracts.sql_files import all_sql_tables, mart_names
from beacon.core.home import Home
from beacon.release.layout import latest_release, list_releases
from beacon.warehouse.indicator_rows import PUBLISHED
from pipelines.definitions import defs
from pipelines.instance import open_instance
from pipelines.nightly_run import run_config
from pipelines.schedules import nightly_schedule
from tests.fixtures.runs import assert_in_history, run_on_sample, settings_of


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict]:
    home = tmp_path_factory.mktemp("night") / "home"
    return Home(home), run_on_sample(home)


def test_a_night_publishes_one_release(night: tuple[Home, dict]) -> None:
    home, outcome = night
    assert outcome == {"success": True, "status": "published", "errors": []}
    release = latest_release(home)
    assert release is not None
    assert release.manifest["fictional"] is True
    assert release.manifest["checks"]["failed"] == []
    checked = sum(release.manifest["checks"]["by_severity"]["critical"].values())
    assert checked > len(all_sql_tables())


def test_a_second_identical_night_publishes_nothing_and_is_in_the_history(
    night: tuple[Home, dict],
) -> None:
    home, _ = night
    # That nothing is new is found out.
    outcome = run_on_sample(home.root)
    assert outcome["status"] == "unchanged"
    (release,) = list_releases(home)
    with open_instance(home) as instance:
        runs = instance.get_runs()
        assert [run.is_success for run in runs] == [True, True]
        assert_in_history(instance, release)


def test_row_counts_and_column_schemas_are_in_the_history(night: tuple[Home, dict]) -> None:
    home, _ = night
    with open_instance(home) as instance:
        event = instance.get_latest_materialization_event(table_key("marts.core20_cohort"))
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
    release = latest_release(home)
    assert release is not None
    rows = {mart["name"]: mart["rows"] for mart in release.manifest["marts"]}
    assert metadata["dagster/row_count"].value == rows["core20_cohort"]
    spec = defs.resolve_asset_graph().get(table_key("marts.core20_cohort"))
    schema = spec.metadata["dagster/column_schema"]
    assert {column.name for column in schema.columns} >= {"area_code", "people", "lsoas"}
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    assert lineage["people"] == [
        dg.TableColumnDep(asset_key=table_key("cohorts.core20_area"), column_name="people")
    ]


def test_groups_are_the_stages_of_the_flow() -> None:
    graph = defs.resolve_asset_graph()
    groups = {key: graph.get(key).group_name for key in graph.get_all_asset_keys()}
    # In the order of the UI's lists, which is that of the alphabet; people's tables come from the
    # secure home, beside the flow.
    assert sorted(set(groups.values())) == [*(group(stage) for stage in STAGES), "people"]
    for key, name in groups.items():
        if name == "people":
            assert {groups[parent] for parent in graph.get(key).parent_keys} <= {"people"}
            continue
        for parent in graph.get(key).parent_keys:
            assert groups[parent] == "people" or groups[parent] <= name, (parent, key)


def test_every_indicator_mart_and_source_is_an_asset_of_its_own() -> None:
    keys = defs.resolve_asset_graph().get_all_asset_keys()
    assert {indicator_key(slug) for slug in indicators()} <= set(keys)
    assert {table_key(f"marts.{mart}") for mart in mart_names()} <= set(keys)
    assert {dg.AssetKey(["landing", source]) for source in sources_in_use()} <= set(keys)
    assert {FACT, RELEASE} <= set(keys)


def test_one_indicator_can_be_made_alone(night: tuple[Home, dict]) -> None:
    home, _ = night
    job = defs.resolve_job_def("nightly")
    with open_instance(home) as instance:
        result = job.execute_in_process(
            instance=instance,
            run_config=run_config(settings_of(home.root)),
            asset_selection=[indicator_key("life_expectancy")],
        )
        made = [event.asset_key for event in result.get_asset_materialization_events()]
    assert made == [indicator_key("life_expectancy")]


def test_the_selections_that_the_docs_name_select_something() -> None:
    text = (Path(__file__).parents[3] / "docs" / "nights.md").read_text(encoding="utf-8")
    selections = re.findall(r"`((?:key|group):[^`]+)`", text)
    assert len(selections) == 4
    for selection in selections:
        assert dg.AssetSelection.from_string(selection).resolve(defs.resolve_asset_graph())


def test_marts_block_the_release_and_other_checks_do_not_block_steps() -> None:
    graph = defs.resolve_asset_graph()
    for name in set(all_sql_tables()) - {PUBLISHED}:
        key = dg.AssetCheckKey(table_key(name), "contract")
        assert graph.get(key).blocking is name.startswith("marts.")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        # The clock goes forward on 28 March 2027 at 01:00 and back on 25 October 2026 at 02:00.
        (datetime(2027, 3, 27, 12), ["2027-03-28T02:30:00+01:00", "2027-03-29T02:30:00+01:00"]),
        (datetime(2026, 10, 24, 12), ["2026-10-25T02:30:00+00:00", "2026-10-26T02:30:00+00:00"]),
    ],
)
def test_the_schedule_keeps_london_time_through_both_clock_changes(
    after: datetime, expected: list[str]
) -> None:
    # The iterator that Dagster's own scheduler uses; it has no public path.
    from dagster._utils.schedules import schedule_execution_time_iterator  # noqa: TID251

    london = ZoneInfo("Europe/London")
    start = after.replace(tzinfo=london).timestamp()
    iterator = schedule_execution_time_iterator(
        start, nightly_schedule.cron_schedule, nightly_schedule.execution_timezone
    )
    assert [next(iterator).astimezone(london).isoformat() for _ in expected] == expected


def test_the_committed_column_lineage_is_that_of_the_sql() -> None:
    assert known_lineage() == derive_lineage(), "run `python -m assets.lineage` and commit"


def test_a_whole_run_over_the_same_inputs_and_a_refused_file_is_unchanged_and_says_so(
    night: tuple[Home, dict], tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(night[0].root, home.root)
    (damaged,) = (home.root / "sample").glob("fingertips/*93014*.csv")
    damaged.write_text("<html>Sorry</html>")
    outcome = run_on_sample(home.root, quiet=False)
    assert outcome["status"] == "unchanged"
    assert len(list_releases(home)) == 1
    with open_instance(home) as instance:
        records = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey(["landing", "fingertips"]), "received"), limit=1
        )
    evaluation = records[0].event.dagster_event.asset_check_evaluation_data
    assert not evaluation.passed
    assert damaged.name in evaluation.description
    assert "web page" in evaluation.description


def _renewals(home: Home) -> dict[str, int]:
    with open_instance(home) as instance:
        return {
            source: instance.event_log_storage.fetch_materializations(
                publisher_key(source), limit=100
            ).records.__len__()
            for source in sources_in_use()
        }


def test_only_files_that_can_be_read_renew_a_publisher(
    night: tuple[Home, dict], tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(night[0].root, home.root)
    before = _renewals(home)
    assert before["fingertips"] == before["ons_els"] == 1, "both issued files in the first night"
    (damaged,) = (home.root / "sample").glob("fingertips/*93014*.csv")
    damaged.write_text(damaged.read_text().replace("63.37387", "sixty-three"))
    (revised,) = (home.root / "sample").glob("ons_els/*claimant-count.csv")
    *lines, last = revised.read_text().rstrip("\n").split("\n")
    revised.write_text("\n".join([*lines, last]) + "\n\n")
    outcome = run_on_sample(home.root, quiet=False)
    assert outcome["success"], outcome
    after = _renewals(home)
    assert {name for name in after if after[name] > before[name]} == {"ons_els"}
    with open_instance(home) as instance:
        failed = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(table_key("staging.observation"), "readable"), limit=1
        )
    event = failed[0].event
    assert event is not None
    assert event.dagster_event is not None
    assert not event.dagster_event.asset_check_evaluation_data.passed
    with open_instance(home) as instance:
        # The list of runs names the source: the run itself is a success.
        assert instance.get_runs(limit=1)[0].tags["beacon/refused"] == "fingertips"
