"""From extracts in the secure home's inbox to protected tables in the ordinary home.

What belongs here: the order of the steps, each a plain function. What does not: any of the steps.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.core.files import read_json, sha256_of, write_json
from beacon.core.paths import resource_dir
from beacon.disclosure import Rule
from beacon.engines import open_engine
from beacon.people.breakdowns import BoardAreas
from beacon.people.cohort_definitions import Cohort
from beacon.people.crossing import CROSSING, Crossed, cross, people_folder
from beacon.people.evaluate import Evaluated, evaluate
from beacon.people.extract_manifest import MANIFEST_NAME, as_at_of
from beacon.people.extract_store import GATE_VERSION, StoredExtract, extract_dates, read_extract
from beacon.people.flow import make_flow
from beacon.people.gate import KnownCodes, admit, connect
from beacon.people.load_cohorts import load_cohorts
from beacon.people.person_at import AREA_COLUMNS, AreaTables
from beacon.people.person_quality import make_person_quality
from beacon.people.protected_tables import Period, make_protected
from beacon.people.retention import counted_dates, has_persons, not_to_be_counted, overdue
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import Segmentation, load_segmentations

if TYPE_CHECKING:
    import duckdb

# Raise when a change of the code changes what is computed of the same extract.
METHOD_VERSION = "7"


@dataclass(frozen=True)
class PeopleReport:
    """What a run did.

    Attributes:
        admitted: As-at dates of extracts that were admitted in it.
        computed: As-at dates whose tables were made.
        crossed: Files that crossed.
        warnings: What the gate warned of, by as-at date.
        not_computed: Cohorts whose clusters the latest extract lacks, and which.
        overdue: As-at dates of extracts that must be deleted, and the last day they might be kept.
        left: As-at dates that would have been counted anew and were not, and why.
    """

    admitted: list[str] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)
    crossed: list[Crossed] = field(default_factory=list)
    warnings: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    not_computed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    overdue: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """What the working database says of areas and practices.

    Attributes:
        lsoa: Arrow table of LSOA 2021 with `AREA_COLUMNS`.
        imd_vintage: Edition of the index.
        board: Code of the board.
        places: Codes of its Places.
        practices: Codes of the list of practices; empty where none is supplied.
    """

    lsoa: object
    imd_vintage: int
    board: str
    places: tuple[str, ...]
    practices: frozenset[str]
    digest: str


def surroundings(warehouse: duckdb.DuckDBPyConnection) -> Surroundings:
    """Read areas and practices from the working database, once its cohorts of areas are made."""
    ((vintage,),) = warehouse.execute("select imd_vintage from registry.imd_default").fetchall()
    lsoa = warehouse.sql(
        f"select lsoa_code as lsoa21_code, {AREA_COLUMNS.partition(', ')[2]} "
        f"from cohorts.lsoa_deprivation where imd_vintage = {int(vintage)} order by lsoa_code"
    ).to_arrow_table()
    ((board,),) = warehouse.execute("select icb_code from registry.footprint").fetchall()
    places = tuple(
        code
        for (code,) in warehouse.execute(
            "select place_code from registry.place order by sort_order"
        ).fetchall()
    )
    listed = warehouse.execute("select practice_code from staging.nhs_practice").fetchall()
    practices = frozenset(str(row[0]) for row in listed)
    digest = hashlib.sha256(repr((vintage, board, places, sorted(practices))).encode())
    for column in lsoa.columns:
        digest.update(repr(column.to_pylist()).encode())
    return Surroundings(lsoa, int(vintage), board, places, practices, digest.hexdigest())


def run_people(
    around: Surroundings,
    secure: SecureHome,
    ordinary: Path,
    *,
    today: date,
    now: datetime,
    fictional: bool,
    rule: Rule | None = None,
    cohorts: dict[str, Cohort] | None = None,
    segmentations: dict[str, Segmentation] | None = None,
    month: str | None = None,
    engine: str = "duckdb",
) -> PeopleReport:
    """Admit what is in the inbox, compute what has changed, and let protected tables cross.

    A run without a new extract, definition or area does nothing.

    Args:
        around: Areas and practices.
        secure: The secure home.
        ordinary: The ordinary home.
        today: The day on which extracts are judged.
        now: The time that the log gives.
        fictional: Whether this home is fictional.
        rule: The rule of disclosure control; 5 and complementary by default.
        cohorts: The cohorts; those of `reference_data/cohorts` by default.
        segmentations: The segmentations; those of `reference_data/segments` by default.
        month: Only extracts whose as-at date lies in this month, as "2025-03"; all by default.
        engine: Where persons are read and counted, `duckdb` or `spark`.

    Raises:
        InputRefusedError: When an extract is refused; the tables of others stay as they were.
    """
    rule = rule or Rule()
    cohorts = cohorts or load_cohorts()
    segmentations = load_segmentations() if segmentations is None else segmentations
    report = PeopleReport()
    report.admitted.extend(admit_new(around, secure, today=today, fictional=fictional, month=month))
    report.overdue.update(overdue(secure, today))
    earlier: str | None = None
    admitted = extract_dates(secure)
    for day in sorted({*admitted, *counted_dates(secure)}):
        if day not in admitted or (month is not None and not day.startswith(month)):
            earlier = day
            continue
        extract = read_extract(secure, day)
        report.warnings[day] = extract.warnings
        fingerprint = _fingerprint(around, secure, extract, earlier, rule)
        done = secure.as_at(day) / "done.json"
        made = has_persons(secure, day) and _crossed_already(ordinary, day)
        changed = read_json(done) != fingerprint or not made
        reason = not_to_be_counted(secure, extract, earlier, today)
        if reason and (changed or extract.gate != GATE_VERSION):
            report.left[day] = reason
        elif changed:
            lacking = compute(
                around, secure, extract, earlier, cohorts, segmentations, rule, ordinary, now,
                report, engine,
            )  # fmt: skip
            report.not_computed.clear()
            report.not_computed.update(lacking)
            write_json(done, fingerprint)
        earlier = day
    return report


def admit_new(
    around: Surroundings,
    secure: SecureHome,
    *,
    today: date,
    fictional: bool,
    month: str | None = None,
) -> list[str]:
    """Admit extracts of the inbox that were not admitted as they are now; give their dates."""
    known = KnownCodes(around.practices, frozenset(around.lsoa["lsoa21_code"].to_pylist()))  # type: ignore[index]
    admitted = []
    for waiting in waiting_extracts(secure):
        if month is not None and waiting.month != month:
            continue
        extract = admit(waiting.folder, secure, today=today, known=known, fictional=fictional)
        write_json(_seen(secure, waiting.folder), waiting.digest)
        admitted.append(extract.as_at)
    return admitted


@dataclass(frozen=True)
class WaitingExtract:
    """An extract of the inbox that was not admitted as it is now.

    Attributes:
        folder: Where it is.
        digest: Of the gate, of the names, sizes and times of its files, and of its manifest.
        month: The month of its as-at date, as "2025-03"; None where its manifest does not say.
    """

    folder: Path
    digest: str
    month: str | None


def waiting_extracts(secure: SecureHome) -> Iterator[WaitingExtract]:
    """What is in the inbox and not admitted, in order of its name."""
    for folder in sorted(path for path in secure.inbox.glob("*") if path.is_dir()):
        digest = _delivery_digest(folder)
        if read_json(_seen(secure, folder)) != digest:
            yield WaitingExtract(folder, digest, _month_of(folder))


def _seen(secure: SecureHome, folder: Path) -> Path:
    return secure.extracts / f"{folder.name}.seen"


def _month_of(folder: Path) -> str | None:
    found = re.match(r"\d{4}-\d{2}(?=-\d{2}$)", as_at_of(folder) or "")
    return found[0] if found else None


def _delivery_digest(folder: Path) -> str:
    """Of the gate, of the name, size and time of every file, and of the manifest's bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stamps = [
        (path.relative_to(folder).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in files
    ]
    manifest = folder / MANIFEST_NAME
    own = sha256_of(manifest) if manifest.is_file() else ""
    return hashlib.sha256(repr((GATE_VERSION, stamps, own)).encode()).hexdigest()


