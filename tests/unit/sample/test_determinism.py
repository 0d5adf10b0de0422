from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from beacon.sample import (
    DEFAULT_SEED,
    PRESETS,
    SMALL,
    SampleSize,
    sample_fingerprint,
    write_sample,
    written_fingerprint,
)
from tests.unit.sample.conftest import Sample

TINY = SampleSize("tiny", 480, 3, 22, 24, rolling_periods=3, annual_periods=5)


def digests(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def test_another_process_with_another_hash_seed_and_clock_writes_the_same_bytes(
    sample: Sample, tmp_path: Path
) -> None:
    program = (
        "from pathlib import Path; import sys; from beacon.sample import write_sample;"
        "write_sample(Path(sys.argv[1]))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": "."}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environment)
    assert digests(tmp_path) == digests(sample.root)


def test_rewriting_over_an_earlier_sample_gives_the_same_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path, size=TINY)
    first = digests(tmp_path)
    write_sample(tmp_path, size=TINY)
    assert digests(tmp_path) == first


def test_another_seed_changes_every_file_with_figures_but_no_code_or_name(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_sample(one, seed=1, size=TINY)
    write_sample(two, seed=2, size=TINY)
    a, b = digests(one), digests(two)
    assert a.keys() == b.keys()
    same = {name for name in a if a[name] == b[name]}
    metadata = {name for name in a if name.endswith(".csvw.json")}
    of_codes_and_names = {"lookups/FICTIONAL_LTLA-UTLA_Apr23_Lookup.csv", "gp/FICTIONAL_ePCN.xlsx"}
    assert same == metadata | of_codes_and_names


def test_the_fingerprint_names_seed_and_every_dimension() -> None:
    base = sample_fingerprint(DEFAULT_SEED, SMALL)
    assert base == sample_fingerprint(DEFAULT_SEED, SMALL)
    assert base != sample_fingerprint(DEFAULT_SEED + 1, SMALL)
    assert base != sample_fingerprint(DEFAULT_SEED, replace(SMALL, imd2019_csv=True))
    assert len({sample_fingerprint(1, size) for size in PRESETS.values()}) == len(PRESETS)


def test_the_written_fingerprint_is_the_announced_one(sample: Sample) -> None:
    written = json.loads((sample.root / "TRUTHS.json").read_text())
    assert written_fingerprint(sample.root) == sample_fingerprint(DEFAULT_SEED, SMALL)
    assert written["fictional"] is True


def test_an_absent_cut_or_foreign_record_gives_no_fingerprint(tmp_path: Path) -> None:
    assert written_fingerprint(tmp_path) is None
    for text in ('{"fingerprint": "ab', "[1]", '{"fingerprint": 3}', "{}"):
        (tmp_path / "TRUTHS.json").write_text(text)
        assert written_fingerprint(tmp_path) is None


def test_a_failure_part_way_leaves_no_complete_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sample(tmp_path, size=TINY)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("beacon.sample.publisher.write_dfe", fail)
    with pytest.raises(OSError, match="disk full"):
        write_sample(tmp_path, size=TINY)
    assert written_fingerprint(tmp_path) is None


def test_a_smaller_set_of_files_replaces_a_larger_one_and_nothing_else(tmp_path: Path) -> None:
    write_sample(tmp_path, size=replace(TINY, imd2019_csv=True))
    mine = tmp_path / "imd2019" / "my_notes.txt"
    mine.write_text("kept")
    write_sample(tmp_path, size=TINY)
    left = [p.name for p in (tmp_path / "imd2019").iterdir()]
    assert sorted(name.rpartition(".")[2] for name in left) == ["txt", "xlsx", "xlsx", "xlsx"]
    assert mine.read_text() == "kept"


def test_the_small_sample_is_small(sample: Sample) -> None:
    total = sum(p.stat().st_size for p in sample.root.rglob("*") if p.is_file())
    assert total < 10_000_000


def test_importing_the_package_does_not_load_numpy_or_polars() -> None:
    program = (
        "import sys, beacon.sample;"
        "sys.exit(bool({'numpy', 'polars', 'xlsxwriter', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env=os.environ | {"PYTHONPATH": "."}
    )
    assert done.returncode == 0


def test_an_impossible_size_names_every_reason() -> None:
    with pytest.raises(ValueError, match=r"lsoas_per_place is 3.*icbs is 1.*annual_periods") as e:
        SampleSize("bad", 1_000, 1, 3, 60, annual_periods=2)
    assert "'bad'" in str(e.value)


def test_a_nation_too_small_for_its_boards_is_refused() -> None:
    with pytest.raises(ValueError, match="each other ICB needs three authorities"):
        SampleSize("bad", 600, 3, 60, 60)


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="seed is -1"):
        write_sample(tmp_path, seed=-1, size=TINY)
