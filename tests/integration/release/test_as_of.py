"""A past day from landing, and the current release made again bit for bit."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon import pipeline
from beacon.cli.main import app
from beacon.core.files import read_json
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest.landing_store import LandingStore
from beacon.operations.status import gather
from beacon.people.crossing import CROSSING, people_folder
from beacon.people.load_crossed import crossed_files
from beacon.pipeline import run_pipeline
from beacon.release.build import digest_of
from beacon.release.layout import Release, latest_release, list_releases, next_label
from beacon.release.query import connect_release
from beacon.release.verify import verify_release
from beacon.replay.as_of import (
    FixedWorkspace,
    NothingThenError,
    end_of,
    objects_as_of,
    publish_as_of,
)
from beacon.replay.rebuild import rebuild
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace
from tests.fixtures.runs import lands_nothing_new

MARCH = date(2026, 3, 1)


def settings(home: Path) -> Settings:
    return Settings(home=home, inputs="sample")


def received_in_february(home: Path) -> None:
    """As if everything in landing had arrived on 10 February 2026."""
    for file in [*home.glob("landing/**/*.landing.json"), home / "landing" / "current.json"]:
        text = file.read_text()
        for record in _records(json.loads(text)):
            text = text.replace(record["retrieved_at"], "2026-02-10T03:00:00+00:00")
        file.chmod(0o644)
        file.write_text(text)
    history = home / "landing" / "history.jsonl"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    history.write_text(
        "".join(json.dumps({**line, "at": "2026-02-10T03:01:00+00:00"}) + "\n" for line in lines)
    )


def _records(content: dict) -> list[dict]:
    if "retrieved_at" in content:
        return [content]
    return [record for realm in content.values() for record in realm.values()]


def revise(home: Path) -> None:
    """The publisher issues slightly other figures, and tonight's run publishes them."""
    (file,) = (home / "sample").glob("fingertips/*93014*.csv")
    lines = file.read_bytes().decode("utf-8-sig").split("\r\n")
    value = lines[0].split(",").index("Value")
    for number, line in enumerate(lines[1:], start=1):
        cells = line.split(",")
        if len(cells) > value and cells[value].replace(".", "").isdigit():
            cells[value] = repr(float(cells[value]) * 1.0005)
            lines[number] = ",".join(cells)
    file.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    assert run_pipeline(Workspace(settings(home)), checks=False).status == "published"


def _content(release: Release) -> dict[str, str]:
    return {mart["name"]: mart["content_sha256"] for mart in release.manifest["marts"]}


def test_a_past_day_is_made_from_what_had_been_received_by_then(sample_home: Path) -> None:
    received_in_february(sample_home)
    home = Home(sample_home)
    before = latest_release(home)
    assert before is not None
    revise(sample_home)
    current = latest_release(home)
    assert current is not None
    assert digest_of(current) != digest_of(before)

    made = publish_as_of(settings(sample_home), MARCH)
    assert made.release.label == "v2026.03.01-b1"
    assert made.release.path.parent == sample_home / "backfills" / "2026-03-01" / "releases"
    # What fell due between March and today was live in March; nothing else is another number.
    then, since = _content(made.release), _content(before)
    assert {mart for mart in then if then[mart] != since[mart]} == {"target"}
    with connect_release(made.release) as con:
        due = "select distinct plan_status from target where due = '2026-03-31'"
        assert con.execute(due).fetchall() == [("live",)]
    assert made.release.manifest["as_of"] == "2026-03-01"
    assert verify_release(Home(made.release.path.parent.parent), made.release).intact
    # Nothing of it is current, and landing knows what is in use tonight.
    assert latest_release(home) == current
    assert len(list_releases(home)) == 2

    again = publish_as_of(settings(sample_home), MARCH)
    assert again.status == "unchanged"
    with pytest.raises(NothingThenError, match="2026-02-10"):
        publish_as_of(settings(sample_home), date(2026, 2, 9))


def test_the_same_backfill_made_afresh_is_the_same_to_the_byte(sample_home: Path) -> None:
    received_in_february(sample_home)
    sums = []
    for _ in range(2):
        made = publish_as_of(settings(sample_home), MARCH)
        sums.append(
            [
                line
                for line in (made.release.path / "SHA256SUMS").read_text().splitlines()
                if not line.endswith("run.json")
            ]
        )
        shutil.rmtree(sample_home / "backfills")
    assert sums[0] == sums[1]


def test_a_publisher_that_goes_back_to_earlier_bytes_is_followed(sample_home: Path) -> None:
    store = LandingStore(sample_home / "landing")
    history = store.history(fictional=True)
    name = history[0]["name"]
    lines = [
        {"at": f"2026-01-0{day}T03:00:00+00:00", "realm": "fictional", "name": name, "sha256": sha}
        for day, sha in ((1, "a"), (2, "b"), (3, "a"))
    ]
    (sample_home / "landing" / "history.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines) + '{"at": "half a li'
    )
    kept = next(each for each in store.every_object(fictional=True) if each.name == name)
    objects = [
        type(kept)(
            **{**kept.__dict__, "sha256": sha, "retrieved_at": f"2026-01-0{day}T02:00:00+00:00"}
        )
        for day, sha in ((1, "a"), (2, "b"))
    ]
    store.every_object = lambda *, fictional: objects  # type: ignore[method-assign]
    chosen = [
        objects_as_of(store, date(2026, 1, day), fictional=True)[name].landed.sha256
        for day in (1, 2, 3)
    ]
    assert chosen == ["a", "b", "a"]


