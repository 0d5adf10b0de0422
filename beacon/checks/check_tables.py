"""Checks of a DuckDB table: what is fetched for Great Expectations and what DuckDB settles.

A table of up to ``FULL_ROWS`` rows goes to Great Expectations whole (the columns that checks
read). In a larger one DuckDB searches for counterexamples to every check that has an exact
predicate, and Great Expectations judges an extract that holds the counterexamples and the first
rows; only checks without a predicate get their columns whole. A check passes only if both agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from beacon.checks.check_frames import PRESENT
from beacon.checks.result import MAX_EXAMPLES, CheckResult, Outcome, to_results
from beacon.checks.screen import violation
from beacon.contracts.compare import compare_columns
from beacon.contracts.ddl import quote_identifier, quote_literal, quote_qualified
from beacon.contracts.suite import SuiteItem, build_suite

if TYPE_CHECKING:
    import duckdb

    from beacon.contracts.model import Contract

FULL_ROWS = 20_000
"""Measured on 35 checks: up to here both ways cost about the same (0.2 to 0.4 s); at a million
rows a whole table takes 4.8 s and 870 MB, the search 0.4 s and no more memory."""
SAMPLE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet extract and the checks that Great Expectations runs on it."""

    path: Path
    items: tuple[SuiteItem, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A table ready to be judged.

    Attributes:
        contract: The table's contract.
        items: Every check of the suite, in order.
        settled: Outcomes that need no Great Expectations.
        counts: Rows that break a check, as DuckDB counted them, for the checks it searched.
        parts: What remains for Great Expectations.
    """

    contract: Contract
    items: tuple[SuiteItem, ...]
    settled: tuple[Outcome, ...]
    counts: dict[str, int]
    parts: tuple[Part, ...]

    def finish(self, outcomes: Sequence[Outcome]) -> list[CheckResult]:
        """Join what Great Expectations found with what DuckDB counted."""
        merged = [_agree(outcome, self.counts.get(outcome.name)) for outcome in outcomes]
        return to_results(self.contract, self.items, [*self.settled, *merged])

    def fail(self, reason: str) -> list[CheckResult]:
        """Results when Great Expectations could not be asked: everything unsettled has failed."""
        settled = {outcome.name for outcome in self.settled}
        unsettled = [
            Outcome(item.name, passed=False, error=reason)
            for item in self.items
            if item.name not in settled
        ]
        return to_results(self.contract, self.items, [*self.settled, *unsettled])


def _agree(outcome: Outcome, count: int | None) -> Outcome:
    if count is None or outcome.error is not None:
        return outcome
    if count and outcome.passed:
        return replace(
            outcome,
            passed=False,
            unexpected_count=count,
            error=f"DuckDB finds {count:,} rows that break it and Great Expectations none of them",
        )
    if count:
        return replace(outcome, unexpected_count=count)
    return outcome


def _projection(contract: Contract, found: Sequence[str], needed: frozenset[str]) -> str:
    """Every column in its place; those no check reads as NULL, those too rich as present or not."""
    columns = []
    for name in found:
        quoted = quote_identifier(name)
        if name not in needed:
            columns.append(f"null::boolean as {quoted}")
            continue
        duck = contract.column(name).duck_type
        if duck.family == "binary" or duck.is_list:
            marker = quote_literal(PRESENT)
            columns.append(f"case when {quoted} is not null then {marker} end as {quoted}")
        else:
            columns.append(quoted)
    return ", ".join(columns)


class _Preparation:
    """The steps of ``prepare``, sharing what each needs."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        qualified_name: str,
        contract: Contract,
        directory: Path,
        stem: str,
    ) -> None:
        self.con = con
        self.contract = contract
        self.table = quote_qualified(qualified_name)
        self.directory = directory
        self.stem = stem
        self.items = tuple(build_suite(contract))
        self.settled: list[Outcome] = []
        self.counts: dict[str, int] = {}
        self.parts: list[Part] = []
        self.found: list[str] = []

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def prepared(self) -> Prepared:
        return Prepared(
            self.contract, self.items, tuple(self.settled), self.counts, tuple(self.parts)
        )

    def settle(self, item: SuiteItem, *, passed: bool = False, **found: Any) -> None:
        self.settled.append(Outcome(item.name, passed=passed, **found))

    def open_items(self) -> list[SuiteItem]:
        """Settle what the table's columns alone decide; return what is left to be checked."""
        described = [(row[0], str(row[1])) for row in self.rows(f"describe {self.table}")]
        self.found = [name for name, _ in described]
        left = []
        for item in self.items:
            missing = [name for name in item.columns if name not in self.found]
            if item.kind == "types":
                self.settle_types(item, described)
            elif missing:
                self.settle(item, error=f"the table has no column {', '.join(missing)}")
            else:
                left.append(item)
        return left

    def settle_types(self, item: SuiteItem, described: list[tuple[str, str]]) -> None:
        shared = [pair for pair in described if pair[0] in self.contract.column_names]
        wrong = [text for text in compare_columns(self.contract, shared) if ", declared " in text]
        self.settle(
            item,
            passed=not wrong,
            observed=[text.removeprefix(f"{self.contract.name}: ") for text in wrong] or None,
            unexpected_count=None,
        )

    def extract(self, sql: str, items: Sequence[SuiteItem]) -> None:
        if not items:
            return
        path = self.directory / f"{self.stem}-{len(self.parts)}.parquet"
        # Uncompressed: it is read once, on this machine, a moment later.
        self.con.execute(
            f"copy ({sql}) to {quote_literal(str(path))} (format parquet, compression uncompressed)"
        )
        self.parts.append(Part(path, tuple(items), self.contract.key))

    def select(self, items: Sequence[SuiteItem]) -> str:
        needed = {name for item in items if item.kind != "columns" for name in item.columns}
        needed |= set(self.contract.key)
        columns = _projection(self.contract, self.found, frozenset(needed & set(self.found)))
        return f"select {columns} from {self.table}"  # noqa: S608 - names are quoted

    def whole(self, items: Sequence[SuiteItem]) -> None:
        self.extract(self.select(items), items)

    def count(self, predicates: dict[str, str]) -> None:
        """Count each predicate's rows in one scan; singly if one of them does not bind."""
        import duckdb

        def scan(chosen: dict[str, str]) -> tuple[Any, ...]:
            counts = ", ".join(f"count(*) filter (where {sql})" for sql in chosen.values())
            return self.rows(f"select {counts} from {self.table}")[0]  # noqa: S608 - our own SQL

        if not predicates:
            return
        try:
            self.counts |= dict(zip(predicates, scan(predicates), strict=True))
        except duckdb.Error:
            for name, sql in predicates.items():
                try:
                    self.counts[name] = scan({name: sql})[0]
                except duckdb.Error as error:
                    text = " ".join(str(error).split())
                    self.settled.append(Outcome(name, passed=False, error=text))

    def search(self, items: Sequence[SuiteItem], total: int) -> None:
        """The way of a large table."""
        predicates: dict[str, str] = {}
        keys: list[SuiteItem] = []
        entire: list[SuiteItem] = []
        lean: list[SuiteItem] = []
        for item in items:
            sql = violation(self.contract, item)
            if item.kind == "row_count":
                low, high = item.kwargs["min_value"], item.kwargs.get("max_value")
                right = low <= total and (high is None or total <= high)
                self.settle(item, passed=right, observed=total)
            elif item.kind == "key_unique":
                keys.append(item)
            elif item.kind == "columns":
                lean.append(item)
            elif sql is None:
                entire.append(item)
            else:
                predicates[item.name] = sql
                lean.append(item)
        self.count(predicates)
        failed = {outcome.name for outcome in self.settled}
        lean = [item for item in lean if item.name not in failed]
        head = self.select(lean)
        pieces = [f"({head} limit {SAMPLE_ROWS})"]
        pieces += [
            f"({head} where {sql} limit {MAX_EXAMPLES})"
            for name, sql in predicates.items()
            if self.counts.get(name)
        ]
        # Distinct, because a row may be a counterexample to several checks; uniqueness, which
        # that would hide, has an extract of its own.
        self.extract(" union ".join(pieces), lean)
        for item in keys:
            self.search_key(item, total)
        if entire:
            self.whole(entire)

    def search_key(self, item: SuiteItem, total: int) -> None:
        columns = ", ".join(quote_identifier(name) for name in self.contract.key)
        repeated = (
            f"select {columns}, count(*) as n from {self.table} group by {columns} having n > 1"  # noqa: S608
        )
        # Equal keys have equal hashes (grouping itself relies on that), so as many hashes as rows
        # are as many keys, found in half the time of grouping. Fewer hashes prove nothing.
        hashes = f"select count(distinct hash({columns})) from {self.table}"  # noqa: S608
        count = 0
        if self.rows(hashes)[0][0] != total:
            count = int(self.rows(f"select coalesce(sum(n), 0) from ({repeated})")[0][0])  # noqa: S608
        self.counts[item.name] = count
        head = f"select {columns} from {self.table}"  # noqa: S608
        if count:
            some = f"select {columns} from ({repeated}) limit {MAX_EXAMPLES}"  # noqa: S608
            head += f" semi join ({some}) using ({columns})"
        self.extract(f"{head} limit {SAMPLE_ROWS}", [item])


