"""The composition and the image, as far as they can be checked where no container can be run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "compose"
COMPOSITION: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]
_PINNED = re.compile(r"^[\w./-]+:\d+\.\d+(\.\d+)?(-\w+)*@sha256:[0-9a-f]{64}$")


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {"db", "code", "webserver", "daemon", "proxy"}


def test_compose_itself_accepts_it() -> None:
    docker = shutil.which("docker")
    known = docker and subprocess.run([docker, "compose", "version"], capture_output=True)
    if not known or known.returncode != 0:
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        [docker, "compose", "-f", str(FOLDER / "compose.yaml"), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["user"].split(":")[0] not in ("0", "root")
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert not [volume for volume in service.get("volumes", []) if "docker.sock" in volume]


def test_only_the_proxy_is_published_and_only_on_loopback_unless_told_otherwise() -> None:
    assert {name for name, service in SERVICES.items() if service.get("ports")} == {"proxy"}
    assert SERVICES["proxy"]["ports"] == ["${BEACON_BIND:-127.0.0.1}:8443:8443"]


def test_the_ui_has_no_way_out_and_the_proxy_no_way_to_the_history() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    inside = {name for name, of in COMPOSITION["networks"].items() if (of or {}).get("internal")}
    assert inside == {"history", "services", "front"}
    assert networks["webserver"] <= inside
    assert networks["daemon"] <= inside
    assert networks["db"] == {"history"}
    assert networks["proxy"] & {"history", "services"} == set()


def test_no_secret_is_written_down() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|TOKEN|KEY|UID", variable)
            assert not secret or str(value).startswith("/run/secrets/"), (name, variable)
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), (name, variable)
    for secret in COMPOSITION["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    assert "secrets/" in (FOLDER / ".gitignore").read_text().splitlines()


def test_every_secret_and_volume_that_is_used_is_declared() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSITION["secrets"])
    named = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith((".", "$"))
    }
    assert named == set(COMPOSITION["volumes"])
    mounted = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith(".") and "secrets" not in volume
    ]
    assert [path for path in mounted if not (FOLDER / path).is_file()] == []


def test_images_are_pinned_by_digest() -> None:
    for name in ("db", "proxy"):
        assert _PINNED.match(SERVICES[name]["image"]), SERVICES[name]["image"]


def _dockerfile() -> list[list[str]]:
    text = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_is_pinned_locked_and_not_root() -> None:
    lines = _dockerfile()
    bases = [line[1] for line in lines if line[0] == "FROM"]
    assert [base for base in bases if not _PINNED.match(base)] == []
    # One build of each, in all stages.
    assert len(set(bases)) == len({base.partition("@")[0] for base in bases})
    installs = [" ".join(line) for line in lines if "sync" in line]
    assert installs
    assert all("--frozen --no-dev --extra postgres" in line for line in installs)
    (user,) = [line[1] for line in lines if line[0] == "USER"]
    assert user == SERVICES["code"]["user"] == "10001:10001"


def test_the_build_context_is_what_the_image_copies() -> None:
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert allowed[0] == "*"
    let_in = {line[1:] for line in allowed if line.startswith("!")}
    copied = {
        source
        for line in _dockerfile()
        if line[0] == "COPY" and not line[1].startswith("--")
        for source in line[1:-1]
    }
    assert copied == let_in
    assert [name for name in let_in if not (ROOT / name).exists()] == []


def test_what_the_image_copies_is_enough_to_run(tmp_path: Path) -> None:
    """The same files in a directory of their own: settings, registers and definitions load."""
    for name in (line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()):
        if (ROOT / name).is_dir() and name:
            shutil.copytree(
                ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, tmp_path / name)
    program = (
        "import beacon, pipelines.definitions as d; from beacon.cli.system_commands import doctor\n"
        "import sys; from pathlib import Path\n"
        "assert Path(beacon.__file__).is_relative_to(sys.argv[1]), beacon.__file__\n"
        "assert d.defs.resolve_job_def('nightly')\n"
        "doctor(Path(sys.argv[1]) / 'home')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all valid" in done.stdout