def _fingerprint(
    around: Surroundings,
    secure: SecureHome,
    extract: StoredExtract,
    earlier: str | None,
    rule: Rule,
) -> dict[str, str]:
    definitions = hashlib.sha256()
    for folder in ("cohorts", "segments"):
        for path in sorted((resource_dir("reference_data") / folder).glob("*.yaml")):
            definitions.update(path.read_bytes())
    return {
        "method": METHOD_VERSION,
        "extract": hashlib.sha256(repr(sorted(extract.files.items())).encode()).hexdigest(),
        # What the earlier date shows decides what this one may show.
        "earlier": _done_digest(secure, earlier) if earlier else "",
        "definitions": definitions.hexdigest(),
        "areas": around.digest,
        "rule": repr(rule),
    }


def _done_digest(secure: SecureHome, day: str) -> str:
    done = read_json(secure.as_at(day) / "done.json")
    return f"{day}:{hashlib.sha256(repr(done).encode()).hexdigest()}"


def _crossed_already(ordinary: Path, day: str) -> bool:
    folder = people_folder(ordinary)
    return all((folder / table / f"{day}.parquet").is_file() for table in CROSSING)


def compute(
    around: Surroundings,
    secure: SecureHome,
    extract: StoredExtract,
    earlier: str | None,
    cohorts: dict[str, Cohort],
    segmentations: dict[str, Segmentation],
    rule: Rule,
    ordinary: Path,
    now: datetime,
    report: PeopleReport,
    engine: str = "duckdb",
) -> dict[str, tuple[str, ...]]:
    """Make and cross the tables of one as-at date; give the cohorts that could not be computed."""
    con = connect(secure)
    try:
        con.register("lsoa_frame", around.lsoa)
        con.execute("create temp table lsoa_area as from lsoa_frame")
        areas = AreaTables("lsoa_area", around.imd_vintage)
        every = cohorts | {name: each.as_cohort() for name, each in segmentations.items()}
        evaluated = _evaluated(con, secure, extract, areas, every, engine)
        board = board_areas(con, around, extract)
        period = Period(extract.as_at, earlier)
        make_protected(con, secure, period, board, cohorts, rule, extract, segmentations)
        make_flow(con, secure, period, board, cohorts, rule)
        files = secure.as_at(extract.as_at) / "person" / "*.parquet"
        persons = f"read_parquet({quote_literal(str(files))})"
        make_person_quality(con, extract, persons, rule)
        report.crossed.extend(
            cross(con, secure, ordinary, tuple(CROSSING), as_at=extract.as_at, rule=rule, now=now)
        )
    finally:
        con.close()
    report.computed.append(extract.as_at)
    return evaluated.not_computed


