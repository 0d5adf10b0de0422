"""Lines are JSON, say which run and step they belong to, hold no secret, and are never lost."""

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.core.logs import FILE, bound, log, open_log, rotate, step
from beacon.core.redaction import redact
from beacon.core.settings import Settings
from beacon.workspace import Workspace
from tests.fixtures.runs import make_everything

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def _lines(home: Home) -> list[dict]:
    return [json.loads(line) for line in (home.logs / FILE).read_text().splitlines()]


def test_a_line_says_when_what_and_in_which_run(home: Home) -> None:
    with open_log(home, run_id="r1"), bound(source="fingertips"):
        log("dataset", status="new", rows=3)
    (line,) = _lines(home)
    assert line.pop("time").endswith("+00:00")
    assert line.pop("process") > 0
    assert line == {
        "level": "info",
        "event": "dataset",
        "logger": "beacon",
        "run_id": "r1",
        "source": "fingertips",
        "status": "new",
        "rows": 3,
    }


def test_a_step_says_how_long_it_took_and_a_failed_one_why(home: Home) -> None:
    with open_log(home, run_id="r1"):
        with step("derived", asset="marts/place") as told:
            told["rows"] = 9
        with pytest.raises(ValueError, match="no"), step("derived", asset="marts/lsoa"):
            raise ValueError("no")
    done, failed = _lines(home)
    assert (done["event"], done["asset"], done["rows"]) == ("derived", "marts/place", 9)
    assert done["seconds"] >= 0
    assert (failed["event"], failed["level"]) == ("derived failed", "error")
    assert (failed["asset"], failed["error"], failed["message"]) == (
        "marts/lsoa",
        "ValueError",
        "no",
    )


