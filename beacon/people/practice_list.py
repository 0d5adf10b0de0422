"""Lists of pseudonyms for one practice, for direct care; off until the secure home names approvers.

What belongs here: whether a list may be made, making it, and letting it expire. What does not:
telling who a pseudonym is, which only the supplier can.

A list needs an approval: a JSON file that says what is asked for, by whom it is approved, for what
and until when, and beside it the approver's signature, made with
`ssh-keygen -Y sign -n beacon-people-list -f KEY FILE`. Who may approve is in `approvers` of the
secure home, in the form of OpenSSH's allowed signers. Without that file there are no lists.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import duckdb
from pydantic import Field, ValidationError

from beacon.contracts.ddl import quote_literal
from beacon.core.errors import BeaconError
from beacon.people.cohort_definitions import Cohort
from beacon.people.crossing import append_log
from beacon.people.secure_home import SecureHome
from beacon.registry.base import Entry, Slug, Text

NAMESPACE = "beacon-people-list"
LONGEST_DAYS = 31
"""A list expires within so many days of being made."""


class ListRefusedError(BeaconError):
    """A list of persons may not be made."""


class Approval(Entry):
    """What is approved.

    Attributes:
        cohort: The cohort.
        measure: Only those eligible for it and not reached; everybody of the cohort where not said.
        practice: Code of the one practice.
        as_at: As-at date of the extract.
        purpose: What the list is for.
        approver: Who approves, as `approvers` names them.
        clinical_safety_officer: Who answers for clinical safety (DCB0129, DCB0160).
        expires: Day after which the list is removed.
    """

    cohort: Slug
    measure: Slug | None = None
    practice: Annotated[str, Field(pattern=r"^[A-Z]\d{5}$")]
    as_at: date
    purpose: Text
    approver: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@+-]{3,100}$")]
    clinical_safety_officer: Text
    expires: date


@dataclass(frozen=True)
class PracticeList:
    """A list that was made.

    Attributes:
        path: The pseudonyms, one a line, in the secure home.
        note: The clinical-safety note beside it.
        persons: How many.
    """

    path: Path
    note: Path
    persons: int


def make_list(
    secure: SecureHome, cohort: Cohort, practice: str, approval: Path, *, now: datetime
) -> PracticeList:
    """Write the pseudonyms of a cohort at one practice, not reached where a measure is named.

    Args:
        secure: The secure home.
        cohort: The cohort.
        practice: Code of the practice.
        approval: The approval; its signature is the file of that name and `.sig`.
        now: The time.

    Raises:
        ListRefusedError: When lists are off, the approval is not in order or not signed by an
            approver, or there is nothing to list. Says what to do; names no person.
    """
    remove_expired(secure, now=now)
    said = _approved(secure, approval, now.date())
    if (said.cohort, said.practice) != (cohort.cohort, practice):
        raise ListRefusedError(
            f"The approval is for {said.cohort} at {said.practice}, not for {cohort.cohort} at "
            f"{practice}."
        )
    where = "true"
    if said.measure is not None:
        measure = next((m for m in cohort.care if m.id == said.measure), None)
        if measure is None or measure.polarity == "no_judgement":
            raise ListRefusedError(
                f"{cohort.cohort} has no measure {said.measure} with a direction."
            )
        done = "" if measure.polarity == "low_is_good" else "not "
        where = f"member.{measure.id}__eligible and {done}member.{measure.id}__done"
    folder = secure.as_at(said.as_at.isoformat())
    members = folder / "cohort" / cohort.cohort
    if not any(members.glob("*.parquet")):
        raise ListRefusedError(f"{cohort.cohort} was not computed as at {said.as_at}.")
    with duckdb.connect() as con:
        rows = con.execute(
            f"select key.pseudonym from read_parquet({quote_literal(str(members / '*.parquet'))}) "
            "as member inner join "
            f"read_parquet({quote_literal(str(folder / 'person' / '*.parquet'))}) as person "
            f"using (person_id) inner join read_parquet({quote_literal(str(secure.key))}) as key "
            f"using (person_id) where person.practice_code = ? and {where} order by 1",
            [practice],
        ).fetchall()
    if not rows:
        raise ListRefusedError(f"Nobody of {cohort.cohort} at {practice} is to be listed.")
    text = "pseudonym\n" + "".join(f"{row[0]}\n" for row in rows)
    target = (
        secure.lists / said.expires.isoformat() / f"{said.as_at}-{cohort.cohort}-{practice}.csv"
    )
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(target, text)
    note = target.with_suffix(".md")
    _write(note, _safety_note(said, cohort, len(rows)))
    append_log(
        secure,
        "listed",
        {
            **said.model_dump(mode="json"),
            "persons": len(rows),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
        now,
    )
    return PracticeList(target, note, len(rows))


def remove_expired(secure: SecureHome, *, now: datetime) -> list[str]:
    """Remove lists past their day; give the days whose lists went."""
    gone = []
    for folder in sorted(secure.lists.glob("????-??-??")):
        if date.fromisoformat(folder.name) < now.date():
            shutil.rmtree(folder)
            append_log(secure, "lists_removed", {"expired": folder.name}, now)
            gone.append(folder.name)
    return gone


def _approved(secure: SecureHome, approval: Path, today: date) -> Approval:
    approvers = secure.root / "approvers"
    if not approvers.is_file():
        raise ListRefusedError(
            f"Lists are off. To allow them, name who may approve in {approvers}, in the form of "
            "OpenSSH's allowed signers."
        )
    signature = approval.with_name(approval.name + ".sig")
    if not approval.is_file() or not signature.is_file():
        raise ListRefusedError(f"An approval needs {approval} and its signature {signature}.")
    raw = approval.read_bytes()
    try:
        said = Approval.model_validate_json(raw)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise ListRefusedError(f"{approval.name} is not an approval: {wrong}") from None
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ListRefusedError("Signatures are verified with ssh-keygen, which is not installed.")
    verified = subprocess.run(  # noqa: S603 - a fixed program; the approver matches a pattern
        [program, "-Y", "verify", "-f", str(approvers), "-I", said.approver, "-n", NAMESPACE,
         "-s", str(signature)],
        input=raw, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    if verified.returncode != 0:
        raise ListRefusedError(
            f"{signature.name} is not a signature of {approval.name} by {said.approver}, or "
            f"{said.approver} is not in {approvers}."
        )
    if not today <= said.expires <= today + timedelta(days=LONGEST_DAYS):
        raise ListRefusedError(
            f"The approval ends on {said.expires}: give a day from {today} to "
            f"{today + timedelta(days=LONGEST_DAYS)}."
        )
    return said


def _write(target: Path, text: str) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)


def _safety_note(said: Approval, cohort: Cohort, persons: int) -> str:
    who = "everybody of the cohort"
    if said.measure is not None:
        who = "those not reached: " + next(m.name for m in cohort.care if m.id == said.measure)
    return f"""# Clinical-safety note (DCB0129, DCB0160)

