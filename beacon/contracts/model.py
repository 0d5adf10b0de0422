"""The data contract of one table, as declared in ``expectations/<schema>/<table>.yaml``."""

import re
from collections import Counter
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from beacon.contracts.types import DuckType, Family, parse_type

Severity = Literal["critical", "warning", "info"]
Scalar = bool | int | float | date | str
Bound = int | float | datetime | date
Text = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_LOOKAROUND_OR_BACKREFERENCE = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=")
_COLUMN_KWARGS = ("column", "column_A", "column_B")
_COLUMN_LIST_KWARGS = ("column_list", "column_set")
_ALLOWED_PYTHON: dict[Family, tuple[type, ...]] = {
    "text": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "decimal": (int, float),
    "float": (int, float),
    "date": (date,),
    "timestamp": (date,),
}
_BOUNDED: tuple[Family, ...] = ("integer", "decimal", "float", "date", "timestamp")


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _fits(value: object, family: Family) -> bool:
    python = _ALLOWED_PYTHON.get(family, ())
    return isinstance(value, python) and (family == "boolean") == isinstance(value, bool)


class Column(_Declared):
    """One column: what it holds, in which unit, and which values are right."""

    name: Identifier
    type: str
    description: Text
    nullable: bool = False
    unit: Text | None = None
    pattern: Text | None = None
    allowed: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = None
    min: Bound | None = None
    max: Bound | None = None
    severity: Severity = "critical"
    lineage: Text | None = None

    @field_validator("type")
    @classmethod
    def _known_type(cls, text: str) -> str:
        return parse_type(text).name

    @field_validator("pattern")
    @classmethod
    def _pattern_means_the_same_everywhere(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if _LOOKAROUND_OR_BACKREFERENCE.search(pattern):
            # DuckDB and Arrow use RE2, which has neither.
            raise ValueError("look-around and back-references do not exist in DuckDB; rewrite it")
        return pattern

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        duck = self.duck_type
        errors: list[str] = []
        if self.pattern is not None and (duck.family != "text" or duck.is_list):
            errors.append(f"a pattern needs a text column, not {self.type}")
        if self.allowed is not None:
            wrong = [v for v in self.allowed if duck.is_list or not _fits(v, duck.family)]
            if wrong:
                # YAML reads yes, no, on, off, 2025 and 2025-01-01 as something other than text.
                errors.append(
                    f"allowed values {wrong!r} are not of type {self.type}; quote text in YAML"
                )
            if len(set(self.allowed)) < len(self.allowed):
                errors.append("allowed values are repeated")
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        if bounds and (duck.is_list or duck.family not in _BOUNDED):
            errors.append(f"min and max need a numeric or date column, not {self.type}")
        elif wrong_bounds := [bound for bound in bounds if not _fits(bound, duck.family)]:
            errors.append(f"bounds {wrong_bounds!r} are not of type {self.type}")
        elif self.min is not None and self.max is not None and self.min > self.max:  # type: ignore[operator]
            errors.append(f"min {self.min} is above max {self.max}")
        if errors:
            raise ValueError("; ".join(errors))
        return self

    @cached_property
    def duck_type(self) -> DuckType:
        """The parsed type."""
        return parse_type(self.type)


class RowCount(_Declared):
    """How many rows the table may have, both ends included; no maximum by default."""

    min: Annotated[int, Field(ge=0)] = 1
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Expectation(_Declared):
    """An expectation beyond what the columns generate: a Great Expectations type and kwargs."""

    type: Annotated[str, Field(pattern=r"^expect_[a-z0-9_]+$")]
    kwargs: dict[str, Any] = {}
    severity: Severity = "critical"
    why: Text

    def columns(self) -> tuple[str, ...]:
        """The columns the kwargs name, in order, without repeats."""
        named = [self.kwargs[key] for key in _COLUMN_KWARGS if key in self.kwargs]
        for key in _COLUMN_LIST_KWARGS:
            named.extend(self.kwargs.get(key) or ())
        return tuple(dict.fromkeys(str(name) for name in named))


class SqlCheck(_Declared):
    """A set-based check: a query that returns the offending rows; ``{table}`` is replaced."""

    name: Identifier
    sql: Text
    severity: Severity = "critical"
    why: Text

    @field_validator("sql")
    @classmethod
    def _reads_the_table(cls, sql: str) -> str:
        if "{table}" not in sql:
            raise ValueError("the query must read {table}, which is replaced by the table's name")
        return sql


class Contract(_Declared):
    """What one table promises: its grain, key, columns and checks."""

    table: Identifier
    schema_: Annotated[Identifier, Field(alias="schema")]
    grain: Text
    description: Text
    key: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    rows: RowCount = RowCount()
    expectations: tuple[Expectation, ...] = ()
    sql_checks: tuple[SqlCheck, ...] = ()
    # A large table's CSV is compressed: readers of CSV open it as it is, a spreadsheet does not.
    csv: Literal["plain", "gz"] = "plain"

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        errors: list[str] = []
        counts = Counter(self.column_names)
        if repeated := [name for name, n in counts.items() if n > 1]:
            errors.append(f"columns declared more than once: {', '.join(repeated)}")
        if unknown := [name for name in self.key if name not in counts]:
            errors.append(f"key columns not declared: {', '.join(unknown)}")
        if len(set(self.key)) < len(self.key):
            errors.append("the key names a column twice")
        nullable = [c.name for c in self.columns if c.name in self.key and c.nullable]
        if nullable:
            errors.append(f"key columns may not be nullable: {', '.join(nullable)}")
        for index, expectation in enumerate(self.expectations):
            if unknown := [name for name in expectation.columns() if name not in counts]:
                errors.append(
                    f"expectations.{index} ({expectation.type}) names columns not declared: "
                    f"{', '.join(unknown)}"
                )
        names = Counter(check.name for check in self.sql_checks)
        if repeated := [name for name, n in names.items() if n > 1]:
            errors.append(f"sql_checks declared more than once: {', '.join(repeated)}")
        if errors:
            raise ValueError("; ".join(errors))
        return self

    @property
    def name(self) -> str:
        """``schema.table``."""
        return f"{self.schema_}.{self.table}"

    @property
    def csv_name(self) -> str:
        """File name of the table's CSV."""
        return f"{self.table}.csv.gz" if self.csv == "gz" else f"{self.table}.csv"

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Column names in the order of the table."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The declared column of that name.

        Raises:
            KeyError: if the contract declares no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} declares no column {name!r}")
