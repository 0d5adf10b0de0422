"""Checks of a DuckDB table: what DuckDB settles, and what is fetched for Great Expectations.

Missing values are counted by DuckDB, in one scan. Everything else in marts, which readers get, is
judged by Great Expectations: a mart of up to ``FULL_ROWS`` rows whole (the columns that checks
read). In a larger one DuckDB searches for counterexamples to every check that has an exact
predicate, and Great Expectations judges an extract that holds the counterexamples and the first
rows; a check passes only if both agree. Tables that only later steps read are judged by DuckDB
alone, where a check has an exact predicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from beacon.checks.check_frames import PRESENT, arrow_to_pandas
from beacon.checks.engine import plain, run_suite
from beacon.checks.predicates import violation
from beacon.checks.result import MAX_EXAMPLES, CheckResult, Outcome, to_results
from beacon.contracts.compare import compare_columns
from beacon.contracts.ddl import quote_identifier, quote_literal, quote_qualified
from beacon.contracts.model import Contract
from beacon.contracts.suite import SuiteItem, build_suite

FULL_ROWS = 20_000
"""Measured on 35 checks: up to here both ways cost about the same (0.2 to 0.4 s); at a million
rows a whole table takes 4.8 s and 870 MB, the search 0.4 s and no more memory."""
SAMPLE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """Rows, and the checks that Great Expectations runs on them."""

    rows: pa.Table
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
        self, con: duckdb.DuckDBPyConnection, qualified_name: str, contract: Contract
    ) -> None:
        self.con = con
        self.contract = contract
        self.table = quote_qualified(qualified_name)
        self.items = tuple(build_suite(contract))
        self.settled: list[Outcome] = []
        self.counts: dict[str, int] = {}
        self.parts: list[Part] = []
        self.found: list[str] = []
        self.searched: list[tuple[SuiteItem, str]] = []

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
            if item.kind == "columns":
                right = tuple(self.found) == self.contract.column_names
                self.settle(item, passed=right, observed=None if right else self.found)
            elif item.kind == "types":
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

    def settle_row_count(self, item: SuiteItem, total: int) -> None:
        low, high = item.kwargs["min_value"], item.kwargs.get("max_value")
        right = low <= total and (high is None or total <= high)
        self.settle(item, passed=right, observed=total)

    def settle_rows(self, item: SuiteItem, predicate: str, count: int) -> None:
        """Settle a check from DuckDB's count, with a few rows that break it."""
        examples: list[dict[str, Any]] = []
        if count:
            names = list(dict.fromkeys([*self.contract.key, *item.columns]))
            examples = self.some_rows(names, f"from {self.table} where {predicate}")
        self.settle(
            item,
            passed=not count,
            unexpected_count=count or None,
            examples=tuple(plain(example) for example in examples),
        )

    def some_rows(self, names: Sequence[str], source: str) -> list[dict[str, Any]]:
        columns = ", ".join(quote_identifier(name) for name in names)
        found = self.rows(f"select {columns} {source} limit {MAX_EXAMPLES}")
        return [dict(zip(names, row, strict=True)) for row in found]

    def extract(self, sql: str, items: Sequence[SuiteItem]) -> None:
        if items:
            rows = self.con.sql(sql).to_arrow_table()
            self.parts.append(Part(rows, tuple(items), self.contract.key))

    def select(self, items: Sequence[SuiteItem]) -> str:
        needed = {name for item in items for name in item.columns}
        needed |= set(self.contract.key)
        columns = _projection(self.contract, self.found, frozenset(needed & set(self.found)))
        return f"select {columns} from {self.table}"  # noqa: S608 - names are quoted

    def whole(self, items: Sequence[SuiteItem]) -> None:
        self.extract(self.select(items), items)

    def count(self, predicates: dict[str, str]) -> None:
        """Count each predicate's rows in one scan; singly if one of them does not bind."""

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

    def search(self, items: Sequence[SuiteItem], total: int) -> list[SuiteItem]:
        """Search for counterexamples; give the checks that have no predicate to search by."""
        predicates = {item.name: violation(self.contract, item) for item in items}
        self.count({name: sql for name, sql in predicates.items() if sql is not None})
        failed = {outcome.name for outcome in self.settled}
        unsearched: list[SuiteItem] = []
        searched: list[tuple[SuiteItem, str]] = []
        for item in items:
            sql = predicates[item.name]
            if item.kind == "row_count":
                self.settle_row_count(item, total)
            elif item.kind == "key_unique":
                self.counts[item.name] = self.repeated_rows(total)
                searched.append((item, self.repeated_key()))
            elif sql is None:
                unsearched.append(item)
            elif item.name not in failed:
                searched.append((item, sql))
        self.searched = searched
        return unsearched

    def settle_searched(self, items: Sequence[SuiteItem], total: int) -> list[SuiteItem]:
        """Settle checks from DuckDB's counts alone; give those that have no predicate."""
        left = self.search(items, total)
        for item, sql in self.searched:
            self.settle_rows(item, sql, self.counts[item.name])
        return left

    def repeated_key(self) -> str:
        columns = ", ".join(quote_identifier(name) for name in self.contract.key)
        repeated = f"select {columns} from {self.table} group by {columns} having count(*) > 1"  # noqa: S608
        same = " and ".join(
            f"repeated.{name} is not distinct from {self.table}.{name}"
            for name in map(quote_identifier, self.contract.key)
        )
        return f"exists (from ({repeated}) as repeated where {same})"

    def repeated_rows(self, total: int) -> int:
        """Rows whose key another row has."""
        columns = ", ".join(quote_identifier(name) for name in self.contract.key)
        # Equal keys have equal hashes (grouping itself relies on that), so as many hashes as rows
        # are as many keys, found in half the time of grouping. Fewer hashes prove nothing.
        hashes = f"select count(distinct hash({columns})) from {self.table}"  # noqa: S608
        if self.rows(hashes)[0][0] == total:
            return 0
        known = " and ".join(f"{quote_identifier(name)} is not null" for name in self.contract.key)
        counted = (
            f"select count(*) as n from {self.table} where {known} "  # noqa: S608
            f"group by {columns} having n > 1"
        )
        return int(self.rows(f"select coalesce(sum(n), 0) from ({counted})")[0][0])  # noqa: S608

    def judge_extract(self) -> None:
        """Hand what was searched to Great Expectations too, with every kind of counterexample."""
        # Uniqueness, which a distinct extract would hide, has an extract of its own.
        lean = [item for item, _ in self.searched if item.kind != "key_unique"]
        head = self.select(lean)
        pieces = [f"({head} limit {SAMPLE_ROWS})"]
        pieces += [
            f"({head} where {sql} limit {MAX_EXAMPLES})"
            for item, sql in self.searched
            if item.kind != "key_unique" and self.counts.get(item.name)
        ]
        self.extract(" union ".join(pieces), lean)
        for item, sql in self.searched:
            if item.kind == "key_unique":
                where = f" where {sql}" if self.counts[item.name] else ""
                columns = ", ".join(quote_identifier(name) for name in self.contract.key)
                head = f"select {columns} from {self.table}"  # noqa: S608 - names are quoted
                self.extract(f"{head}{where} limit {SAMPLE_ROWS}", [item])


