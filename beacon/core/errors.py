"""Errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


class BeaconError(Exception):
    """Base of every error that Beacon raises on purpose."""


class SettingsError(BeaconError):
    """A setting, option or environment variable cannot be used as given."""


@dataclass(frozen=True)
class Problem:
    """One fault in one input, placed as exactly as the format allows.

    Attributes:
        file: Name of the file as its publisher or its reader calls it.
        message: What is wrong, in plain English.
        row: One-based row or line in the file, headers and preamble included; None where rows
            have no meaning.
        column: Column header, field or sheet at fault; None where the whole file is.
        remedy: What a person should do about it.
        wrong_codes: In how many rows a code is not of the kind expected, which is what is found
            where fictional data are read as official, or the other way round.
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None
    remedy: str = "Download the file again from its publisher; the last good version stays in use."
    wrong_codes: int = 0

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column {self.column!r}"
        return f"{place}: {self.message} {self.remedy}".strip()

    def as_dict(self) -> dict[str, Any]:
        """The problem as plain JSON values."""
        return asdict(self)


class InputRefusedError(BeaconError):
    """An input file cannot be used. Nothing of it has been published."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PublicationBlockedError(BeaconError):
    """A release was built but may not be published; the last one stays current."""


class ReleaseNotFoundError(BeaconError):
    """The release, mart or home that was asked for does not exist."""


class DamagedFileError(BeaconError, ValueError):
    """A file of a home or of a back-up is not what Beacon wrote."""


class DamagedReleaseError(BeaconError):
    """A file of a release is not what was published."""