def test_nothing_is_written_and_nothing_fails_without_a_log(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    log("run opened")
    with step("derived"):
        pass
    assert not home.root.exists()
    assert capsys.readouterr() == ("", "")


def test_lines_go_to_the_file_and_not_to_the_terminal(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_log(home):
        log("check failed", level=logging.ERROR)
        logging.getLogger("beacon.history").warning("away")
    assert capsys.readouterr() == ("", "")
    assert [line["logger"] for line in _lines(home)] == ["beacon", "beacon.history"]
    assert logging.getLogger("beacon").handlers == []


def test_lines_of_other_threads_name_the_run_too(home: Home) -> None:
    with open_log(home, run_id="r1"):
        worker = threading.Thread(target=log, args=("fetched",))
        worker.start()
        worker.join()
    assert [line["run_id"] for line in _lines(home)] == ["r1"]


def test_what_json_cannot_hold_and_line_breaks_stay_on_one_line(home: Home) -> None:
    with open_log(home):
        log("refused", file=Path("a\nb"), who=object(), names={"x": (1, 2.5, None, True)})
    (line,) = _lines(home)
    assert line["file"] == "a\nb"
    assert line["names"] == {"x": [1, 2.5, None, True]}


def test_a_log_that_cannot_be_written_stops_nothing(home: Home) -> None:
    home.root.mkdir()
    home.logs.write_text("in the way")
    with open_log(home) as path:
        log("run opened")
    assert path is None


# Secrets


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql://beacon:hunter2secret@db:5432/x", "hunter2secret"),
        ("https://token-abcdef@example.org/hook", "token-abcdef"),
        ("GET https://api.example/data?uid=0xabc123def&geography=1", "0xabc123def"),
        ("https://x.example/f?a=1&api_key=KKKKKKKK&b=2", "KKKKKKKK"),
        ("https://x.example/f?sig=SSSSSSSSSS", "SSSSSSSSSS"),
        ('{"password": "pa ss\'word"}', "pa ss'word"),
        ("{'APIKey': 'abc-def'}", "abc-def"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("headers: {'authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ("PGPASSWORD=hunter2 psql", "hunter2"),
        ("BEACON_STAT_XPLORE_KEY=abcdef", "abcdef"),
        ("BEACON_NOMIS_UID: 0xfeed", "0xfeed"),
        ("client_secret = 'zzzz'", "zzzz"),
        ("webhook_token: qqqq", "qqqq"),
        ("https://x.example/f?key=k1k1k1", "k1k1k1"),
    ],
)
def test_secrets_are_hidden(text: str, hidden: str) -> None:
    assert hidden not in redact(text, ())
    assert "***" in redact(text, ())


@pytest.mark.parametrize(
    "text",
    [
        "https://fingertips.phe.org.uk/api/all_data/csv/by_indicator_id?indicator_ids=90366",
        "marts.place: place_code is not unique.",
        "the key columns are area_code, period",
        "Fingertips 93014, row 12, column 'Value': not a number.",
        "Wirral: 28.2% (252,415 people)",
        "someone@example.nhs.uk is told",
        "at 2026-11-22T10:37:42.654+00:00",
        "sha256: 9c2901bc",
        "passed=12, tokens=3, bypass=no",
        "key: fingertips/93014",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact(text, ()) == text


def test_the_values_of_this_process_s_secrets_are_hidden_wherever_they_stand(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_STAT_XPLORE_KEY", "a-very-secret-key")
    monkeypatch.setenv("PGPASSWORD", "correct horse")
    with open_log(home):
        log("fetched", answer="you sent a-very-secret-key, sir", deep=[{"x": "correct horse"}])
        log("a-very-secret-key")
        try:
            raise RuntimeError("at a-very-secret-key")
        except RuntimeError:
            logging.getLogger("beacon").exception("broke")
    text = (home.logs / FILE).read_text()
    assert "a-very-secret-key" not in text
    assert "correct horse" not in text
    assert len(_lines(home)) == 3


def test_a_field_that_is_named_like_a_secret_is_hidden_and_the_line_stays_json(home: Home) -> None:
    with open_log(home):
        log("connected", password='p"w\\', options={"api_key": "k1k1k1", "rows": 3}, token="t")
    (line,) = _lines(home)
    assert (line["password"], line["options"], line["token"]) == (
        "***",
        {"api_key": "***", "rows": 3},
        "***",
    )


# Rotation


def test_a_log_that_has_grown_is_moved_aside_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / FILE
    for number in range(6):
        path.write_text(f"{number}" * 20)
        assert rotate(path, max_bytes=10, keep=3)
    kept = {file.name: file.read_text()[0] for file in tmp_path.glob("beacon.jsonl.*")}
    assert kept == {"beacon.jsonl.1": "5", "beacon.jsonl.2": "4"}
    path.write_text("small")
    assert not rotate(path, max_bytes=10, keep=3)


def test_no_line_is_lost_when_several_processes_write_and_rotate(home: Home) -> None:
    program = (
        "import sys; from pathlib import Path; from beacon.core import logs; "
        "from beacon.core.home import Home\n"
        "logs.MAX_BYTES = 4000\n"
        "real = logs.rotate\n"
        "logs.rotate = lambda path: real(path, max_bytes=4000, keep=500)\n"
        "for turn in range(20):\n"
        "    with logs.open_log(Home(Path(sys.argv[1])), run_id=sys.argv[2]):\n"
        "        for number in range(10):\n"
        "            logs.log('line', turn=turn, number=number)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(home.root), str(who)], cwd=ROOT)
        for who in range(3)
    ]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    found = [
        json.loads(line)
        for path in home.logs.glob(f"{FILE}*")
        for line in path.read_text().splitlines()
    ]
    seen = {(line["run_id"], line["turn"], line["number"]) for line in found}
    assert len(found) == len(seen) == 3 * 20 * 10
    assert len(list(home.logs.glob(f"{FILE}.*"))) > 1


# What a run writes


def test_a_run_says_what_it_did_with_each_source_and_asset(sample_home: Path) -> None:
    home = Home(sample_home)
    (damaged,) = (sample_home / "sample").glob("fingertips/*93014*.csv")
    damaged.write_text("<html>Sorry</html>")
    settings = Settings(home=sample_home, inputs="sample")
    with open_log(home, run_id="r7"):
        make_everything(Workspace(settings))
    lines = _lines(home)
    assert {line["run_id"] for line in lines} == {"r7"}
    refused = [line for line in lines if line["event"] == "refused"]
    assert {(line["source"], line["level"]) for line in refused} == {("fingertips", "warning")}
    assert damaged.name in {line["file"] for line in refused}
    derived = {line["asset"]: line for line in lines if line["event"] == "derived"}
    assert derived["marts/place"]["rows"] == 9
    assert "indicators/published" in derived
    (release,) = [line for line in lines if line["event"] == "release"]
    assert release["status"] == "unchanged"
    staged = {line["asset"] for line in lines if line["event"] == "staged"}
    assert "staging/observation" in staged


def test_the_import_of_logs_is_cheap() -> None:
    program = (
        "import sys; before = set(sys.modules); import beacon.core.redaction, beacon.core.progress\n"
        "import beacon.core.settings\n"
        "base = set(sys.modules); import beacon.core.logs\n"
        "print(sorted(set(sys.modules) - base))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"dagster", "logging.handlers", "logging.config", "structlog", "duckdb", "polars"}
    assert not heavy & set(eval(done.stdout))