List of {persons} pseudonyms of practice {said.practice}: {cohort.name}, {who}. As at {said.as_at}.
Purpose: {said.purpose}. Approved by {said.approver}.
Clinical safety: {said.clinical_safety_officer}.
To be destroyed after {said.expires}.

The definition is {cohort.definition.status} against {cohort.definition.title}
({cohort.definition.publisher}).

{_hazards(said)}

No clinical decision follows from this list alone.
"""


def _hazards(said: Approval) -> str:
    rows = (
        ("hazard", "what is done, and what the practice must do"),
        ("---", "---"),
        (
            "somebody who should be called is not on the list: entered late, coded otherwise, or "
            f"registered since {said.as_at}",
            "the list does not replace the practice's own register; look there too",
        ),
        (
            "somebody on the list was seen since, has moved or has died",
            "look at the record before any contact",
        ),
        (
            "a reading was mistyped",
            "implausible readings are left out; a plausible wrong one is not seen",
        ),
        (
            "the wrong person is called",
            "only pseudonyms are written; the supplier tells the practice who they are",
        ),
        (
            "the list is used after its day, or for something else",
            f"it is removed after {said.expires}; the purpose is signed and logged",
        ),
    )
    return "\n".join(f"| {hazard} | {done} |" for hazard, done in rows)
