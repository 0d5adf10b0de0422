"""The units, as systemd's own tools and a plain reader see them. They were never started here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from beacon.core.settings import Settings
from beacon.operations import health
from pipelines import instance, programs

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
UNITS = DEPLOY / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
BY_TIMER = ("beacon-alerts", "beacon-backup")
LONG_RUNNING = [unit for unit in SERVICES if unit.stem not in BY_TIMER]


def _directives(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def _analyse() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    return found


def test_there_are_units_for_each_service_and_the_back_up() -> None:
    assert [unit.stem for unit in SERVICES] == [
        "beacon-alerts", "beacon-backup", "beacon-code", "beacon-daemon", "beacon-webserver",
    ]  # fmt: skip
    for unit in LONG_RUNNING:
        (start,) = _directives(unit)["ExecStart"]
        assert start.split()[-1] in programs.PROGRAMS


def test_alerts_are_sent_from_outside_the_daemon() -> None:
    """A dead daemon tells of nothing; what tells of it must not die with it."""
    alerts = UNITS / "beacon-alerts.service"
    said = _directives(alerts)
    (start,) = said["ExecStart"]
    assert start.endswith("beacon alerts send")
    assert not {"PartOf", "BindsTo", "Requires"} & set(said)
    assert "IPAddressDeny" not in said
    timer = _directives(alerts.with_suffix(".timer"))
    assert timer["OnUnitInactiveSec"] == ["5min"]
    for unit in BY_TIMER:
        assert (UNITS / f"{unit}.timer").is_file()


def test_systemd_understands_every_unit() -> None:
    units = [*SERVICES, *UNITS.glob("*.timer"), *UNITS.glob("*.target")]
    done = subprocess.run(
        [_analyse(), "verify", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    # The program is not installed on this machine; everything else that is said is a fault.
    said = [
        line
        for line in done.stderr.splitlines()
        if "/opt/beacon/current/" not in line and any(unit.name in line for unit in units)
    ]
    assert said == []


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_systemd_s_own_review_finds_little_exposure(unit: Path) -> None:
    done = subprocess.run(
        [_analyse(), "security", "--offline=yes", "--no-pager", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    if exposure is None:
        pytest.skip(f"this systemd-analyze reviews no files: {done.stderr.strip()[:200]}")
    assert float(exposure[1]) <= 2.0
    assert done.returncode == 0


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_service_is_unprivileged_and_confined(unit: Path) -> None:
    said = _directives(unit)
    assert said["User"] == said["Group"] == ["beacon"]
    assert said["UMask"] == ["0077"]
    assert said["NoNewPrivileges"] == ["yes"]
    assert said["CapabilityBoundingSet"] == [""]
    assert said["ProtectSystem"] == ["strict"]
    assert said["ProtectHome"] == ["yes"]
    assert len(said["ReadWritePaths"]) == 1


def test_only_the_back_up_writes_back_ups_and_it_cannot_write_the_home() -> None:
    backup = _directives(UNITS / "beacon-backup.service")
    assert backup["ReadWritePaths"] == ["/srv/beacon-backups"]
    assert backup["ReadOnlyPaths"] == ["/srv/beacon"]
    assert backup["PrivateNetwork"] == ["yes"]
    for unit in LONG_RUNNING:
        said = _directives(unit)
        assert said["ReadWritePaths"] == ["/srv/beacon"]
        assert "-/srv/beacon-backups" in " ".join(said["InaccessiblePaths"]).split()


def test_web_server_and_daemon_talk_to_this_machine_only() -> None:
    for name in ("beacon-webserver", "beacon-daemon"):
        said = _directives(UNITS / f"{name}.service")
        assert said["IPAddressDeny"] == ["any"]
        assert said["IPAddressAllow"] == ["localhost"]


def test_no_address_but_loopback_is_bound_and_the_code_server_is_behind_a_socket() -> None:
    for unit in LONG_RUNNING:
        text = unit.read_text()
        assert programs.HOST not in text
        assert f"Environment={programs.CODE_SOCKET}=/run/beacon/code.sock" in text
    code = _directives(UNITS / "beacon-code.service")
    assert code["RuntimeDirectoryMode"] == ["0700"]


def test_every_variable_that_deployment_sets_is_one_that_beacon_reads() -> None:
    known = {f"BEACON_{name.upper()}" for name in Settings.model_fields}
    known |= {instance.HISTORY_URL, instance.HISTORY_PASSWORD_FILE}
    known |= {health.RESTART_COMMAND_VARIABLE}
    known |= {programs.HOST, programs.CODE_HOST, programs.CODE_SOCKET}
    # Compose's own: which image, and which address the proxy is published on.
    known |= {"BEACON_IMAGE", "BEACON_BIND"}
    used: set[str] = set()
    for path in [*UNITS.iterdir(), *(DEPLOY / "compose").glob("*.yaml")]:
        used |= set(re.findall(r"\bBEACON_[A-Z_]+", path.read_text()))
    assert used - known == set()


def test_the_home_is_made_for_readers_and_against_others(tmp_path: Path) -> None:
    """The two declarations, carried out by systemd's tools below another root."""
    if os.getuid() != 0:
        pytest.skip("only root can give directories to others")
    for tool in ("systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: systemd)")
    (tmp_path / "etc").mkdir()
    for tool, options, file in (
        ("systemd-sysusers", [], "beacon.sysusers.conf"),
        ("systemd-tmpfiles", ["--create"], "beacon.tmpfiles.conf"),
    ):
        done = subprocess.run(
            [tool, f"--root={tmp_path}", *options, str(UNITS / file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    users = {
        line.split(":")[0]: line.split(":")
        for line in (tmp_path / "etc" / "passwd").read_text().splitlines()
    }
    groups = {
        line.split(":")[0]: int(line.split(":")[2])
        for line in (tmp_path / "etc" / "group").read_text().splitlines()
    }
    assert users["beacon"][6] == "/usr/sbin/nologin"
    home = tmp_path / "srv" / "beacon"
    assert home.stat().st_gid == groups["beacon-readers"]
    assert home.stat().st_mode & 0o777 == 0o750
    modes = {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()}
    assert modes.pop("releases") == 0o755
    assert set(modes.values()) == {0o700}
    assert {path.stat().st_uid for path in home.iterdir()} == {int(users["beacon"][2])}


def test_the_script_for_operators_is_a_shell_script() -> None:
    script = DEPLOY / "bin" / "beacon"
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)
    assert "umask 077" in script.read_text()
