"""The data dictionary page of a table, in Markdown."""

import re

from beacon.contracts.model import Column, Contract

_MARKDOWN = re.compile(r"([\\`*_\[\]|#~])")


def escape_markdown(text: str) -> str:
    """``text`` so that Markdown and HTML show it as it stands, in a table cell too."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """``text`` as code in a table cell: <code> because a cell cannot hold a pipe in backticks."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<code>{text.replace('|', '&#124;').replace('`', '&#96;')}</code>"


def _values(column: Column) -> str:
    rules: list[str] = []
    if column.allowed is not None:
        rules.append("one of " + ", ".join(_code(str(value)) for value in column.allowed))
    if column.pattern:
        rules.append("matches " + _code(column.pattern))
    if column.min is not None and column.max is not None:
        rules.append(f"{column.min} to {column.max}")
    elif column.min is not None:
        rules.append(f"{column.min} or more")
    elif column.max is not None:
        rules.append(f"{column.max} or less")
    return "; ".join(rules)


def dictionary_markdown(contract: Contract) -> str:
    """One Markdown page: what the table is, its key, its columns, the checks it must pass.

    Args:
        contract: the table.

    Returns:
        Markdown ending in a line break. Declared text is escaped, never interpreted.
    """
    lines = [
        f"# {escape_markdown(contract.name)}",
        "",
        escape_markdown(contract.description),
        "",
        f"- Grain: {escape_markdown(contract.grain)}",
        f"- Key: {', '.join(_code(name) for name in contract.key)}",
        "",
        "| column | type | unit | missing | values | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for column in contract.columns:
        meaning = escape_markdown(column.description)
        if column.lineage:
            meaning += f" From: {escape_markdown(column.lineage)}"
        cells = [
            _code(column.name),
            column.type,
            escape_markdown(column.unit or ""),
            "may be" if column.nullable else "never",
            _values(column),
            meaning,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    checks = [(e.severity, e.why) for e in contract.expectations]
    checks += [(check.severity, check.why) for check in contract.sql_checks]
    if checks:
        lines += ["", "## Checked besides", ""]
        lines += [f"- {severity}: {escape_markdown(why)}" for severity, why in checks]
    return "\n".join(lines) + "\n"
