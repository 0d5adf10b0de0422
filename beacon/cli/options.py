"""Options that many commands take: `--json`, `--columns` and `--quiet`, declared once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import update_wrapper
from typing import Annotated, Any

import typer

Command = Callable[..., None]

_columns: ContextVar[str | None] = ContextVar("columns", default=None)
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)

JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
ColumnsOption = Annotated[
    str | None,
    typer.Option("--columns", metavar="NAME,NAME", help="Columns to print, in this order."),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing but errors; the exit status tells.")
]


def chosen_columns() -> list[str] | None:
    """The columns that the command under way was told to print; None where all."""
    given = _columns.get()
    return None if given is None else [name.strip() for name in given.split(",") if name.strip()]


def inform(text: str) -> None:
    """Print what a command did, unless it was told to be quiet."""
    if not _quiet.get():
        typer.echo(text)


def is_quiet() -> bool:
    """Whether the command under way was told to say nothing but errors."""
    return _quiet.get()


def with_json(function: Command) -> Command:
    """A command whose parameter `form` takes json, with the option `--json`."""

    def command(*, as_json: bool, **given: Any) -> None:
        if as_json:
            given["form"] = type(given["form"])("json")
        function(**given)

    return _with_option(command, function, "as_json", JsonOption, False)


def with_columns(function: Command) -> Command:
    """A command that prints rows, with the options `--columns` and `--json`."""

    def command(*, columns: str | None, **given: Any) -> None:
        token = _columns.set(columns)
        try:
            function(**given)
        finally:
            _columns.reset(token)

    return with_json(_with_option(command, function, "columns", ColumnsOption, None))


def with_quiet(function: Command) -> Command:
    """A command that says what it did by `inform`, with the option `--quiet`."""

    def command(*, quiet: bool, **given: Any) -> None:
        token = _quiet.set(quiet)
        try:
            function(**given)
        finally:
            _quiet.reset(token)

    return _with_option(command, function, "quiet", QuietOption, False)


def _with_option(
    command: Command, function: Command, name: str, annotation: Any, default: Any
) -> Command:
    """Call a command by the parameters of a function and one more, which Typer reads off it."""
    signature = inspect.signature(function, eval_str=True)
    parameters = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in signature.parameters.values()
    ]
    parameters.append(
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
    )
    update_wrapper(command, function)
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command