def _evaluated(
    con: duckdb.DuckDBPyConnection,
    secure: SecureHome,
    extract: StoredExtract,
    areas: AreaTables,
    cohorts: dict[str, Cohort],
    engine: str,
) -> Evaluated:
    if engine == "duckdb":
        return evaluate(con, secure, extract, areas, cohorts)
    secure.scratch.mkdir(exist_ok=True)
    other = open_engine(engine, scratch=secure.scratch)
    try:
        # A platform divides the work itself, so that all persons are one range.
        everybody = max(extract.persons, 1)
        return evaluate(
            con, secure, extract, areas, cohorts, persons_at_once=everybody, engine=other
        )
    finally:
        other.close()


def board_areas(
    con: duckdb.DuckDBPyConnection, around: Surroundings, extract: StoredExtract
) -> BoardAreas:
    """The areas below the board: wards that lie in one Place, and practices with their network."""
    wards = con.execute(
        "select ward24_code, min(place_code) from lsoa_area "
        "where ward24_code is not null and place_code is not null "
        "group by all having count(distinct place_code) = 1 order by all"
    ).fetchall()
    practices = con.execute(
        f"select practice_code, pcn_code from {extract.relation('practice')} "
        "where pcn_code is not null and practice_code in "
        f"(select practice_code from {extract.relation('registration')}) order by all"
    ).fetchall()
    return BoardAreas(around.board, around.places, dict(wards), dict(practices))
