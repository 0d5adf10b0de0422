"""Going back, keeping, clearing out, copying, approving: each on small releases."""

import csv
import errno
import io
import json
import os
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError, PublicationBlockedError, ReleaseNotFoundError
from beacon.release import approval, layout, manage
from beacon.release.approval import ApprovalNeededError
from beacon.release.diff import compare_releases
from beacon.release.layout import latest_release, list_releases
from beacon.release.verify import verify_release
from tests.integration.release.conftest import SQUARE, SmallRun

SQUARE_BYTES = bytes.fromhex(SQUARE)


def publish_three(run: SmallRun) -> list[str]:
    labels = []
    for people in (1000, 2000, 3000):
        run.fill(people=people)
        labels.append(run.publish().release.label)
    return labels


def current(run: SmallRun) -> str | None:
    release = latest_release(run.home)
    return release.label if release else None


def people(run: SmallRun) -> int:
    with duckdb.connect(str(run.home.catalogue), read_only=True) as con:
        ((found,),) = con.execute("select min(people) from place").fetchall()
    return int(found)


def invoke(run: SmallRun, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--home", str(run.home.root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_rollback_is_at_once_and_stays(small: SmallRun) -> None:
    one, two, three = publish_three(small)
    code, said = invoke(small, "rollback", two)
    assert code == 0
    assert three in said
    assert current(small) == two
    assert people(small) == 2001
    # The same bad content does not come back by itself the next night …
    with pytest.raises(ApprovalNeededError, match=f"{three}, which was rolled back from"):
        small.publish()
    assert current(small) == two
    # … other content does …
    small.fill(people=4000)
    assert small.publish().status == "published"
    # … and the bad one too once a person says so.
    small.fill(people=3000)
    with pytest.raises(ApprovalNeededError):
        small.publish()
    assert invoke(small, "approve", "--yes", "--by", "A. Analyst")[0] == 0
    done = small.publish()
    assert done.status == "published"
    assert done.release.run_record["approval"]["by"] == "A. Analyst"
    assert [r.label for r in list_releases(small.home)][:3] == [one, two, three]
    assert all(verify_release(small.home, r).intact for r in list_releases(small.home))


def test_rollback_refuses_what_is_damaged_current_or_unknown(small: SmallRun) -> None:
    one, _, three = publish_three(small)
    damaged = small.home.releases / one / "place.parquet"
    damaged.chmod(0o644)
    damaged.write_bytes(b"")
    with pytest.raises(PublicationBlockedError, match=r"place\.parquet has changed"):
        manage.rollback(small.home, one)
    with pytest.raises(BeaconError, match="current already"):
        manage.rollback(small.home, three)
    with pytest.raises(ReleaseNotFoundError):
        manage.rollback(small.home, "v2001.01.01-1")
    assert current(small) == three


def test_rollback_mends_a_damaged_pointer(small: SmallRun) -> None:
    _, two, _ = publish_three(small)
    small.home.latest.write_text("{")
    manage.rollback(small.home, two)
    assert current(small) == two
    assert people(small) == 2001


def test_prune_spares_current_pinned_and_newest(small: SmallRun) -> None:
    one, two, three = publish_three(small)
    small.fill(people=4000)
    four = small.publish().release.label
    assert invoke(small, "pin", one, "--note", "March report")[0] == 0
    manage.rollback(small.home, two)
    code, said = invoke(small, "prune", "--keep", "1", "--dry-run")
    assert (code, said) == (0, f"would remove {three}\n")
    assert len(list_releases(small.home)) == 4
    assert invoke(small, "prune", "--keep", "1") == (0, f"removed {three}\n")
    assert [r.label for r in list_releases(small.home)] == [one, two, four]
    assert manage.pins(small.home)[one]["note"] == "March report"
    assert "pinned" in invoke(small, "releases")[1]
    assert invoke(small, "pin", one, "--remove")[0] == 0
    assert [r.label for r in manage.prune(small.home, 0)] == [one, four]
    # A label that is gone is not given to other content.
    small.fill(people=5000)
    assert small.publish().release.label not in {one, two, three, four}
    with pytest.raises(BeaconError, match="not pinned"):
        manage.unpin(small.home, one)


def test_a_prune_makes_room_on_a_full_disk(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what the alert of a full disk asks for, so it may not need room before it makes some."""
    publish_three(small)
    write = manage.write_json

    def full_until_something_is_gone(path: Path, value: object) -> None:
        if len(list_releases(small.home)) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, value)

    monkeypatch.setattr(manage, "write_json", full_until_something_is_gone)
    (gone,) = manage.prune(small.home, 2)
    assert json.loads((small.home.releases / layout.PRUNED).read_text()) == [gone.label]
    assert manage.prune(small.home, 2) == []

    def denied(path: Path, value: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(manage, "write_json", denied)
    with pytest.raises(PermissionError):
        manage.prune(small.home, 1)
    assert len(list_releases(small.home)) == 2


def test_a_prune_cut_short_is_ended_by_the_next_run(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_three(small)
    monkeypatch.setattr(manage.shutil, "rmtree", lambda *_, **__: None)
    manage.prune(small.home, 1)
    monkeypatch.undo()
    assert len(layout.unfinished_builds(small.home)) == 2
    assert len(list_releases(small.home)) == 1
    small.publish()
    assert layout.unfinished_builds(small.home) == []


def test_an_export_needs_nothing_else(small: SmallRun, tmp_path: Path) -> None:
    label = publish_three(small)[1]
    target = tmp_path / "usb stick"
    code, said = invoke(small, "export", label, "--to", str(target))
    assert code == 0
    made = target / label
    assert str(made) in said
    assert sorted(p.name for p in made.iterdir()) == sorted(
        p.name for p in (small.home.releases / label).iterdir()
    )
    moved = tmp_path / "moved"
    made.rename(moved)
    con = duckdb.connect()
    con.execute(f"set variable beacon_release = '{moved}'")
    con.execute((moved / "views.sql").read_text())
    assert con.execute("select min(people) from place").fetchall() == [(2001,)]
    invoke(small, "export", label, "--to", str(target))
    with pytest.raises(BeaconError, match="there already"):
        manage.export_release(small.home, layout.get_release(small.home, label), target)


def test_a_damaged_release_is_not_exported(small: SmallRun, tmp_path: Path) -> None:
    release = small.publish().release
    (release.path / "views.sql").unlink()
    with pytest.raises(PublicationBlockedError, match=r"views\.sql is missing"):
        manage.export_release(small.home, release, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def change_rows(run: SmallRun, beyond: bool) -> None:
    run.con.execute("delete from marts.change")
    run.con.execute(
        "insert into marts.change by name select 'beacon_indicator' as mart, 'changed' as change, "
        "'revision_by_publisher' as reason, 'smoking' as indicator_slug, 'main' as measure, "
        "'Z06000001' as area_code, 'Place 1' as area_name, '2024' as period, 'Persons' as sex, "
        "'All ages' as age, 'All' as category_type, 'All' as category, 'value' as fields_changed, "
        "10.0 as previous_value, 15.0 as value, ? as beyond_tolerance, "
        "'v2026.01.01-1' as previous_release, true as fictional",
        [beyond],
    )


def test_a_large_revision_waits_for_a_person(small: SmallRun) -> None:
    first = small.publish().release.label
    small.fill(people=2000)
    change_rows(small, beyond=True)
    with pytest.raises(ApprovalNeededError, match="1 published values change by more"):
        small.publish()
    assert current(small) == first
    code, said = invoke(small, "approve")
    assert code == 1
    assert "smoking" in said
    assert "revision_by_publisher" in said
    assert (
        CliRunner().invoke(app, ["approve", "--yes", "--home", str(small.home.root)]).exit_code == 2
    )  # nobody's name
    assert invoke(small, "approve", "--yes", "--by", "B. Owner", "--reason", "checked")[0] == 0
    # The yes is to that content and no other.
    small.fill(people=2500)
    with pytest.raises(ApprovalNeededError):
        small.publish()
    small.fill(people=2000)
    done = small.publish()
    assert done.status == "published"
    assert done.release.run_record["approval"]["reason"] == "checked"
    assert approval.held_release(small.home) is None
    assert invoke(small, "approve") == (0, "Nothing is waiting for approval.\n")


def test_a_change_within_tolerance_needs_nobody(small: SmallRun) -> None:
    small.publish()
    small.fill(people=1100)
    change_rows(small, beyond=False)
    assert small.publish().status == "published"


def test_diff_names_every_cell(small: SmallRun) -> None:
    small.fill(people=1000, places=3)
    first = small.publish().release
    small.fill(people=1000, places=4)
    small.con.execute("update marts.place set people = 7 where place_code = 'Z06000002'")
    small.con.execute("update marts.place set geometry = null where place_code = 'Z06000003'")
    second = small.publish().release
    found = [
        (d.mart, dict(d.key)["place_code"], d.change, d.column, d.before, d.after)
        for d in compare_releases(first, second)
    ]
    assert found == [
        ("place", "Z06000002", "changed", "people", 1002, 7),
        ("place", "Z06000003", "changed", "geometry", SQUARE_BYTES, None),
        ("place", "Z06000004", "added", None, None, None),
    ]
    back = [(d.change, d.before, d.after) for d in compare_releases(second, first)]
    assert back == [("changed", 7, 1002), ("changed", None, SQUARE_BYTES), ("removed", None, None)]
    assert list(compare_releases(first, first)) == []
    with pytest.raises(ReleaseNotFoundError, match="There is no mart"):
        list(compare_releases(first, second, "plaice"))


def test_diff_prints_tables_csv_and_html(small: SmallRun) -> None:
    one, two, _ = publish_three(small)
    assert "place" in invoke(small, "diff", one, two)[1]
    text = invoke(small, "diff", one, two, "--mart", "place", "--format", "csv")[1]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["column"], row["before"], row["after"]) for row in rows] == [
        ("people", str(1000 + i), str(2000 + i)) for i in (1, 2, 3)
    ]
    page = invoke(small, "diff", one, two, "--mart", "place", "--format", "html")[1]
    assert page.startswith("<!doctype html>")
    assert "FICTIONAL SAMPLE" in page
    assert page.count("<td>people</td>") == 4  # three cells, and the summary's columns
    assert "http" not in page
    assert "say the same" in invoke(small, "diff", one, one)[1]


def test_diff_shows_both_figures_on_a_narrow_terminal(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    one, two, _ = publish_three(small)
    code, text = invoke(small, "diff", one, two)
    assert code == 0
    header, *rows = text.rpartition("\n\n")[2].splitlines()
    assert header.split()[:3] == ["area", "before", "after"]
    assert [row.split()[:3] for row in rows if row.startswith("Z06")] == [
        [f"Z0600000{i}", str(1000 + i), str(2000 + i)] for i in (1, 2, 3)
    ]
    # What the note on columns that do not fit offers.
    chosen = invoke(small, "diff", one, two, "--columns", "after,row")[1]
    assert "after  row" in chosen


def test_html_escapes_what_publishers_write(small: SmallRun) -> None:
    first = small.publish().release.label
    small.con.execute("update marts.place set place_name = '<script>alert(1)</script>'")
    second = small.publish().release.label
    page = invoke(small, "diff", first, second, "--format", "html")[1]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_manifest_of_a_release_says_what_made_it(small: SmallRun) -> None:
    release = small.publish().release
    manifest = json.loads((release.path / layout.MANIFEST).read_text())
    assert manifest["fictional"] is True
    assert "FICTIONAL" in manifest["notice"]
    assert {mart["name"] for mart in manifest["marts"]} == {"place", "core20_lsoa", "change"}
    assert "published_at" not in json.dumps(manifest)
