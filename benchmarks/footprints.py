"""Every integrated care board of the nation, and all England, as footprints on one set of files.

A Place here is an upper-tier authority that lies in one board, and a lower-tier one where its
county is shared by several. An authority belongs to the board that has most of its LSOAs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.measure import (
    MEGABYTE,
    Options,
    PartResult,
    Row,
    Timing,
    beacon,
    high_water_bytes,
    python,
    run_process,
)

if TYPE_CHECKING:
    import polars as pl

ALL_ENGLAND = "all_authorities"


def footprint_files(folder: Path, target: Path) -> list[Path]:
    """Write one footprint for each board and one for the whole nation.

    Args:
        folder: Folder of official files or of a sample, with its lookups.
        target: Where the YAML files go; made if absent.

    Returns:
        The files; the whole nation's is the last.
    """
    lookups = _Lookups.read(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for code, name in sorted(lookups.boards.items()):
        places = lookups.places_of(code)
        if places:
            body = lookups.footprint(f"icb_{code.lower()}", name, code, name, places)
            paths.append(_write(target / f"{code.lower()}.yaml", body))
    everywhere = lookups.places_of(None)
    nation = lookups.nation["code"], lookups.nation["name"]
    body = lookups.footprint(ALL_ENGLAND, f"All of {nation[1]}", *nation, everywhere)
    paths.append(_write(target / f"{ALL_ENGLAND}.yaml", body))
    return paths


def _write(path: Path, body: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(body, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def find_input(folder: Path, pattern: str) -> Path:
    """The one file of a folder whose name fits.

    Raises:
        FileNotFoundError: When there is none.
    """
    found = sorted(folder.rglob(pattern))
    if not found:
        raise FileNotFoundError(f"{folder} has no file named {pattern}")
    return found[0]


class _Lookups:
    """Which authority lies in which board, and which authorities make an upper-tier one."""

    def __init__(self, authorities: pl.DataFrame) -> None:
        # lad_code, lad_name, upper_code, upper_name, board_code, board_name
        self.authorities = authorities
        self.boards = dict(authorities.select("board_code", "board_name").iter_rows())
        fictional = authorities["lad_code"][0].startswith("Z")
        self.fictional = fictional
        self.nation = (
            {"code": "Z92000001", "name": "Albion (fictional)"}
            if fictional
            else {"code": "E92000001", "name": "England"}
        )

    @classmethod
    def read(cls, folder: Path) -> _Lookups:
        import polars as pl

        lsoas = pl.read_csv(
            find_input(folder, "*LSOA21_WD24_LAD24*.csv"),
            columns=["LSOA21CD", "LAD24CD", "LAD24NM"],
        )
        boards = pl.read_csv(
            find_input(folder, "*LSOA21_SICBL24_ICB24*.csv"),
            columns=["LSOA21CD", "ICB24CD", "ICB24NM"],
        )
        upper = pl.read_csv(
            find_input(folder, "*LTLA-UTLA*.csv"),
            columns=["LTLA23CD", "UTLA23CD", "UTLA23NM"],
        )
        authorities = (
            lsoas.join(boards, on="LSOA21CD")
            .group_by("LAD24CD", "LAD24NM", "ICB24CD", "ICB24NM")
            .len()
            .sort("LAD24CD", "len", "ICB24CD", descending=[False, True, False])
            .unique("LAD24CD", keep="first", maintain_order=True)
            .join(upper, left_on="LAD24CD", right_on="LTLA23CD", how="left")
            .select(
                lad_code="LAD24CD",
                lad_name="LAD24NM",
                upper_code=pl.coalesce("UTLA23CD", "LAD24CD"),
                upper_name=pl.coalesce("UTLA23NM", "LAD24NM"),
                board_code="ICB24CD",
                board_name="ICB24NM",
            )
        )
        return cls(authorities)

    def places_of(self, board: str | None) -> list[dict[str, Any]]:
        """Places of one board, or of all."""
        shared: dict[str, set[str]] = defaultdict(set)
        for row in self.authorities.iter_rows(named=True):
            shared[row["upper_code"]].add(row["board_code"])
        places: dict[str, dict[str, Any]] = {}
        for row in self.authorities.sort("lad_code").iter_rows(named=True):
            if board is not None and row["board_code"] != board:
                continue
            whole = board is None or len(shared[row["upper_code"]]) == 1
            tier = "upper" if whole else "lad"
            place = places.setdefault(
                row[f"{tier}_code"],
                {
                    "code": row[f"{tier}_code"],
                    "name": row[f"{tier}_name"],
                    "local_authorities": [],
                },
            )
            place["local_authorities"].append(row["lad_code"])
        return list(places.values())

    def footprint(
        self, identity: str, name: str, board: str, board_name: str, places: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """One footprint file."""
        return {
            "id": identity,
            "name": name,
            "kind": "sample" if self.fictional else "official",
            "fictional": self.fictional,
            "nation": self.nation,
            "icb": {"code": board, "name": board_name},
            "places": places,
        }


def share_home(source: Path, target: Path) -> Path:
    """A home that shares what another has landed and read; nothing else.

    Landed objects and staged files are named after their bytes and never changed, so they can be
    hard links. The state says which of them a run uses.
    """
    for name in ("landing", "staging"):
        shutil.copytree(source / name, target / name, copy_function=os.link, dirs_exist_ok=True)
    shutil.copytree(source / "state", target / "state", dirs_exist_ok=True)
    (target / "state" / "built.json").unlink(missing_ok=True)
    (target / "landing" / "current.json").unlink()
    shutil.copy(source / "landing" / "current.json", target / "landing" / "current.json")
    return target


def build_one(home: Path, footprint: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Publish one footprint from what its home already holds; give what it took."""
    from beacon.core.settings import Settings
    from beacon.session import Session
    from beacon.workspace import Workspace

    seconds: dict[str, float] = {}
    began = mark = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal mark
        now = time.perf_counter()
        seconds[stage] = now - mark
        mark = now

    workspace = Workspace(Settings(home=home, footprint=str(footprint), **settings))
    with Session(workspace, run_id="benchmark") as session:
        parts = [part for table in workspace.staging_tables for part in session.stage(table)]
        lap("reading")
        session.derive_all()
        lap("deriving")
        publication = session.publish(pages=False)
        lap("publishing")
    marts = {mart["name"]: mart["rows"] for mart in publication.release.manifest["marts"]}
    return {
        "footprint": workspace.footprint.name,
        "places": len(workspace.footprint.places),
        "read_again": sum(part.status == "staged" for part in parts),
        "rows": sum(marts.values()),
        "lsoas": marts["lsoa"],
        "seconds": time.perf_counter() - began,
        **{f"{stage}_seconds": value for stage, value in seconds.items()},
        "peak_mb": high_water_bytes(os.getpid()) / MEGABYTE,
    }