def prepare(
    con: duckdb.DuckDBPyConnection,
    qualified_name: str,
    contract: Contract,
    directory: Path,
    *,
    stem: str = "extract",
    full_rows: int = FULL_ROWS,
) -> Prepared:
    """Do DuckDB's share of checking a table and write the extracts for Great Expectations.

    Args:
        con: an open connection; it is used on the caller's thread and left as it was.
        qualified_name: the table or view.
        contract: what it promises.
        directory: where extracts are written; the caller removes them.
        stem: how their names begin.
        full_rows: tables of more rows are searched set-based.

    Returns:
        The prepared table. A table that cannot be read gives failed checks, not an exception.
    """
    import duckdb

    work = _Preparation(con, qualified_name, contract, directory, stem)
    try:
        items = work.open_items()
        total = int(work.rows(f"select count(*) from {work.table}")[0][0])  # noqa: S608
        if total <= full_rows:
            work.whole(items)
        else:
            work.search(items, total)
    except (duckdb.Error, OSError) as error:
        settled = {outcome.name for outcome in work.settled}
        text = f"the table could not be read: {' '.join(str(error).split())}"
        work.settled += [
            Outcome(item.name, passed=False, error=text)
            for item in work.items
            if item.name not in settled
        ]
        work.parts = []
    return work.prepared()


