"""`beacon stats`: any statistic on an analyst's own file."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

    from beacon.statistics.methods import Method, Options

_SHOWN_ROWS = 60
_WIDEST = 10_000


def stats(
    method: Annotated[
        str | None, typer.Argument(help="Name of the method; --list explains them.")
    ] = None,
    file: Annotated[Path | None, typer.Argument(help="A .csv or .parquet file.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Column of the groups; repeat, or separate with commas."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write .csv or .parquet here; else print.")
    ] = None,
    list_methods: Annotated[
        bool, typer.Option("--list", help="Explain every method, or the one named.")
    ] = False,
    multiplier: Annotated[
        float | None, typer.Option(help="Scale of the result, such as 100 or 100000.")
    ] = None,
    confidence: Annotated[
        list[float] | None, typer.Option(help="Level of further limits, such as 0.99; repeat.")
    ] = None,
    statistic: Annotated[str | None, typer.Option(help="isr: rate or ratio.")] = None,
    value_type: Annotated[
        str | None,
        typer.Option(help="sii_rii: 0 other, 1 rate, 2 proportion. trend: proportion or other."),
    ] = None,
    transform: Annotated[
        bool | None,
        typer.Option("--transform/--no-transform", help="sii_rii: log or logit scale."),
    ] = None,
    repetitions: Annotated[int | None, typer.Option(help="sii_rii: draws.")] = None,
    quantiles: Annotated[int | None, typer.Option(help="Number of quantiles.")] = None,
    lsoas: Annotated[
        int | None, typer.Option("--total", help="imd_quantile: number of LSOAs ranked.")
    ] = None,
    invert: Annotated[
        bool | None,
        typer.Option("--invert/--no-invert", help="quantile: highest value in quantile 1."),
    ] = None,
    benchmark: Annotated[
        float | None, typer.Option(help="Funnel of proportions: the average of all areas.")
    ] = None,
    polarity: Annotated[
        str | None, typer.Option(help="high_is_good, low_is_good or no_judgement.")
    ] = None,
    indicator: Annotated[
        str | None, typer.Option(help="sii_rii: name that goes into the seed.")
    ] = None,
) -> None:
    """Compute a public-health statistic from your own file.

    The file is CSV or Parquet.
    """
    from beacon.core.errors import BeaconError
    from beacon.statistics.methods import METHODS, Options

    try:
        if method is not None and method not in METHODS:
            raise typer.BadParameter(
                f"There is no method {method!r}; there are: {', '.join(METHODS)}."
            )
        if list_methods or method is None:
            typer.echo(explain([METHODS[method]] if method else list(METHODS.values())))
            return
        if file is None:
            raise typer.BadParameter(f"Name the file: beacon stats {method} FILE.")
        options = Options(
            multiplier=multiplier,
            confidences=tuple(confidence or ()),
            statistic=statistic,
            value_type=value_type,
            transform=transform,
            repetitions=repetitions,
            quantiles=quantiles,
            lsoas=lsoas,
            invert=invert,
            benchmark=benchmark,
            polarity=polarity,
            indicator=indicator,
        )
        check_options(METHODS[method], options)
        result = compute(METHODS[method], file, by or [], options)
        if not by and _looks_ungrouped(result):
            typer.echo("Rows repeat within a group: name the groups' columns with --by.", err=True)
        if out is None:
            _print(result)
        else:
            from beacon.statistics.stats_tables import write_table

            write_table(result, out)
            typer.echo(f"{result.height:,} rows written to {out}", err=True)
    except BeaconError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=1) from error


def compute(method: Method, file: Path, by: list[str], options: Options) -> pl.DataFrame:
    """Read a file, run a method on it.

    Args:
        method: From `beacon.statistics.methods.METHODS`.
        file: A .csv or .parquet file.
        by: Columns of the groups, as typed. Where none is named, methods that need groups take
            the column case_id if there is one, else the whole file.
        options: What was said beside the file.

    Returns:
        The result: groups, or for methods that go row by row the file's own columns first.

    Raises:
        InputRefusedError: Everything wrong with the file, by column and row.
    """
    from dataclasses import replace

    from beacon.core.errors import InputRefusedError, Problem
    from beacon.statistics.stats_tables import prepare, read_table

    frame = read_table(file)
    keys = _keys(frame.columns, by, file.name)
    if not keys and not method.rows and "case_id" in frame.columns:
        keys = ["case_id"]
    # A column of groups stays as it is, whatever else its name might mean to the method.
    known = [column for column in method.inputs if column.name not in keys]
    try:
        prepared = prepare(frame, known, file.name, method.alternatives)
        _refuse_contradictions(prepared, options, file.name)
        return method.run(prepared, keys, options)
    except InputRefusedError as error:
        problems = [
            replace(problem, file=file.name) if problem.file == "the file" else problem
            for problem in error.problems
        ]
        raise InputRefusedError(problems) from error
    except ValueError as error:
        problem = Problem(file.name, str(error), remedy="Change the option or the file.")
        raise InputRefusedError([problem]) from error


def _keys(columns: list[str], by: list[str], file: str) -> list[str]:
    """The groups' columns under their headers in the file; case does not matter."""
    from beacon.core.errors import InputRefusedError, Problem

    wanted = [
        name
        for each in by
        for name in ([each] if each in columns else [part.strip() for part in each.split(",")])
        if name
    ]
    lowered = {name.lower(): name for name in columns}
    found = [name if name in columns else lowered.get(name.lower()) for name in wanted]
    problems = [
        Problem(file, "There is no such column.", column=name, remedy=f"It has: {columns}.")
        for name, header in zip(wanted, found, strict=True)
        if header is None
    ]
    if problems:
        raise InputRefusedError(problems)
    return list(dict.fromkeys(header for header in found if header is not None))


