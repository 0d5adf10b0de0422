"""What a newcomer can do without touching code."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from beacon.checks.check_step import kept_checks
from beacon.core.paths import resource_dir
from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.registry import load_indicators
from beacon.warehouse.connection import open_warehouse
from beacon.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]

A_23RD = """\
id: 23
slug: claimants
name: People who claim out-of-work benefits
name_status: unconfirmed
programme: marmot_beacon
theme: 3. Create fair employment and good work for all
definition: People claiming benefits principally because they are out of work.
numerator: Claimants
denominator: Residents aged 16 to 64
unit: percent
multiplier: 100
value_type: proportion
polarity: low_is_good
age: 16-64 yrs
sex: [Persons]
frequency: Annual
levels_published: [utla, england]
sources:
  - source: ons_els
    select:
      - series: Claimant Count
        set: {sex: Persons, age: 16-64 yrs}
ci_method: publisher
benchmark_method: none
benchmark_reason: No limits are published.
recent_trend: false
recent_trend_reason: No limits are published.
rounding: 1
rationale: An example.
owner: Population health intelligence lead
checked_by: null
next_review: 2027-03-31
"""


def test_a_23rd_beacon_is_one_yaml_file(
    sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "indicators"
    shutil.copytree(resource_dir("reference_data") / "indicators", folder)
    (folder / "23_claimants.yaml").write_text(A_23RD, encoding="utf-8")
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    # What the default registry would hold if the file were in reference_data.
    workspace.__dict__["indicators"] = load_indicators() | load_indicators(folder)
    monkeypatch.setattr("beacon.release.fingerprint.code_digest", lambda: "with one more file")
    assert run_pipeline(workspace).status == "published"
    with open_warehouse(workspace, prepare=False) as warehouse:
        con = warehouse.con
        (row,) = con.execute(
            "select indicator_id, places_with_value, status from marts.indicator "
            "where indicator_slug = 'claimants'"
        ).fetchall()
        assert row == (23, 9, "published")
        (values,) = con.execute(
            "select count(value) from marts.beacon_indicator where indicator_slug = 'claimants'"
        ).fetchall()
        assert values[0] > 9
    assert [check for check in kept_checks(workspace) if not check["passed"]] == []


def _examples() -> list[tuple[str, str]]:
    found = []
    for page in sorted((ROOT / "docs" / "methods").glob("*.md")):
        for number, block in enumerate(
            re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
        ):
            found.append((f"{page.stem}-{number}", block))
    return found


@pytest.mark.parametrize(
    "sql", [sql for _, sql in _examples()], ids=[name for name, _ in _examples()]
)
def test_every_example_of_the_methods_pages_runs_in_a_plain_shell(
    sample_home: Path, sql: str
) -> None:
    """`duckdb beacon.duckdb`, read-only, with nothing installed or loaded."""
    with duckdb.connect(str(sample_home / "beacon.duckdb"), read_only=True) as con:
        assert con.execute(sql).fetchall()
