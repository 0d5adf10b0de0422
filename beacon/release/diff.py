"""Comparing two releases, row by row and column by column."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import duckdb

from beacon.contracts.ddl import quote_identifier, quote_literal
from beacon.core.errors import ReleaseNotFoundError
from beacon.core.files import read_json
from beacon.release import layout
from beacon.release.layout import Release

# Where a row was read from changes with every file of a publisher; what it says need not.
PROVENANCE = frozenset({"source_sha256", "source_row", "previous_sha256", "previous_release"})
# These say what a run saw, or are themselves a comparison.
LEFT_OUT = frozenset({"source_status", "change"})


@dataclass(frozen=True)
class Difference:
    """One cell that differs, or one whole row that only one release has.

    Attributes:
        mart: The mart.
        key: Column and value of the mart's key.
        change: added, removed or changed.
        column: The column that differs; None for a row that was added or removed.
        before: Its value in the first release.
        after: Its value in the second.
    """

    mart: str
    key: tuple[tuple[str, Any], ...]
    change: str
    column: str | None
    before: Any
    after: Any


def compare_releases(
    first: Release,
    second: Release,
    mart: str | None = None,
    *,
    provenance: bool = False,
    con: duckdb.DuckDBPyConnection | None = None,
) -> Iterator[Difference]:
    """Every difference between two releases, mart by mart in order of the key.

    Args:
        first: The release before.
        second: The release after.
        mart: One mart only, which then may be one that is otherwise left out.
        provenance: Also compare where each row was read from.
        con: The connection to use; one of its own by default.

    Raises:
        ReleaseNotFoundError: When neither release has that mart.
    """
    files = [{m["name"]: m for m in release.manifest["marts"]} for release in (first, second)]
    names = sorted((set(files[0]) | set(files[1])) - LEFT_OUT) if mart is None else [mart]
    if mart is not None and mart not in files[0] and mart not in files[1]:
        known = ", ".join(sorted(files[1]))
        raise ReleaseNotFoundError(f"There is no mart {mart!r}. Marts: {known}.")
    keys = _keys(first) | _keys(second)
    with duckdb.connect() if con is None else nullcontext(con) as used:
        for name in names:
            if name not in files[0] or name not in files[1]:
                change = "removed" if name in files[0] else "added"
                rows = files[0].get(name, files[1].get(name, {})).get("rows")
                yield Difference(name, (("rows", rows),), change, "(whole mart)", None, None)
                continue
            columns = [[column["name"] for column in side[name]["columns"]] for side in files]
            yield from _compare_mart(
                used,
                name,
                keys[name],
                columns,
                [
                    (release.path / side[name]["file"]).as_posix()
                    for release, side in zip((first, second), files, strict=True)
                ],
                provenance,
            )


def _keys(release: Release) -> dict[str, list[str]]:
    package = read_json(release.path / layout.DATAPACKAGE) or {"resources": []}
    return {
        resource["name"]: resource["schema"]["primaryKey"]
        for resource in package["resources"]
        if "primaryKey" in resource.get("schema", {})
    }


def _compare_mart(
    con: Any,
    mart: str,
    key: list[str],
    columns: list[list[str]],
    files: list[str],
    provenance: bool,
) -> Iterator[Difference]:
    shared = [
        name
        for name in columns[1]
        if name in columns[0] and name not in key and (provenance or name not in PROVENANCE)
    ]
    for name in [*columns[0], *columns[1]]:
        if (name in columns[0]) != (name in columns[1]):
            change = "removed" if name in columns[0] else "added"
            yield Difference(mart, (), change, f"(column {name})", None, None)
    quoted = [quote_identifier(name) for name in key]
    join = " and ".join(f"a.{name} = b.{name}" for name in quoted)
    differs = " or ".join(
        f"a.{quote_identifier(name)} is distinct from b.{quote_identifier(name)}" for name in shared
    )
    select = [f"coalesce(b.{name}, a.{name})" for name in quoted]
    select += [f"a.{quoted[0]} is null", f"b.{quoted[0]} is null"]
    select += [f"{side}.{quote_identifier(name)}" for name in shared for side in ("a", "b")]
    cursor = con.execute(
        f"select {', '.join(select)} from read_parquet({quote_literal(files[0])}) as a "  # noqa: S608
        f"full outer join read_parquet({quote_literal(files[1])}) as b on {join} "
        f"where a.{quoted[0]} is null or b.{quoted[0]} is null or {differs or 'false'} "
        f"order by {', '.join(str(i + 1) for i in range(len(key)))}"
    )
    while rows := cursor.fetchmany(2_000):
        for row in rows:
            yield from _row_differences(mart, key, shared, row)


def _row_differences(
    mart: str, key: list[str], shared: list[str], row: tuple[Any, ...]
) -> Iterator[Difference]:
    named = tuple(zip(key, row, strict=False))
    width = len(key)
    if row[width] or row[width + 1]:
        yield Difference(mart, named, "added" if row[width] else "removed", None, None, None)
        return
    for index, column in enumerate(shared):
        before, after = row[width + 2 + 2 * index], row[width + 3 + 2 * index]
        if before != after:
            yield Difference(mart, named, "changed", column, before, after)


def summarise(differences: list[Difference]) -> list[tuple[str, int, int, int, str]]:
    """By mart: rows added, removed and changed, and which columns changed."""
    rows = []
    for mart in sorted({difference.mart for difference in differences}):
        here = [difference for difference in differences if difference.mart == mart]
        changed = {difference.key for difference in here if difference.change == "changed"}
        columns = sorted({d.column for d in here if d.column is not None})
        rows.append(
            (
                mart,
                sum(d.change == "added" for d in here),
                sum(d.change == "removed" for d in here),
                len(changed),
                ", ".join(columns),
            )
        )
    return rows


def whereabouts(difference: Difference) -> tuple[str, str, str]:
    """Area, measure and period of a difference, each empty where its mart's key has none."""
    key = {name: shown(value) for name, value in difference.key}
    area = next((value for name, value in key.items() if name.endswith("_code")), "")
    names = (key.get("indicator_slug", ""), key.get("measure", ""))
    measure = " ".join(name for name in names if name and name != "main")
    return area, measure, key.get("period", "")


