"""A run's order of work: who is asked, who is left alone, what stays in use."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from beacon.core.errors import SettingsError
from beacon.core.settings import Settings, secrets_from_environment
from beacon.fetch import fetch_all
from beacon.fetch.fetch_all import downloads_of, live_hosts, user_agent
from beacon.fetch.fetch_progress import terminal_progress
from beacon.fetch.fetch_record import load_fetch_record
from beacon.fetch.hosts import load_hosts
from beacon.ingest.worker_pool import FileJob
from beacon.inputs import unreached
from beacon.registry.fetch import StatXploreFetch
from beacon.sources.readers import READERS
from beacon.workspace import Workspace
from tests.fixtures import hostile_jobs
from tests.integration.fetch.conftest import Bench
from tests.replicas.server import always, web_page, where
from tests.replicas.world import World

ELS = {"series": frozenset({"Claimant Count", "Modelled unemployment rate"})}


def test_a_quiet_night_asks_only_whether_anything_changed(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    world.ons_els.requests.clear()
    assert {outcome.status for outcome in at.run().outcomes} == {"unchanged"}
    assert all("if-none-match" in request.headers for request in world.ons_els.requests)


def test_a_lost_download_is_fetched_again(bench: Callable[..., Bench], world: World) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    for path in (at.home / "downloads").rglob("claimant-count.csv"):
        path.write_bytes(b"spoiled on disk")
    assert at.run().said == ""
    again = [r for r in world.ons_els.requests if r.path.startswith("/claimant")]
    assert "if-none-match" not in again[-1].headers


def test_figures_that_are_final_are_not_asked_for_every_night(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_census_2021/ts007a")
    at.run()
    world.nomis.requests.clear()
    assert at.run(days=30).said == ""
    assert world.nomis.requests == []
    at.run(days=70)
    assert len(world.nomis.requests) == 2


def test_a_publisher_that_is_down_is_asked_once_and_its_age_is_said(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    good = at.current()
    down = load_hosts({**world.base_urls, "ons_els": "http://127.0.0.1:9"})
    result = at.run(days=3, hosts=down)
    assert result.said.count("asked 3 times") == 2
    assert "was not asked: earlier in this run" in result.said
    assert "last confirmed 3 days ago" in result.said
    assert {part.is_last_good for part in result.parts} == {True}
    assert at.current() == good
    # Two waits between three attempts, for one file of two.
    assert len(at.clock.slept) == 2


def test_asking_again_asks_only_for_what_was_not_reached(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    missed = where(lambda request: "claimant" in request.path, always(lambda: web_page(503)))
    with world.ons_els.failing(missed):
        assert "claimant" in at.run().said
    at_home = downloads_of(at.workspace()) / "fetched.json"
    assert [failure.unreached for failure in load_fetch_record(at_home).failures] == [True]
    assert unreached(at.workspace()) == ["ons_els/topic/claimant-count"]
    world.ons_els.requests.clear()
    result = at.run(days=0, again=True)
    assert result.said == ""
    assert {"claimant" in request.path for request in world.ons_els.requests} == {True}
    # What was confirmed before is still there for landing.
    assert len(result.outcomes) == 2
    assert unreached(at.workspace()) == []


def test_one_file_that_is_gone_does_not_stop_the_others(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    before = at.current()
    gone = "/claimant-count/claimant-count.csv"
    del world.ons_els.files[gone]
    other = "/modelled-unemployment/modelled-unemployment.csv"
    world.ons_els.files[other] = world.ons_els.files[other].replace(b"Fictional fig", b"New fig")
    result = at.run()
    after = at.current()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"ons_els/topic/modelled-unemployment-rate"}
    assert "404" in result.said


def test_a_source_may_be_left_out(bench: Callable[..., Bench], world: World) -> None:
    at = bench("ons_els/topic", **ELS, skip=("ons_els/topic/claimant-count",))
    at.run()
    assert [r.path for r in world.ons_els.requests] == [
        "/modelled-unemployment/modelled-unemployment.csv"
    ]
    left = bench("ons_els/topic", **ELS, skip=("ons_els",))
    left.home = at.home / "other"
    assert left.run().in_use == []


def test_another_dataset_in_place_of_the_one_asked_for_is_refused(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    good = at.current()
    world.ons_els.files["/claimant-count/claimant-count.csv"] = b"a,b\n1,2\n"
    result = at.run()
    assert "none of the columns that are expected" in result.said
    assert at.current() == good


@pytest.mark.parametrize(
    ("hostile", "said"),
    [
        (hostile_jobs.crashes_over_a_download, "ends the program"),
        (
            hostile_jobs.meets_a_download_that_its_library_cannot_take,
            "ValueError: cannot reindex on an axis with duplicate labels",
        ),
    ],
)
def test_a_download_that_a_library_cannot_take_is_refused_and_the_night_goes_on(
    bench: Callable[..., Bench],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    hostile: Callable[..., None],
    said: str,
) -> None:
    at = bench("ons_els/topic", **ELS)
    at.run()
    before = at.current()
    for path, body in world.ons_els.files.items():
        world.ons_els.files[path] = body.replace(b"Fictional fig", b"New fig")
    with monkeypatch.context() as patches:
        # The one download and not the other.
        patches.setattr(
            fetch_all,
            "FileJob",
            lambda file, function, arguments: FileJob(
                file, hostile if file == "claimant-count.csv" else function, arguments
            ),
        )
        result = at.run()
    assert result.said.startswith("claimant-count.csv: the file cannot be read")
    assert said in result.said
    assert "stays in use" in result.said
    after = at.current()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"ons_els/topic/modelled-unemployment-rate"}
    assert at.run().said == ""


def test_no_download_is_read_in_this_process(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = bench("ons_els/topic", **ELS)
    monkeypatch.setitem(READERS, "ons_els", hostile_jobs.raises_value_error)
    assert at.run().said == ""
    assert len(at.current()) == 2


def test_official_codes_are_refused_in_a_fictional_world(
    bench: Callable[..., Bench], world: World
) -> None:
    path = "/claimant-count/claimant-count.csv"
    world.ons_els.files[path] = world.ons_els.files[path].replace(b"Z0600", b"E0600")
    at = bench("ons_els/topic", series=frozenset({"Claimant Count"}))
    assert at.run().in_use == []


def test_what_is_held_says_where_and_when_it_came_from(
    bench: Callable[..., Bench], world: World
) -> None:
    at = bench("ons_els/topic", series=frozenset({"Claimant Count"}))
    at.run()
    state = json.loads((at.home / "downloads/fictional/fetched.json").read_text("utf-8"))
    record = state["held"]["ons_els/topic/claimant-count"]
    assert record["url"] == f"{world.ons_els.url}/claimant-count/claimant-count.csv"
    assert record["members"] == ["Claimant Count"]
    assert state["failures"] == []
    night = load_fetch_record(at.home / "downloads/fictional/fetched.json")
    assert night.arrived == ["ons_els/topic/claimant-count"]


def test_a_source_without_its_key_is_not_configured_and_no_fault(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEACON_STAT_XPLORE_KEY", raising=False)
    table = StatXploreFetch(
        kind="stat_xplore", base="stat_xplore", database="d", measures=("m",), dimensions=(("f",),)
    )
    at = bench("dwp_cilif/local_authorities", fetch=table)
    result = at.run()
    night = load_fetch_record(at.home / "downloads/fictional/fetched.json")
    assert "BEACON_STAT_XPLORE_KEY" in night.not_configured["dwp_cilif/local_authorities"]
    assert night.failures == []
    assert result.said == ""


def test_what_went_wrong_can_be_read_later(bench: Callable[..., Bench], world: World) -> None:
    at = bench("ons_els/topic", series=frozenset({"Claimant Count"}))
    world.ons_els.files.clear()
    at.run()
    night = load_fetch_record(at.home / "downloads/fictional/fetched.json")
    assert [failure.name for failure in night.failures] == ["ons_els/topic/claimant-count"]
    assert "404" in str(night.failures[0].problems[0])


def test_progress_is_for_people_at_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert terminal_progress(io.StringIO()) is None
    terminal = Terminal()
    say = terminal_progress(terminal)
    assert say is not None
    say("https://a.example/big.csv?uid=x", 3_000_000, 6_000_000)
    assert terminal.getvalue() == ""  # two seconds have not passed


# Who may be asked, and as whom


def test_a_fictional_footprint_is_never_filled_from_real_publishers(tmp_path: Path) -> None:
    workspace = Workspace(Settings(home=tmp_path, inputs="live", footprint="sample", contact="a@b"))
    with pytest.raises(SettingsError, match="is fictional, so live inputs may come only from"):
        live_hosts(workspace)


def test_real_publishers_are_asked_only_by_somebody_who_can_be_reached(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BEACON_CONTACT"):
        live_hosts(Workspace(Settings(home=tmp_path, inputs="live")))
    named = Settings(home=tmp_path, inputs="live", contact="data@nhs.example")
    assert live_hosts(Workspace(named)).intervals()["www.gov.uk"] == 1.0
    assert "data@nhs.example" in user_agent(named)


def test_a_user_agent_is_one_line(tmp_path: Path) -> None:
    assert "\n" not in user_agent(Settings(home=tmp_path, contact="a@b\r\nX-Evil: 1"))


def test_live_inputs_are_what_their_footprint_is(tmp_path: Path) -> None:
    assert Workspace(Settings(home=tmp_path, inputs="live", footprint="sample")).is_fictional
    assert not Workspace(Settings(home=tmp_path, inputs="live")).is_fictional
    assert Workspace(Settings(home=tmp_path, inputs="sample")).is_fictional
    assert not Workspace(Settings(home=tmp_path, inputs="folder", folder=tmp_path)).is_fictional


def test_keys_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEACON_STAT_XPLORE_KEY", "k3y")
    assert secrets_from_environment() == {"stat_xplore_key": "k3y"}
    settings = Settings(home=tmp_path)
    assert "k3y" not in settings.model_dump_json()
    assert "k3y" not in repr(settings)


def test_addresses_are_checked_all_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_hosts({"nobody": "https://a.example", "ees": "ftp://x", "nomis": "https://n?key=1"})
    for fault in ("nobody", "ees: url", "nomis: url"):
        assert fault in str(caught.value)