def judge(part: Part) -> list[Outcome]:
    """Great Expectations' share: run a part's checks on its extract, in this process."""
    try:
        import pyarrow.parquet as pq

        from beacon.checks.engine import run_checks

        # One thread and no dataset machinery: an extract is one small file.
        with pq.ParquetFile(part.path) as extract:
            return run_checks(extract.read(use_threads=False), part.items, part.key)
    except Exception as error:  # noqa: BLE001 - a check that cannot be run has failed
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return [Outcome(item.name, passed=False, error=text) for item in part.items]


def validate_table(
    con: duckdb.DuckDBPyConnection,
    qualified_name: str,
    contract: Contract,
    *,
    directory: Path | None = None,
    full_rows: int = FULL_ROWS,
) -> list[CheckResult]:
    """Check a table against its contract's suite, with Great Expectations in this process.

    ``ValidationWorker.validate_table`` does the same beside the caller's own work.

    Args:
        con: an open connection.
        qualified_name: the table or view.
        contract: what it promises.
        directory: where extracts may be written for a moment; the system's own by default.
        full_rows: tables of more rows are searched set-based.

    Returns:
        One result a check, in the suite's order.
    """
    with TemporaryDirectory(prefix="beacon-validation-", dir=directory) as work:
        prepared = prepare(con, qualified_name, contract, Path(work), full_rows=full_rows)
        outcomes = [outcome for part in prepared.parts for outcome in judge(part)]
    return prepared.finish(outcomes)