def test_a_day_ends_at_midnight_in_london() -> None:
    assert end_of(date(2026, 7, 1)) == datetime(2026, 7, 1, 23, tzinfo=UTC)
    assert end_of(date(2026, 12, 1)) == datetime(2026, 12, 2, tzinfo=UTC)


def test_labels_of_past_days_are_never_those_of_the_day(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for label in ("v2026.03.01-1", "v2026.03.01-2", "v2026.03.01-b1"):
        (home.releases / label).mkdir(parents=True)
    assert next_label(home, as_of=MARCH) == "v2026.03.01-b2"


def test_a_rebuild_gives_the_same_bytes_and_publishes_nothing(sample_home: Path) -> None:
    revise(sample_home)
    home = Home(sample_home)
    before = latest_release(home)
    result = rebuild(settings(sample_home))
    assert result["differences"] == []
    assert (result["outcome"], result["notes"]) == ("same", [])
    assert latest_release(home) == before
    assert not (sample_home / "rebuild").exists()
    assert [each for each in gather(home).conditions if each.kind == "rebuild_differs"] == []


def test_a_due_date_that_passes_is_news_and_does_not_upset_a_rebuild(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last release and tonight a target of 2028 falls due; no file has changed."""
    home = Home(sample_home)
    before = latest_release(home)
    assert before is not None
    assert lands_nothing_new(Workspace(settings(sample_home)))
    monkeypatch.setattr(Workspace, "judged_on", date(2029, 1, 1))
    assert rebuild(settings(sample_home))["outcome"] == "same"
    assert not lands_nothing_new(Workspace(settings(sample_home)))
    assert run_pipeline(Workspace(settings(sample_home)), checks=False).status == "published"
    late = "select target_id from target where due = '2028-12-31' and plan_status = 'expired'"
    with connect_release(before) as con:
        assert con.execute(late).fetchall() == []
    with connect_release(latest_release(home)) as con:
        assert con.execute(late).fetchall() != []
    assert lands_nothing_new(Workspace(settings(sample_home)))


def test_a_rebuild_from_a_changed_landing_is_told(sample_home: Path) -> None:
    victim = next(
        path for path in (sample_home / "landing").rglob("*.csv") if "fingertips" in str(path)
    )
    victim.chmod(0o644)
    victim.write_text(victim.read_text() + "\n")
    done = CliRunner().invoke(app, ["rebuild", "--home", str(sample_home), "--inputs", "sample"])
    assert done.exit_code == 1
    assert "is not what was received" in done.stdout
    (condition,) = [
        each for each in gather(Home(sample_home)).conditions if each.kind == "rebuild_differs"
    ]
    assert condition.command == "beacon verify"


def test_a_rebuild_that_computes_otherwise_is_told_and_kept(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    derive_table = pipeline.derive_table

    def otherwise(warehouse: Warehouse, name: str) -> int:
        rows = derive_table(warehouse, name)
        if name == "marts.place":
            warehouse.con.execute("update marts.place set people = people + 1")
        return rows

    monkeypatch.setattr(pipeline, "derive_table", otherwise)
    home = Home(sample_home)
    before = latest_release(home)
    result = rebuild(settings(sample_home))
    assert result["outcome"] == "differs"
    assert "place.parquet says something else." in result["differences"]
    assert (sample_home / "rebuild" / "releases").is_dir()
    assert latest_release(home) == before
    assert verify_release(home, before).intact
    assert read_json(home.state / "rebuild.json")["outcome"] == "differs"


def test_the_command_names_where_a_past_day_is(sample_home: Path) -> None:
    today = datetime.now(UTC).date()
    done = CliRunner().invoke(
        app,
        ["run", "--home", str(sample_home), "--inputs", "sample", "--as-of", today.isoformat()],
    )
    assert done.exit_code == 0, done.output
    assert f"v{today:%Y.%m.%d}-b1 (published)" in done.stdout
    early = (today - timedelta(days=400)).isoformat()
    done = CliRunner().invoke(
        app, ["run", "--home", str(sample_home), "--inputs", "sample", "--as-of", early]
    )
    assert isinstance(done.exception, NothingThenError)


def test_what_had_crossed_from_the_secure_home_by_the_day_is_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", inputs="sample")
    for table in CROSSING:
        for day in ("2026-03-31", "2026-06-30"):
            file = people_folder(settings.home) / table / f"{day}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
    workspace = FixedWorkspace(settings, root=tmp_path / "past", day=date(2026, 5, 1))
    workspace.show_people()
    for table in CROSSING:
        shown = crossed_files(workspace.home.root, table)
        assert [file.name for file in shown] == ["2026-03-31.parquet"]