def check_options(method: Method, options: Options) -> None:
    """Refuse options that a method would ignore, and values no method can use.

    Raises:
        typer.BadParameter: Naming the option.
    """
    for each in fields(options):
        value = getattr(options, each.name)
        if value in (None, ()) or each.name in method.options:
            continue
        name = {"lsoas": "total", "confidences": "confidence"}.get(each.name, each.name)
        raise typer.BadParameter(f"{method.name} has no option --{name.replace('_', '-')}.")
    for level in options.confidences:
        if not 0 < level < 1:
            raise typer.BadParameter(f"--confidence lies between 0 and 1, not {level}.")
    for name in ("quantiles", "lsoas"):
        count = getattr(options, name)
        if count is not None and count < 1:
            raise typer.BadParameter(f"--{name} is at least 1, not {count}.")
    if options.statistic not in (None, "rate", "ratio"):
        raise typer.BadParameter(f"--statistic is rate or ratio, not {options.statistic!r}.")
    if method.name == "sii_rii" and options.value_type not in (None, "0", "1", "2"):
        raise typer.BadParameter(f"--value-type is 0, 1 or 2, not {options.value_type!r}.")


def _refuse_contradictions(frame: pl.DataFrame, options: Options, file: str) -> None:
    """A column and an option of one name must say the same; neither silently wins."""
    from beacon.core.errors import InputRefusedError, Problem

    said = {
        "multiplier": options.multiplier,
        "statistic": options.statistic,
        "value_type": options.value_type,
        "transform": options.transform,
        "repetitions": options.repetitions,
        "nquantiles": options.quantiles,
        "benchmark": options.benchmark,
        "polarity": options.polarity,
    }
    problems = []
    for name, value in said.items():
        if value is None or name not in frame.columns:
            continue
        column = frame[name].drop_nulls()
        text = column.dtype.is_numeric()
        same = (column == float(value)) if text else (column == str(value))
        if not same.all():
            message = f"The column says otherwise than the option ({value})."
            remedy = "Leave out the option, or the column."
            problems.append(Problem(file, message, column=name, remedy=remedy))
    if problems:
        raise InputRefusedError(problems)


def _looks_ungrouped(result: pl.DataFrame) -> bool:
    """Whether bands, quantiles or periods repeat, as they do where groups were not named."""
    return (
        "reason" in result.columns
        and result["reason"].cast(str).str.starts_with("duplicate_").fill_null(False).any()
    )


def explain(methods: list[Method]) -> str:
    """What methods take and give, in plain text."""
    parts = []
    for method in methods:
        lines = [method.name, f"  {method.summary}.", f"  Formula: {method.formula}."]
        lines += [f"  Source:  {method.source}.", "  Takes:"]
        if method.name == "imd_quantile":
            lines.append("    X_rank: published ranks, 1 the most deprived; any number of columns")
        if method.name == "place_aggregation":
            lines.append("    X_decile: national deciles of LSOAs; any number of columns")
        for column in method.inputs:
            need = "" if column.required else " (optional)"
            also = f" [also {', '.join(column.aliases)}]" if column.aliases else ""
            lines.append(f"    {column.name}{need}: {column.meaning}{also}")
        lines += [f"    One of {' or '.join(each)} is needed." for each in method.alternatives]
        groups = "row by row; --by " + (
            "sums groups first" if method.name in ("proportion", "rate") else "makes no difference"
        )
        if not method.rows:
            groups = "by --by, else case_id, else the whole file"
        if method.name == "place_aggregation":
            groups = "by --by, else the one code column that is not an LSOA's"
        lines += [f"  Gives:   {', '.join(method.outputs)}", f"  Groups:  {groups}"]
        if method.options:
            names = sorted(
                {"lsoas": "total", "confidences": "confidence"}.get(name, name)
                for name in method.options
            )
            lines.append("  Options: " + " ".join(f"--{n.replace('_', '-')}" for n in names))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _print(frame: pl.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold", box=None, pad_edge=False)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left")
    for row in frame.head(_SHOWN_ROWS).iter_rows():
        table.add_row(*(_cell(value) for value in row))
    # As wide as the figures are: a cut number is a wrong one, and a pipe has no width.
    Console(width=_WIDEST).print(table)
    if frame.height > _SHOWN_ROWS:
        typer.echo(f"{frame.height - _SHOWN_ROWS:,} more rows: --out FILE writes all.", err=True)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
