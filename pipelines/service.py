"""The operators' UI and the daemon, on the loopback address."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from beacon.core.settings import Home, Settings
from beacon.operations.health import beat
from pipelines.instance import instance_directory

_LOOPBACK = "127.0.0.1"


def serve(settings: Settings, port: int) -> int:
    """Run the web server and the daemon until one of them ends or Ctrl-C is pressed."""
    home = Home(settings.home)
    root = Path(__file__).resolve().parent.parent
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(instance_directory(home)),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "BEACON_HOME": str(home.root),
        "BEACON_INPUTS": settings.inputs,
        "BEACON_FOOTPRINT": settings.footprint,
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]).rstrip(
            os.pathsep
        ),
    }
    if settings.folder is not None:
        environment["BEACON_FOLDER"] = str(settings.folder.expanduser().absolute())
    workspace = ["-m", "pipelines.definitions"]
    programs = [
        [sys.executable, "-m", "dagster_webserver", "-h", _LOOPBACK, "-p", str(port), *workspace],
        [sys.executable, "-m", "dagster._daemon", "run", *workspace],
    ]
    sys.stderr.write(f"Beacon's UI: http://{_LOOPBACK}:{port}  (Ctrl-C stops it)\n")
    running = [
        subprocess.Popen(program, env=environment, cwd=root)  # noqa: S603 - fixed programs
        for program in programs
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    on_purpose = False
    try:
        while all(process.poll() is None for process in running):
            time.sleep(0.5)
        return next((process.returncode for process in running if process.poll()), 1)
    except (KeyboardInterrupt, SystemExit):
        on_purpose = True
        return 0
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        if on_purpose:
            # Nobody is to be told of the silence of what was stopped.
            with contextlib.suppress(OSError):
                beat(home, stopped=True)
