"""The benchmarks' JSON as a table for a terminal and as Markdown for `docs/performance.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
BUSY_LOAD_PER_CORE = 0.5


def print_table(record: dict[str, Any]) -> None:
    """Print one line for each case."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=200, highlight=False, markup=False)
    table = Table(title=" ".join(_conditions(record)), title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for part, found in record["parts"].items():
        table.add_section()
        for row in found["rows"]:
            table.add_row(*_cells(row))
        if "error" in found:
            table.add_row(part, "", "", "", "", f"FAILED: {_shortened(found['error'])}")
    console.print(table)
    for part, found in record["parts"].items():
        for note in found["notes"]:
            console.print(f"{part}: {note}")


HEADINGS = ("case", "size", "Beacon", "the other way", "times faster", "answers")


def render_into(document: Path, record: dict[str, Any]) -> None:
    """Put the figures between the marks of a document.

    Raises:
        ValueError: When the document has no such marks.
    """
    text = document.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{document} has no {BEGIN} … {END}")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    document.write_text(f"{head}{BEGIN}\n{markdown(record)}{END}{tail}", encoding="utf-8")


def markdown(record: dict[str, Any]) -> str:
    """All parts as Markdown tables."""
    lines = [*_conditions(record), ""]
    for part, found in record["parts"].items():
        lines += [f"### {part}", ""]
        if found["rows"]:
            lines += [
                f"| {' | '.join(HEADINGS)} |",
                "|" + "---|" * len(HEADINGS),
                *(f"| {' | '.join(map(_escape, _cells(row)))} |" for row in found["rows"]),
                "",
            ]
        if "error" in found:
            lines += [f"Failed: {_shortened(found['error'])}", ""]
        remarks = [f"{row['case']}: {row['note']}" for row in found["rows"] if row["note"]]
        figures = [
            f"{row['case']}: {_figures(row['figures'])}" for row in found["rows"] if row["figures"]
        ]
        for remark in dict.fromkeys([*found["notes"], *remarks, *figures]):
            lines.append(f"- {remark}")
        lines.append("")
    return "\n".join(lines)


def _conditions(record: dict[str, Any]) -> list[str]:
    machine = record["machine"]
    load = max(machine["load_average_before"], machine.get("load_average_after", 0.0))
    busy = machine["load_average_before"] > BUSY_LOAD_PER_CORE * machine["cores"]
    lines = [
        f"Taken {record['started_at'][:10]} at commit {record['commit']} on "
        f"{machine['cores']} cores, Python {machine['python']}, DuckDB {machine['duckdb']}, "
        f"Polars {machine['polars']}; load average up to {load:.1f}."
    ]
    if busy:
        lines.append(
            "**The machine was busy with other work**: compare ratios, which were taken side by "
            "side, and processor time; seconds of the clock are too long."
        )
    if record["quick"]:
        lines.append("**Quick sizes**: these figures show that it works, not how fast it is.")
    return lines


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    ratios = row.get("ratios", {})
    times = ""
    if "wall" in ratios:
        times = f"{_number(ratios['wall'])} ({_number(ratios['cpu'])} by processor)"
    other = f"{row['other']}: {_timing(row['theirs'])}" if "theirs" in row else row["other"]
    return (
        row["case"],
        row["size"],
        _timing(row["ours"]) if "ours" in row else "",
        other,
        times,
        row["answers"] or row["note"],
    )


def _timing(timing: dict[str, Any]) -> str:
    wall, cpu = timing["wall"], timing["cpu"]
    text = f"{_seconds(wall['median'])}"
    if timing["repeats"] > 1:
        text += f" ({_seconds(wall['min'])} to {_seconds(wall['max'])})"
    text += f", processor {_seconds(cpu['median'])}"
    if "tree_mb" in timing:
        text += f", {timing['tree_mb']['median']:.0f} MB"
    return text


def _seconds(value: float) -> str:
    if value < 0.1:
        return f"{value * 1000:.2g} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _figures(figures: dict[str, Any]) -> str:
    parts = []
    for name, value in figures.items():
        if isinstance(value, float):
            parts.append(f"{name.replace('_', ' ')} {value:.3g}")
        elif isinstance(value, list):
            parts.append("; ".join(_entry(entry) for entry in value))
        else:
            parts.append(f"{name.replace('_', ' ')} {value}")
    return ", ".join(parts)


def _entry(entry: Any) -> str:
    if isinstance(entry, dict) and "step" in entry:
        return (
            f"{entry['step']} +{entry['added_mb']:.0f} MB on {entry['before_mb']:.0f} "
            f"in {_seconds(entry['seconds'])}"
        )
    return str(entry)


def _shortened(error: str) -> str:
    """What failed, and the end of what it said, which says why."""
    return error if len(error) < 600 else f"{error[:120]} … {error[-450:]}"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
