"""Alerts over a log file, a webhook and e-mail, and each of them being down."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.files import write_json
from beacon.core.home import Home
from beacon.operations import alerts
from beacon.operations.alerts import load_book, public_text, tell, tick
from beacon.operations.channels import (
    Channel,
    ChannelError,
    LogFile,
    Mail,
    Webhook,
    channels_from_environment,
)
from beacon.operations.runs import write_run
from tests.operations.status.conftest import (
    LABEL,
    NIGHT,
    NOW,
    Mailbox,
    Receiver,
    mail_server,
    refused_source,
    run_record,
)
from tests.operations.status.test_status import RAISES, failed_run, held_release, stale_source


@pytest.fixture
def channels(home: Home, webhook: Receiver, mailbox: Mailbox) -> list[Channel]:
    return channels_of(home, webhook.url, mailbox.address)


def channels_of(home: Home, url: str, smtp: str) -> list[Channel]:
    found, faults = channels_from_environment(
        home,
        {
            "BEACON_ALERT_WEBHOOK": url,
            "BEACON_ALERT_SMTP": smtp,
            "BEACON_ALERT_MAIL_TO": "on.call@icb.example, second@icb.example",
            "BEACON_ALERT_MAIL_FROM": "beacon@icb.example",
        },
    )
    assert faults == []
    assert [channel.name for channel in found] == ["log", "webhook", "mail"]
    return found


def logged(home: Home) -> list[dict[str, Any]]:
    file = home.root / "logs" / "alerts.log"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


@pytest.mark.parametrize(
    ("spoil", "kind", "level", "command"), RAISES, ids=[case[0].__name__ for case in RAISES]
)
def test_every_kind_is_told_once_over_every_channel_and_its_end_too(
    home: Home,
    channels: list[Channel],
    webhook: Receiver,
    mailbox: Mailbox,
    spoil: Callable[[Home], None],
    kind: str,
    level: str,
    command: str,
) -> None:
    before = {path: path.read_bytes() for path in home.root.rglob("*.json") if path.is_file()}
    spoil(home)
    assert tick(home, channels=channels, at=NOW).raised == 1
    assert tick(home, channels=channels, at=NOW + timedelta(minutes=1)).raised == 0
    (entry,) = logged(home)
    assert (entry["kind"], entry["level"], entry["command"]) == (kind, level, command)
    (posted,) = webhook.got
    assert posted["alerts"] == [entry]
    for part in ("What:", "Since:", "Still good:", "Do:"):
        assert part in posted["text"]
    (mail,) = mailbox.got
    assert " ".join(mail["Subject"].split()) == f"Beacon {level}: {entry['title']}"
    assert mail["To"] == "on.call@icb.example, second@icb.example"
    text = mail.get_payload(decode=True).decode()
    assert command in text
    # As it was.
    for path in list(home.root.rglob("*.json")):
        if path.name not in ("alerts.json", "health.json") and path not in before:
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    assert tick(home, channels=channels, at=NOW + timedelta(minutes=2)).raised == 1
    assert logged(home)[-1]["state"] == "recovered"
    assert "RECOVERED" in webhook.got[-1]["text"]
    assert len(mailbox.got) == 2
    assert load_book(home).as_json() == {"open": {}, "outbox": []}


def test_a_condition_that_changes_is_told_again(home: Home, channels: list[Channel]) -> None:
    stale_source(home)
    tick(home, channels=channels, at=NOW)
    seen = refused_source()
    seen["sources"][0]["refused"][0]["message"] = "was last confirmed 2 days ago"
    write_json(home.state / "sources.json", seen)
    assert tick(home, channels=channels, at=NOW).raised == 0
    other = {**seen["sources"][0]["refused"][0], "name": "fingertips/indicator/10101"}
    seen["sources"][0]["refused"].append(other)
    write_json(home.state / "sources.json", seen)
    assert tick(home, channels=channels, at=NOW).raised == 1


def test_several_alerts_are_one_message(
    home: Home, channels: list[Channel], mailbox: Mailbox, webhook: Receiver
) -> None:
    stale_source(home)
    failed_run(home)
    held_release(home)
    failed_run(home)
    assert tick(home, channels=channels, at=NOW).raised == 3
    (mail,) = mailbox.got
    assert "(and 2 more)" in mail["Subject"]
    assert len(webhook.got[0]["alerts"]) == 3


def test_a_channel_that_is_down_holds_up_no_other_and_gets_it_later(
    home: Home, webhook: Receiver, mailbox: Mailbox
) -> None:
    channels = channels_of(home, webhook.url, "127.0.0.1:9")
    webhook.status = 503
    failed_run(home)
    done = tick(home, channels=channels, at=NOW)
    assert done.raised == 1
    assert len(done.faults) == 2
    assert len(logged(home)) == 1
    (entry,) = load_book(home).outbox
    assert entry["pending"] == ["mail", "webhook"]
    assert entry["failures"]["webhook"] == {
        "times": 1, "last": "the webhook answered 503", "at": "2026-11-22T09:00:00+00:00",
    }  # fmt: skip
    webhook.status = 200
    tick(home, channels=channels, at=NOW + timedelta(minutes=1))
    assert len(webhook.got) == 1
    assert load_book(home).outbox[0]["pending"] == ["mail"]
    assert load_book(home).outbox[0]["failures"]["mail"]["times"] == 2
    # The mail server is back: exactly one mail, and nothing is told twice elsewhere.
    tick(home, channels=channels_of(home, webhook.url, mailbox.address), at=NOW)
    assert len(mailbox.got) == len(webhook.got) == len(logged(home)) == 1
    assert load_book(home).outbox == []


def test_an_alert_that_ended_before_it_could_be_told_is_told_with_its_end(
    home: Home, webhook: Receiver, mailbox: Mailbox
) -> None:
    webhook.status = 500
    channels = channels_of(home, webhook.url, mailbox.address)
    stale_source(home)
    tick(home, channels=channels, at=NOW)
    (home.state / "sources.json").unlink()
    tick(home, channels=channels, at=NOW)
    webhook.status = 200
    tick(home, channels=channels, at=NOW)
    assert [alert["state"] for alert in webhook.got[0]["alerts"]] == ["raised", "recovered"]


def test_what_nobody_takes_for_days_is_given_up(home: Home, mailbox: Mailbox) -> None:
    channels = channels_of(home, "http://127.0.0.1:9/x", mailbox.address)
    stale_source(home)
    tick(home, channels=channels, at=NOW)
    assert load_book(home).outbox
    late = NOW + timedelta(days=4)
    write_run(home, run_record(started=late))
    tick(home, channels=channels, at=late)
    assert all(entry["alert"]["at"].startswith("2026-11-26") for entry in load_book(home).outbox)


def test_a_full_disk_repeats_nothing(
    home: Home, channels: list[Channel], webhook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_run(home)

    def no_space(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(alerts, "write_json", no_space)
    for minute in range(3):
        done = tick(home, channels=channels, at=NOW + timedelta(minutes=minute))
    assert done.faults == ()
    assert len(webhook.got) == 1
    monkeypatch.undo()
    tick(home, channels=channels, at=NOW)
    assert len(webhook.got) == 1


def test_telling_never_raises(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "gather", lambda *_: 1 / 0)
    monkeypatch.setattr(alerts, "tick", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in tell(home)[0]


def test_a_damaged_book_costs_a_repetition_not_silence(home: Home, channels: list[Channel]) -> None:
    failed_run(home)
    tick(home, channels=channels, at=NOW)
    (home.state / "alerts.json").write_text("{")
    done = tick(home, channels=channels, at=NOW)
    assert done.raised >= 1


def test_no_secret_and_no_person_leaves_the_machine(
    home: Home,
    webhook: Receiver,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BEACON_STAT_XPLORE_KEY", "a-publishers-key")
    monkeypatch.setenv("BEACON_ALERT_SMTP_PASSWORD", "hunter2hunter2")
    error = (
        "land: https://user:pw@api.example/x?key=abc#y failed for jo.bloggs@nhs.example with "
        f"a-publishers-key and hunter2hunter2 in {home.root}/state"
    )
    write_run(home, run_record(outcome="failed", errors=(error,)))
    tick(home, channels=channels_of(home, webhook.url, mailbox.address), at=NOW)
    (mail,) = mailbox.got
    everything = (
        json.dumps(webhook.got)
        + mail.as_string()
        + (home.root / "logs" / "alerts.log").read_text()
        + (home.state / "alerts.json").read_text()
        + (home.root / "health.json").read_text()
    )
    for secret in ("a-publishers-key", "hunter2", "key=abc", "user:pw", "jo.bloggs", "s3cr3t"):
        assert secret not in everything, secret
    assert str(home.root) not in everything


def test_a_text_is_cut() -> None:
    assert len(public_text("word " * 1000)) <= 600


def test_a_webhook_in_the_clear_is_refused(home: Home) -> None:
    found, faults = channels_from_environment(
        home, {"BEACON_ALERT_WEBHOOK": "http://chat.example/hook"}
    )
    assert [channel.name for channel in found] == ["log"]
    assert "https" in faults[0]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"BEACON_ALERT_MAIL_TO": "a@b.example"}, "BEACON_ALERT_SMTP is missing"),
        ({"BEACON_ALERT_SMTP": "mail.example"}, "BEACON_ALERT_MAIL_TO is missing"),
        (
            {"BEACON_ALERT_MAIL_TO": "a@b.example", "BEACON_ALERT_SMTP": "mail.example:smtp"},
            "host or host:port",
        ),
    ],
)
def test_half_a_channel_is_said(home: Home, given: dict[str, str], fault: str) -> None:
    _, faults = channels_from_environment(home, given)
    assert fault in faults[0]


def test_a_webhook_is_not_followed_elsewhere(home: Home, webhook: Receiver) -> None:
    webhook.status = 302
    with pytest.raises(ChannelError, match="302"):
        Webhook(webhook.url).send(alerts._message([_alert()], 1))


def test_a_mail_server_elsewhere_must_speak_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox()
    with mail_server(box):
        host, port = box.address.split(":")
        monkeypatch.setattr("beacon.operations.channels._is_this_machine", lambda _: False)
        with pytest.raises(ChannelError, match="SMTPNotSupportedError"):
            Mail(host, int(port), ("a@b.example",), "c@d.example").send(
                alerts._message([_alert()], 1)
            )
    assert box.got == []


def _alert() -> dict[str, Any]:
    return {
        "state": "raised", "level": "warning", "title": "t", "what": "w", "since": NIGHT.isoformat(),
        "still_good": LABEL, "command": "beacon run", "then": "", "at": NOW.isoformat(),
    }  # fmt: skip


def test_the_log_is_rotated(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "alerts.log")
    for _ in range(6):
        log.path.write_text("x" * 1_000_001)
        log.send(alerts._message([_alert()], 1))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["alerts.log", "alerts.log.1", "alerts.log.2", "alerts.log.3"]
    assert log.path.stat().st_size < 1000


# The commands


def test_the_channels_can_be_tried_out(
    home: Home, webhook: Receiver, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_ALERT_WEBHOOK", webhook.url)
    monkeypatch.setenv("BEACON_ALERT_SMTP", mailbox.address)
    monkeypatch.setenv("BEACON_ALERT_MAIL_TO", "on.call@icb.example")
    done = CliRunner().invoke(app, ["alerts", "test", "--home", str(home.root)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == ["log: taken", "webhook: taken", "mail: taken"]
    webhook.status = 500
    done = CliRunner().invoke(app, ["alerts", "test", "--home", str(home.root)])
    assert done.exit_code == 1
    assert "webhook: the webhook answered 500" in done.stdout


def test_a_timer_beside_the_daemon_tells_of_its_end(
    home: Home, webhook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_ALERT_WEBHOOK", webhook.url)
    # `home` was last heard of on a day long past by the real clock.
    done = CliRunner().invoke(app, ["alerts", "send", "--home", str(home.root)])
    assert done.exit_code == 0, done.output
    kinds = {alert["kind"] for alert in webhook.got[0]["alerts"]}
    assert "daemon_silent" in kinds
    listed = CliRunner().invoke(app, ["alerts", "--home", str(home.root)])
    assert "no sign of life" in listed.stdout