def prepare(
    con: duckdb.DuckDBPyConnection,
    qualified_name: str,
    contract: Contract,
    *,
    by_duckdb: bool = False,
    full_rows: int = FULL_ROWS,
) -> Prepared:
    """Do DuckDB's share of checking a table and fetch what Great Expectations is to judge.

    Args:
        con: an open connection; it is left as it was.
        qualified_name: the table or view.
        contract: what it promises.
        by_duckdb: whether DuckDB alone settles every check that has an exact predicate.
        full_rows: tables of more rows are searched set-based.

    Returns:
        The prepared table. A table that cannot be read gives failed checks, not an exception.
    """
    work = _Preparation(con, qualified_name, contract)
    try:
        items = work.open_items()
        total = int(work.rows(f"select count(*) from {work.table}")[0][0])  # noqa: S608
        # Missing values are more than half of all checks, and each would cost Great Expectations
        # 10 ms.
        exact = [item for item in items if by_duckdb or item.kind == "not_null"]
        others = [item for item in items if item not in exact]
        others += work.settle_searched(exact, total)
        if by_duckdb or total <= full_rows:
            work.whole(others)
        else:
            left = work.search(others, total)
            work.judge_extract()
            work.whole(left)
    except duckdb.Error as error:
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
    """Great Expectations' share: run a part's checks on its rows."""
    return run_suite(arrow_to_pandas(part.rows), part.items, part.key)


def check_table(
    con: duckdb.DuckDBPyConnection,
    qualified_name: str,
    contract: Contract,
    *,
    by_duckdb: bool = False,
    full_rows: int = FULL_ROWS,
) -> list[CheckResult]:
    """Check a table against its contract's suite.

    Args:
        con: an open connection.
        qualified_name: the table or view.
        contract: what it promises.
        by_duckdb: whether DuckDB alone settles every check that has an exact predicate.
        full_rows: tables of more rows are searched set-based.

    Returns:
        One result a check, in the suite's order.
    """
    prepared = prepare(con, qualified_name, contract, by_duckdb=by_duckdb, full_rows=full_rows)
    return prepared.finish([outcome for part in prepared.parts for outcome in judge(part)])
