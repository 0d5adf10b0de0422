"""How long rows of persons are kept, and deleting them.

What belongs here: which extracts must be deleted, what may still be counted of the others, and
deletion. What does not: admitting (`gate`), and counts that have crossed, which hold no persons.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.core.errors import SettingsError
from beacon.people.crossing import append_log
from beacon.people.extract_manifest import as_at_of
from beacon.people.extract_store import (
    GATE_VERSION,
    StoredExtract,
    extract_dates,
    read_extract,
    save_key,
)
from beacon.people.gate import connect, remove_unused

if TYPE_CHECKING:
    from beacon.people.secure_home import SecureHome


def overdue(home: SecureHome, today: date) -> dict[str, str]:
    """As-at dates of extracts that must be deleted, and the last day of their retention."""
    ends = {day: _retained_until(read_extract(home, day)) for day in extract_dates(home)}
    return {day: end for day, end in ends.items() if end < today.isoformat()}


def counted_dates(home: SecureHome) -> list[str]:
    """As-at dates that were counted, in order; also those whose rows of persons were deleted."""
    return sorted(path.parent.name for path in home.root.glob("as_at/*/done.json"))


def has_persons(home: SecureHome, day: str) -> bool:
    """Whether rows of persons of a date that was counted are still there."""
    return any((home.as_at(day) / "person").glob("*.parquet"))


def not_to_be_counted(
    home: SecureHome, extract: StoredExtract, earlier: str | None, today: date
) -> str | None:
    """Why an extract may not be counted (again); None where it may.

    Args:
        home: The secure home.
        extract: The extract.
        earlier: The as-at date before it; None where it is the first.
        today: The day of the run.
    """
    if _retained_until(extract) < today.isoformat():
        return f"its retention ended on {_retained_until(extract)}; delete it"
    if extract.gate != GATE_VERSION:
        return "it was admitted by an earlier gate that refused less; deliver it again"
    if earlier is not None and not has_persons(home, earlier):
        # Without them nobody can tell how few people two published dates differ by.
        return f"the rows of {earlier} are not there to protect small differences from"
    return None


def delete_extract(home: SecureHome, day: str, *, newest: bool, now: datetime) -> None:
    """Delete the rows of persons of one as-at date, wherever in the secure home they are.

    Those are its delivery in the inbox, its stored files that no other extract uses, the persons
    of its cohorts and its cells, and the pseudonyms that are in no other extract. That it was
    counted stays known, so that the date after it is not counted again without protection from
    small differences. A command that a kill stopped can be given again.

    Args:
        home: The secure home.
        day: The as-at date, ISO.
        newest: Whether the newest date may be deleted: what is counted next has then no date to be
            protected from, and whoever has its counts can subtract.
        now: The time that the log gives.

    Raises:
        SettingsError: When there is no extract of that date, or it is the newest.
    """
    days = extract_dates(home)
    if day not in days:
        raise SettingsError(
            f"There is no extract of {day}. There are: {', '.join(days) or 'none'}."
        )
    if day == days[-1] and not newest:
        raise SettingsError(
            f"{day} is the newest extract. The counts of the next could not be protected from "
            "small differences with its published counts. Count the next first, or give --newest."
        )
    append_log(home, "deleting", {"as_at": day}, now)
    for folder in home.inbox.glob("*"):
        if folder.is_dir() and as_at_of(folder) == day:
            (home.extracts / f"{folder.name}.seen").unlink(missing_ok=True)
            folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
    if home.as_at(day).is_dir():
        for path in home.as_at(day).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "done.json" or day == days[-1]:
                path.unlink()
    _forget_pseudonyms(home, [other for other in days if other != day])
    (home.extracts / f"{day}.json").unlink()
    remove_unused(home)
    append_log(home, "deleted", {"as_at": day}, now)


def _forget_pseudonyms(home: SecureHome, days: list[str]) -> None:
    if not home.key.exists():
        return
    con = connect(home)
    try:
        con.execute("create temp table kept (person_id bigint)")
        for day in days:
            person = read_extract(home, day).relation("person")
            con.execute(f"insert into kept select person_id from {person}")
        con.execute(
            f"create temp table key as from read_parquet({quote_literal(str(home.key))}) "
            "where person_id in (from kept)"
        )
        save_key(con, home)
    finally:
        con.close()
        shutil.rmtree(home.scratch, ignore_errors=True)


def _retained_until(extract: StoredExtract) -> str:
    return str(extract.manifest["retain_until"])
