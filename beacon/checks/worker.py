"""The validation process: ``python -m beacon.checks.worker``, spoken to over its pipes."""

import gc
import importlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from beacon.checks.lighter import late_imports
from beacon.checks.protocol import decode, encode, item_from_json, outcome_to_json
from beacon.processes import serve


def _import_great_expectations() -> None:
    """Import it for pandas alone, in about half of the usual time and memory.

    SQLAlchemy is an optional extra of Great Expectations for SQL back-ends, which this process
    never uses: it is made to look not installed. If that ever stops working the import is done
    again without it. Of what is no extra, some is loaded only when used (``lighter``).
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # Importing makes a million objects that all stay: collecting in between is a fifth of it, and
    # once at the end a tenth of a second for no memory worth it.
    gc.disable()
    hide = "sqlalchemy" not in sys.modules
    try:
        if hide:
            sys.modules["sqlalchemy"] = None  # type: ignore[assignment]
        with late_imports():
            importlib.import_module("great_expectations")
    except ImportError:
        if not hide:
            raise
        del sys.modules["sqlalchemy"]
        for name in [n for n in sys.modules if n.partition(".")[0] == "great_expectations"]:
            del sys.modules[name]
        importlib.import_module("great_expectations")
    from beacon.checks.engine import warm_up

    warm_up()
    importlib.import_module("pyarrow.parquet")
    gc.freeze()
    gc.enable()


def _peak_megabytes() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if sys.platform != "darwin" else 1024**2), 1)


def _remove_extracts() -> None:
    """What the run wrote for this process is this process's to remove, if the run was killed."""
    if len(sys.argv) > 1 and Path(sys.argv[1]).name.startswith("beacon-validation-"):
        shutil.rmtree(sys.argv[1], ignore_errors=True)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    from beacon.checks.check_tables import Part, judge

    started = time.perf_counter()
    items = tuple(item_from_json(item) for item in job["items"])
    outcomes = judge(Part(Path(job["path"]), items, tuple(job["key"])))
    return {
        "id": job["id"],
        "outcomes": [outcome_to_json(outcome) for outcome in outcomes],
        "seconds": round(time.perf_counter() - started, 4),
        "peak_megabytes": _peak_megabytes(),
    }


def _get_ready() -> dict[str, Any]:
    started = time.perf_counter()
    _import_great_expectations()
    seconds = round(time.perf_counter() - started, 3)
    return {"ready": True, "seconds": seconds, "peak_megabytes": _peak_megabytes()}


if __name__ == "__main__":
    serve(_answer, prepare=_get_ready, default=encode, object_hook=decode, at_end=_remove_extracts)
