"""Which release a request is answered from: found once a request, so that no answer mixes two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from beacon.core.clock import LONDON
from beacon.core.errors import BeaconError, DamagedReleaseError
from beacon.core.home import Home
from beacon.core.suggestions import did_you_mean
from beacon.release.layout import Release, latest_release, list_releases
from beacon.serve.problems import ProblemError, bad_parameter, not_found

LATEST = "latest"


@dataclass(frozen=True)
class ServedRelease:
    """A release that a request is answered from.

    Attributes:
        release: The release.
        manifest: Its manifest.
        named: Whether the request named its label, so that the answer can never change.
    """

    release: Release
    manifest: dict[str, Any]
    named: bool

    @property
    def label(self) -> str:
        """The release's label."""
        return self.release.label

    @property
    def about(self) -> dict[str, Any]:
        """What every answer says of the release."""
        return {
            "release": self.label,
            "fictional": self.manifest["fictional"],
            "notice": self.manifest["notice"],
        }

    @cached_property
    def marts(self) -> dict[str, dict[str, Any]]:
        """The manifest's entries of the marts, by name."""
        return {mart["name"]: mart for mart in self.manifest["marts"]}

    def mart(self, name: str) -> dict[str, Any]:
        """The manifest's entry of a mart.

        Raises:
            ProblemError: 404, when this release has no such mart.
        """
        if name not in self.marts:
            raise not_found(
                f"mart {name!r} in {self.label}",
                f"Marts:{did_you_mean(name, self.marts)} {', '.join(sorted(self.marts))}.",
            )
        return self.marts[name]

    def path_of(self, mart: str) -> Path:
        """The Parquet file of a mart.

        Raises:
            ProblemError: 404, when this release has no such mart.
        """
        return self.release.path / str(self.mart(mart)["file"])

    def columns_of(self, mart: str) -> list[str]:
        """The columns that a mart has in this release.

        Raises:
            ProblemError: 404, when this release has no such mart.
        """
        return [column["name"] for column in self.mart(mart)["columns"]]


class ServedReleases:
    """The releases of a home."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def every(self) -> list[Release]:
        """All releases, oldest first."""
        return list_releases(self.home)

    def current(self) -> Release | None:
        """The current release; None before the first.

        Raises:
            ProblemError: 503, when the pointer is damaged.
        """
        try:
            return latest_release(self.home)
        except BeaconError as error:
            raise _damaged("The pointer to the current release") from error

    def find(self, label: str = LATEST, as_of: date | None = None) -> ServedRelease:
        """The release of that label, the current one, or the newest of a day.

        Args:
            label: A label, or "latest".
            as_of: With "latest": the newest published by the end of this day in London.

        Raises:
            ProblemError: 404 when there is none, 422 when a label comes with a day, 503 when it is
                damaged.
        """
        if as_of is not None and label != LATEST:
            raise bad_parameter(
                "as_of", "Give as_of with the release `latest`, or a label without it."
            )
        if label == LATEST:
            release = self._published_by(as_of) if as_of else self.current()
            if release is None:
                raise not_found("release", "None has been published yet: `beacon run` makes one.")
        else:
            # One whose publication was cut short is not among them: it was never current.
            known = {found.label: found for found in self.every()}
            if label not in known:
                raise not_found(
                    f"release {label!r}",
                    f"Ask for `latest`, or one of {', '.join(known) or 'none so far'}."
                    f"{did_you_mean(label, known)}",
                )
            release = known[label]
        try:
            return ServedRelease(release, release.manifest, named=label != LATEST)
        except DamagedReleaseError as error:
            raise _damaged(f"Release {release.label}") from error

    def _published_by(self, day: date) -> Release:
        released = {release.label: _published_on(release) for release in self.every()}
        known = [
            release
            for release in self.every()
            if (on := released[release.label]) is not None and on <= day
        ]
        if not known:
            first = min((on for on in released.values() if on), default=None)
            raise not_found(
                f"release of {day} or before",
                f"The first was published on {first}." if first else "None has been published.",
            )
        return known[-1]


def _published_on(release: Release) -> date | None:
    """The day in London on which a release was published; None where its record is gone."""
    try:
        at = release.run_record.get("published_at")
    except DamagedReleaseError:
        return None
    return datetime.fromisoformat(at).astimezone(LONDON).date() if at else None


def _damaged(what: str) -> ProblemError:
    return ProblemError(
        503,
        f"{what} is damaged",
        "Its operator finds the file with `beacon verify`, and `beacon status` says what mends it.",
    )