def run(options: Options) -> PartResult:
    """Publish every board's release, one after another in one process, then all of the nation."""
    result = PartResult()
    if options.inputs is None and not options.quick:
        result.notes.append("not available: there is no folder of official files")
        return result
    base = base_home(options)
    folder = base.folder
    paths = footprint_files(folder, options.work / "footprints")
    boards = paths[:2] if options.quick else paths[:-1]
    for case, chosen in (("every board in one process", boards), ("the whole nation", paths[-1:])):
        built, timing = build_all(base, chosen, options)
        result.rows.append(_row(case, built, timing))
        result.notes += [f"{entry['footprint']}: {entry['error']}" for entry in built
                         if "error" in entry]  # fmt: skip
    return result


def build_all(
    base: Base, footprints: list[Path], options: Options, *, keep: bool = False
) -> tuple[list[dict[str, Any]], Timing]:
    """Build footprints in one process of their own; what each took, and what all did."""
    report = options.work / "footprints.json"
    timing = run_process(
        python(
            "-m", "benchmarks.footprints", "--base", str(base.home), "--inputs", base.mode,
            "--folder", str(base.folder), "--work", str(options.work / "boards"),
            "--report", str(report), *(["--keep"] if keep else []),
            *(str(path) for path in footprints),
        ),
        limit_seconds=7200,
    )  # fmt: skip
    built: list[dict[str, Any]] = json.loads(report.read_text())
    return built, timing