def shown(value: Any) -> str:
    """A cell as text; outlines by their size, as their bytes tell nobody anything."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def as_html(first: Release, second: Release, differences: list[Difference]) -> str:
    """A page of its own that shows the differences; needs no other file and no network."""
    fictional = first.manifest["fictional"] or second.manifest["fictional"]
    notice = (
        '<p class="fictional" role="note">FICTIONAL SAMPLE. Every number here is invented.</p>'
        if fictional
        else ""
    )
    head = f"{first.label} to {second.label}"
    totals = "".join(
        f'<tr><th scope="row">{html.escape(mart)}</th><td>{added:,}</td><td>{removed:,}</td>'
        f"<td>{changed:,}</td><td>{html.escape(columns)}</td></tr>"
        for mart, added, removed, changed, columns in summarise(differences)
    )
    cells = "".join(
        "<tr>"
        + "".join(
            f"<td>{html.escape(text)}</td>"
            for text in (
                d.mart,
                "; ".join(f"{name}={shown(value)}" for name, value in d.key),
                d.change,
                d.column or "",
                shown(d.before),
                shown(d.after),
            )
        )
        + "</tr>"
        for d in differences
    )
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>What changed: {html.escape(head)}</title><style>"
        "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#212b32;background:#fff}"
        "table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:600}"
        "th,td{border-bottom:1px solid #aeb7bd;padding:.35rem .6rem;text-align:left;"
        "vertical-align:top}.fictional{background:#ffeb3b;padding:.5rem;font-weight:700}"
        f"</style></head><body><main>{notice}<h1>What changed: {html.escape(head)}</h1>"
        "<table><caption>By mart</caption><thead><tr>"
        + "".join(
            f'<th scope="col">{name}</th>'
            for name in ("Mart", "Rows added", "Rows removed", "Rows changed", "Columns")
        )
        + f"</tr></thead><tbody>{totals}</tbody></table>"
        "<table><caption>Every difference</caption><thead><tr>"
        + "".join(
            f'<th scope="col">{name}</th>'
            for name in ("Mart", "Row", "Change", "Column", "Before", "After")
        )
        + f"</tr></thead><tbody>{cells}</tbody></table></main></body></html>\n"
    )
