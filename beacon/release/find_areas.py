"""Finding areas of a release by name or code, and the area of a postcode."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from beacon.core.errors import BeaconError, InputRefusedError, Problem
from beacon.release.layout import Release
from beacon.release.query import connect_release

FOUND_COLUMNS = (
    "kind", "vintage", "area_code", "area_name", "parent_name", "lsoas", "people", "people_core20",
    "core20_share_percent", "other_codes", "formed_from",
)  # fmt: skip
_MOST_FOUND = 200
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")
_POSTCODE_COLUMNS = ("pcds", "pcd7", "pcd8", "pcd", "pcd2")
_LSOA_COLUMNS = ("lsoa21cd", "lsoa21", "lsoa11cd", "lsoa11")


def find_areas(release: Release, text: str, kind: str | None = None) -> list[tuple[Any, ...]]:
    """Areas whose name holds the text, or whose code it is, or was.

    Args:
        release: The release.
        text: A part of a name in any case, or a code, in use or not.
        kind: Only this kind, such as "ward".

    Returns:
        Rows of `FOUND_COLUMNS`, largest areas first, 200 at most.

    Raises:
        BeaconError: When the release has no table of areas.
    """
    if "area" not in {mart["name"] for mart in release.manifest["marts"]}:
        raise BeaconError(f"{release.label} has no table area. Publish a newer release.")
    with connect_release(release, sql="") as con:
        return con.execute(
            f"select {', '.join(FOUND_COLUMNS)} from area "  # noqa: S608 - names above
            "where (contains(lower(area_name), lower($text)) or area_code = upper($text) "
            "or list_contains(string_split(coalesce(other_codes, ''), ', '), upper($text))) "
            "and ($kind is null or kind = $kind) "
            f"order by people desc nulls last, kind, vintage, area_code limit {_MOST_FOUND}",
            {"text": text.strip(), "kind": kind},
        ).fetchall()


def names_of_areas(release: Release) -> dict[str, dict[str, str]]:
    """Names of the footprint's areas by kind and code; none without a table of them."""
    if "area" not in {mart["name"] for mart in release.manifest["marts"]}:
        return {}
    with connect_release(release, sql="") as con:
        rows = con.execute(
            "select kind, area_code, max(area_name) from area where in_footprint group by all"
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for kind, code, name in rows:
        found.setdefault(kind, {})[code] = name
    return found


@dataclass(frozen=True)
class PostcodeArea:
    """Where a postcode lies, by its LSOA 2021; None beyond the release's footprint."""

    postcode: str
    lsoa21_code: str
    lsoa21_name: str | None
    ward24_name: str | None
    place_name: str | None
    imd2025_decile: int | None
    core20: bool | None


def areas_of_postcodes(
    release: Release, file: Path, postcodes: Iterable[str]
) -> list[PostcodeArea]:
    """The LSOA, ward and Place of postcodes, by a postcode file of the ONS.

    The file is read row by row and nothing of it is kept. A postcode is fitted whole to one LSOA.

    Args:
        release: The release.
        file: A CSV, gzipped or not, with a column of postcodes and one of LSOAs 2021; of LSOAs
            2011 only those that did not change are taken.
        postcodes: Postcodes, spaced or not.

    Raises:
        InputRefusedError: Naming what in the file or among the postcodes cannot be used.
        BeaconError: When the file cannot be read.
    """
    wanted = {_plain(one): one for one in postcodes}
    wrong = [given for plain, given in wanted.items() if not _POSTCODE.fullmatch(plain)]
    if wrong:
        raise InputRefusedError(
            [Problem("postcodes", f"{one!r} is not a postcode.") for one in wrong]
        )
    try:
        found = dict(_lsoas(file, set(wanted)))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise BeaconError(
            f"{file} cannot be read as CSV ({error}). Give a postcode file of the ONS, plain or "
            "gzipped."
        ) from error
    missing = [wanted[plain] for plain in wanted if plain not in found]
    if missing:
        raise InputRefusedError(
            [Problem(file.name, f"the postcode {one} is not in it.",
                     remedy="Check it, or take a newer postcode file.") for one in missing]
        )  # fmt: skip
    with connect_release(release, sql="") as con:
        rows = con.execute(
            "select lsoa21_code, lsoa21_name, ward24_name, place_name, imd2025_decile, "
            "core20_imd2025 from lsoa where list_contains($codes, lsoa21_code)",
            {"codes": sorted(set(found.values()))},
        ).fetchall()
        gone = con.execute(
            "select distinct lsoa_code from core20_lsoa where lsoa_vintage = 2011 "
            "and list_contains($codes, lsoa_code)",
            {"codes": sorted(set(found.values()) - {row[0] for row in rows})},
        ).fetchall()
    divided = {code for (code,) in gone}
    if old := [plain for plain in wanted if found[plain] in divided]:
        # Without this its cells would be empty, as if it lay beyond the footprint.
        raise InputRefusedError(
            [Problem(file.name, f"the postcode {wanted[one]} lies in {found[one]}, an LSOA of 2011 "
                     "that is none of 2021.",
                     remedy="Take a postcode file that has LSOAs of 2021.") for one in old]
        )  # fmt: skip
    known = {row[0]: row[1:] for row in rows}
    return [
        PostcodeArea(wanted[plain], found[plain], *known.get(found[plain], (None,) * 5))
        for plain in wanted
    ]


def _plain(postcode: str) -> str:
    return re.sub(r"\s", "", postcode).upper()


def _open(file: Path) -> IO[str]:
    opened = gzip.open if file.suffix == ".gz" else open
    return cast("IO[str]", opened(file, "rt", encoding="utf-8-sig", newline=""))


def _lsoas(file: Path, wanted: set[str]) -> Iterator[tuple[str, str]]:
    with _open(file) as text:
        reader = csv.reader(text)
        header = [name.strip().lower() for name in next(reader, [])]
        postcode = next((header.index(n) for n in _POSTCODE_COLUMNS if n in header), None)
        lsoa = next((header.index(n) for n in _LSOA_COLUMNS if n in header), None)
        if postcode is None or lsoa is None:
            raise InputRefusedError([
                Problem(file.name, "it has no column of postcodes (pcds) and of LSOAs (lsoa21cd).",
                        row=1, remedy="Give a postcode file of the ONS as CSV.")
            ])  # fmt: skip
        for row in reader:
            if len(row) > max(postcode, lsoa) and _plain(row[postcode]) in wanted:
                yield _plain(row[postcode]), row[lsoa]
