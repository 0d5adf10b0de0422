"""Typed tables of an extract in the secure home, one file a table or cluster, in order of person.

What belongs here: numbering pseudonyms, writing and reading what is stored. What does not: judging
it.

A file is named by what it was made of, so that a cluster that has not changed since the last
extract is not written again. Readings of one cluster lie together, because a cohort reads few
clusters and all of a person's entries in them (measured: a quarter of the processor time of a
layout by month).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.contracts.ddl import quote_literal
from beacon.core.files import read_json, write_json
from beacon.people.contract import CLUSTERED, DATE_COLUMNS, person_tables
from beacon.people.delivery import Delivered
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

# Raise when a change of the gate refuses more, or reads values otherwise: extracts that lie in the
# inbox are then judged and stored anew; others are not counted until they are delivered again.
GATE_VERSION = "2"
_ROW_GROUP = 122_880
_WRITE = f"(format parquet, compression zstd, row_group_size {_ROW_GROUP})"


@dataclass(frozen=True)
class StoredExtract:
    """An extract that was admitted.

    Attributes:
        as_at: Its day, ISO.
        manifest: What `extract.json` said.
        files: Table to its file; of events and medicines cluster to file. Relative to the store.
        persons: Highest number of a person.
        warnings: What the gate warned of.
        store: Folder of the files.
        gate: Version of the gate that admitted it.
    """

    as_at: str
    manifest: dict[str, Any]
    files: dict[str, Any]
    persons: int
    warnings: list[dict[str, Any]]
    store: Path
    gate: str

    @property
    def clusters(self) -> frozenset[str]:
        """Clusters that were asked for or came."""
        there = {cluster for table in CLUSTERED for cluster in self.files.get(table, {})}
        return frozenset(there | set(self.manifest["clusters"]))

    def relation(self, table: str, cluster: str | None = None) -> str:
        """SQL that reads a table, or one cluster of it; no rows where the extract has none."""
        files = self.paths(table, cluster)
        if not files:
            columns = person_tables()[table].columns
            empty = ", ".join(f"null::{c.type} as {c.name}" for c in columns)
            return f"(select {empty} where false)"
        listed = ", ".join(quote_literal(str(file)) for file in files)
        return f"read_parquet([{listed}])"

    def paths(self, table: str, cluster: str | None = None) -> list[Path]:
        """Files of a table, or of one cluster of it; none where the extract has none."""
        name = self.files.get(table, {})
        if cluster is not None:
            name = name.get(cluster)
        files = list(name.values()) if isinstance(name, dict) else [name] if name else []
        return [self.store / file for file in files]


def read_extract(home: SecureHome, as_at: str) -> StoredExtract:
    """The extract of an as-at date.

    Raises:
        FileNotFoundError: When none was admitted for that date.
    """
    found = read_json(home.extracts / f"{as_at}.json")
    if found is None:
        raise FileNotFoundError(f"No extract of {as_at} was admitted.")
    # The first version did not say which it was.
    return StoredExtract(store=home.store, **{"gate": "1"} | found)


def extract_dates(home: SecureHome) -> list[str]:
    """As-at dates of the extracts that were admitted, in order."""
    return sorted(path.stem for path in home.extracts.glob("*.json"))


def number_pseudonyms(con: duckdb.DuckDBPyConnection, home: SecureHome, person: Delivered) -> int:
    """Make the table `key` (pseudonym, person_id); a pseudonym keeps its number for good.

    Returns:
        The highest number.
    """
    con.execute("create or replace temp table key (pseudonym varchar, person_id bigint)")
    if home.key.exists():
        con.execute(f"insert into key from read_parquet({quote_literal(str(home.key))})")
    con.execute(
        "create or replace temp table in_extract as "
        f"select distinct pseudonym::varchar as pseudonym from {person.relation}"
    )
    con.execute(
        "insert into key select pseudonym, row_number() over (order by pseudonym) "
        "+ (select coalesce(max(person_id), 0) from key) from ("
        "from in_extract where pseudonym is not null) as new "
        "where not exists (from key where key.pseudonym = new.pseudonym)"
    )
    return int(con.execute("select coalesce(max(person_id), 0) from key").fetchall()[0][0])


def save_key(con: duckdb.DuckDBPyConnection, home: SecureHome) -> None:
    """Keep the numbers of pseudonyms."""
    target = home.key.with_suffix(".new")
    con.execute(f"copy (from key order by person_id) to {quote_literal(str(target))} {_WRITE}")
    target.replace(home.key)


def store_table(
    con: duckdb.DuckDBPyConnection, home: SecureHome, table: Delivered
) -> tuple[Any, int]:
    """Write a table into the store.

    Returns:
        Its file, or cluster to file; and the rows left out because their person is unknown.
    """
    name = table.table
    columns = person_tables()[name].columns
    chosen = ", ".join(
        f"{'key.person_id' if c.name == 'person_id' else table.value_of(c)} as {c.name}"
        for c in columns
    )
    has_person = any(c.name == "person_id" for c in columns)
    joined = "left join key on delivered.pseudonym::varchar = key.pseudonym" if has_person else ""
    source = f"(select {chosen} from {table.relation} as delivered {joined})"
    unknown = 0
    if has_person:
        counted = con.execute(
            f"select count(*) from {table.relation} as delivered where not exists "
            "(from in_extract where in_extract.pseudonym = delivered.pseudonym::varchar)"
        )
        unknown = int(counted.fetchall()[0][0])
    names = [c.name for c in columns]
    first = [n for n in ("person_id", DATE_COLUMNS.get(name)) if n in names]
    order = ", ".join([*first, *(n for n in names if n not in first)])
    where = "where person_id is not null" if has_person else ""
    if name not in CLUSTERED:
        return _write(con, home, name, f"{source} {where}", order, _digest(table)), unknown
    files = {}
    for (cluster,) in con.execute(
        f"select distinct cluster::varchar from {table.relation} order by 1"
    ).fetchall():
        own = _cluster_digest(table, cluster)
        part = f"{source} {where} and cluster = {quote_literal(cluster)}"
        files[cluster] = _write(con, home, f"{name}/{cluster}", part, order, own)
    return files, unknown


def _write(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    name: str,
    source: str,
    order: str,
    digest: str,
) -> str:
    relative = f"{name}/{digest[:24]}.parquet"
    target = home.store / relative
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        con.execute(f"copy (from {source} order by {order}) to {quote_literal(str(part))} {_WRITE}")
        part.replace(target)
    return relative


def _digest(table: Delivered) -> str:
    total = hashlib.sha256(repr((GATE_VERSION, table.columns)).encode())
    for file in table.files:
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def _cluster_digest(table: Delivered, cluster: str) -> str:
    """Of the cluster's own files where the delivery is divided by cluster, else of all."""
    own = tuple(file for file in table.files if file.parent.name == f"cluster={cluster}")
    divided = all("=" in file.parent.name for file in table.files)
    files = own if divided else table.files
    digest = _digest(replace(table, files=files))
    return hashlib.sha256(f"{cluster}:{digest}".encode()).hexdigest()


def save_extract(home: SecureHome, extract: StoredExtract) -> None:
    """Make an extract the one of its as-at date."""
    home.extracts.mkdir(parents=True, exist_ok=True)
    said = {
        "as_at": extract.as_at,
        "manifest": extract.manifest,
        "files": extract.files,
        "persons": extract.persons,
        "warnings": extract.warnings,
        "gate": extract.gate,
    }
    write_json(home.extracts / f"{extract.as_at}.json", said)
