"""Which custom areas were given out, so that none can be taken away from another.

What belongs here: the ledger in the home (`state/custom_areas.json`) and refusing an area by it.
What does not: the rule itself (`disclosure/area_differences`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, ValidationError

from beacon.core.clock import now
from beacon.core.errors import BeaconError, DamagedFileError
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.disclosure.area_differences import (
    FEWEST_PEOPLE,
    Area,
    differs_by_few,
    tells_of_few,
)


class _Entry(BaseModel):
    """An area that was given out: its name, release and day, and residents by LSOA."""

    model_config = ConfigDict(strict=True)

    name: str
    release: str
    given_on: str
    lsoas: dict[str, int]


class _Ledger(BaseModel):
    """The file, oldest area first."""

    areas: list[_Entry]


class GuardedAreaError(BeaconError):
    """Figures of an area are not given: they would tell of few people."""


def guard_and_remember(
    home: Home,
    name: str,
    release: str,
    new: Area,
    people: Mapping[str, int],
    published: Sequence[tuple[str, Area]],
    *,
    fewest: int = FEWEST_PEOPLE,
) -> list[Area]:
    """Refuse an area that tells of few people; write down one that does not.

    Args:
        home: The home whose ledger is asked and written.
        name: What the new area is called.
        release: Label of the release that its figures come from.
        new: LSOAs of the new area.
        people: Residents of each LSOA of the release.
        published: Names and LSOAs of the areas that the release gives figures of.
        fewest: Fewest people of an area, and of what is left between areas.

    Returns:
        The other areas whose figures are known: those published, and those given out before.

    Raises:
        GuardedAreaError: When the area has fewer people, or leaves fewer between it and areas
            that are published or were given out before.
        BeaconError: When the ledger is damaged or cannot be written.
    """
    if sum(people[code] for code in new) < fewest:
        raise GuardedAreaError(
            f"{name}: the area has fewer than {fewest} people, so no figures of it are given. "
            "Choose a larger one (docs/custom_areas.md, Small numbers)."
        )
    with _locked(home):
        entries = _read(home)
        earlier = [(f"custom area {entry.name!r}", Area(entry.lsoas)) for entry in entries]
        known = [*published, *earlier]
        # What was asked of another release may have LSOAs that this one does not have.
        residents = {code: n for entry in entries for code, n in entry.lsoas.items()}
        residents |= people
        if tells_of_few(residents, [area for _, area in known], new, fewest):
            near = differs_by_few(residents, known, new, fewest)
            others = near[0] if near else "several areas that are published or were given out"
            raise GuardedAreaError(
                f"{name}: between this area and {others} there are fewer than {fewest} people, "
                "whose figures could be worked out by taking one from the other. No figures are "
                "given. Use the earlier boundary, or one that differs by more people "
                "(docs/custom_areas.md, Small numbers)."
            )
        if new not in {area for _, area in earlier}:
            entry = _Entry(
                name=name,
                release=release,
                given_on=now().date().isoformat(),
                lsoas={code: people[code] for code in sorted(new)},
            )
            ledger = _Ledger(areas=[*entries, entry])
            write_json(home.custom_areas, ledger.model_dump())
    return [area for _, area in known if area != new]


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    """One at a time: two areas that are asked for at once must see each other."""
    try:
        home.state.mkdir(parents=True, exist_ok=True)
        with home.custom_areas.with_suffix(".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise BeaconError(
            f"{home.custom_areas} cannot be written, so this area could not be compared with "
            "later ones; no figures are given. Run as a user who may write there, or copy the "
            "home's `releases` and `latest.json` to a home of your own."
        ) from error


def _read(home: Home) -> list[_Entry]:
    try:
        return _Ledger.model_validate(read_json(home.custom_areas, {"areas": []})).areas
    except (DamagedFileError, ValidationError) as error:
        raise BeaconError(
            f"{home.custom_areas} is damaged, so nobody can say which custom areas were given out. "
            "`beacon restore` brings it back; without a back-up delete it, and earlier areas are "
            "forgotten."
        ) from error