def nation_home(options: Options) -> Path:
    """A home with a release of the whole nation, every upper-tier authority a Place."""
    home = options.work / "boards" / ALL_ENGLAND
    if not (home / "latest.json").is_file():
        base = base_home(options)
        paths = footprint_files(base.folder, options.work / "footprints")
        (entry,), _ = build_all(base, paths[-1:], options, keep=True)
        if "error" in entry:
            raise RuntimeError(str(entry["error"]))
    return home


def _row(case: str, built: list[dict[str, Any]], timing: Timing) -> Row:
    good = [entry for entry in built if "error" not in entry]
    each = sorted(entry["seconds"] for entry in good) or [0.0]
    figures = {
        "published": len(good),
        "failed": len(built) - len(good),
        "places": sum(entry["places"] for entry in good),
        "files_read_again": sum(entry["read_again"] for entry in good),
        "median_seconds_each": each[len(each) // 2],
        "slowest_seconds": each[-1],
        "peak_mb_after_first": good[0]["peak_mb"] if good else None,
        "peak_mb_after_last": good[-1]["peak_mb"] if good else None,
    }
    for stage in ("reading", "deriving", "publishing"):
        figures[f"{stage}_seconds"] = sum(entry[f"{stage}_seconds"] for entry in good)
    return Row(
        f"footprints: {case}",
        f"{len(built)} footprints",
        ours=timing,
        note="without pages and without Great Expectations; landing and reading were done once",
        figures=figures,
    )


class Base:
    """A home that has landed and read its inputs once, with a release."""

    def __init__(self, home: Path, folder: Path, mode: str) -> None:
        self.home = home
        self.folder = folder
        self.mode = mode

    @property
    def arguments(self) -> list[str]:
        """What `beacon run` is told to read the same inputs again."""
        chosen = ["--inputs", self.mode]
        return [*chosen, "--folder", str(self.folder)] if self.mode == "folder" else chosen


def base_home(options: Options) -> Base:
    """The home that several parts start from: made once in the working directory."""
    home = options.work / "base"
    mode = "folder" if options.inputs is not None and not options.quick else "sample"
    folder = options.inputs if options.inputs is not None and not options.quick else home / "sample"
    base = Base(home, folder, mode)
    if not (home / "latest.json").is_file():
        run_process(beacon("run", "--home", str(home), *base.arguments), expect=(0, 3))
    return base


def main() -> None:
    """Build footprints on a base home, each in a home of its own, in this process."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="Leave the homes.")
    parser.add_argument("footprints", type=Path, nargs="+")
    chosen = parser.parse_args()
    settings: dict[str, Any] = {"inputs": chosen.inputs}
    if chosen.inputs == "folder":
        settings["folder"] = chosen.folder
    built: list[dict[str, Any]] = []
    for path in chosen.footprints:
        target = chosen.work / path.stem
        shutil.rmtree(target, ignore_errors=True)
        share_home(chosen.base, target)
        try:
            built.append(build_one(target, path, settings))
        except Exception as error:  # noqa: BLE001 - one board that fails does not stop the others
            said = f"{type(error).__name__}: {error}"
            built.append({"footprint": path.stem, "error": said[:500]})
        finally:
            if not chosen.keep:
                shutil.rmtree(target, ignore_errors=True)
        sys.stderr.write(f"{json.dumps(built[-1])}\n")
    chosen.report.write_text(json.dumps(built))


if __name__ == "__main__":
    main()
