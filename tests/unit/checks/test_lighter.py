"""What is left out of Great Expectations is not needed, and is there where it is."""

import importlib.util
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import beacon
from beacon.checks.engine import run_suite, warm_up
from beacon.checks.lighter import LATE, kept_configurations
from beacon.contracts import SuiteItem

ROOT = str(Path(beacon.__file__).resolve().parent.parent)

# Every type of check that contracts generate or declare, and one that needs a late module.
SCRIPT = """
import json, sys
from importlib.util import _LazyModule
from beacon.checks.worker import _import_great_expectations
_import_great_expectations()
from beacon.contracts import build_suite, load_contracts
from beacon.checks.engine import run_suite
from beacon.checks.lighter import LATE

def waiting():
    return {name: type(sys.modules.get(name)).__name__ for name in LATE}

found = {"imported": waiting()}
import pandas as pd
by_type = {
    item.type: (contract, item)
    for contract in load_contracts().values()
    for item in build_suite(contract)
    if item.kind != "types"
}
found["types"] = len(by_type)
for contract, item in by_type.values():
    frame = pd.DataFrame({name: [1, 2] for name in contract.column_names})
    run_suite(frame, [item], contract.key)
found["used"] = waiting()
from beacon.contracts import SuiteItem
late = SuiteItem(
    name="late", kind="declared", type="expect_column_values_to_match_json_schema",
    kwargs={"column": "a", "json_schema": {"type": "object"}},
    severity="critical", summary="x", why="x", columns=("a",),
)
for text in ('{"b": 1}', "[1]"):
    (outcome,) = run_suite(pd.DataFrame({"a": [text]}), [late])
    found[text] = [outcome.passed, outcome.error, outcome.unexpected_count]
found["late"] = waiting()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(SCRIPT)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ROOT},
        timeout=120,
    )
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("name", LATE)
def test_a_late_module_exists_and_great_expectations_still_imports_it(
    name: str, found: dict[str, Any]
) -> None:
    assert importlib.util.find_spec(name) is not None
    assert found["imported"][name] == "_LazyModule", "it is not imported, or already used"


@pytest.mark.parametrize("name", LATE)
def test_no_check_of_a_contract_needs_a_late_module(name: str, found: dict[str, Any]) -> None:
    assert found["types"] >= 8
    assert found["used"][name] == "_LazyModule"


def test_a_check_that_needs_a_late_module_gets_it(found: dict[str, Any]) -> None:
    assert found["late"]["jsonschema"] == "module"
    assert found['{"b": 1}'] == [True, None, None]
    assert found["[1]"] == [False, None, 1]


def _not_null(column: str) -> SuiteItem:
    return SuiteItem(
        name="check",
        kind="not_null",
        type="expect_column_values_to_not_be_null",
        kwargs={"column": column},
        severity="critical",
        summary="x",
        why="x",
        columns=(column,),
    )


def test_a_configuration_is_kept_while_the_fields_are_the_same() -> None:
    warm_up()
    from great_expectations.expectations.core import ExpectColumnValuesToNotBeNull
    from great_expectations.expectations.expectation import Expectation

    ordinary = Expectation.__dict__["configuration"]
    expectation = ExpectColumnValuesToNotBeNull(column="a", meta={"beacon_check": "x"})
    with kept_configurations():
        kept = expectation.configuration
        assert kept == ordinary.__get__(expectation)
        assert expectation.configuration is kept
        expectation.column = "b"
        assert expectation.configuration.kwargs["column"] == "b"
        other = ExpectColumnValuesToNotBeNull(column="a", meta={"beacon_check": "x"})
        assert other.configuration is not kept
    assert Expectation.__dict__["configuration"] is ordinary
    assert expectation.configuration is not expectation.configuration


def test_configurations_are_ordinary_again_after_an_error() -> None:
    warm_up()
    from great_expectations.expectations.expectation import Expectation

    ordinary = Expectation.__dict__["configuration"]
    with pytest.raises(ZeroDivisionError), kept_configurations():
        raise ZeroDivisionError
    assert Expectation.__dict__["configuration"] is ordinary


def test_a_suite_builds_far_fewer_configurations(monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up()
    from great_expectations.expectations.expectation import Expectation

    ordinary = Expectation.__dict__["configuration"]
    built = []

    def counted(self: Any) -> Any:
        built.append(self)
        return ordinary.__get__(self)

    monkeypatch.setattr(Expectation, "configuration", property(counted))
    (outcome,) = run_suite(pd.DataFrame({"a": [1, 2]}), [_not_null("a")])
    assert outcome.passed
    assert 0 < len(built) < 20


def test_the_process_is_started_without_loading_what_a_run_loads() -> None:
    script = """
    import sys
    from beacon.checks.process import ValidationWorker
    command = (sys.executable, "-c", "import time; time.sleep(600)")
    with ValidationWorker.start(command=command) as worker:
        assert worker._process is not None
        heavy = ("duckdb", "great_expectations", "numpy", "pandas", "polars", "pyarrow",
                 "pydantic", "yaml")
        print([name for name in heavy if name in sys.modules])
    """
    run = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ROOT},
        timeout=60,
    )
    assert run.stdout.strip() == "[]"


def test_every_public_name_is_found() -> None:
    import beacon.checks
    import beacon.contracts

    for package in (beacon.contracts, beacon.checks):
        assert set(package._MODULES) == set(package.__all__)
        for name in package.__all__:
            assert getattr(package, name) is not None
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            package.nothing  # noqa: B018
