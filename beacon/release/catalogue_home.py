"""Which home the analysts' database reads, as its writer recorded it.

Apart from what writes it, so that `beacon status` loads no database library.
"""

from __future__ import annotations

from pathlib import Path

from beacon.core.errors import DamagedFileError
from beacon.core.files import read_json, write_json
from beacon.core.home import Home

# A view finds its files through this variable where it is set, so that a home that has moved can
# still be read: set variable beacon_home = '/new/place';
HOME_VARIABLE = "beacon_home"


def record_home_read(home: Home) -> None:
    """Write down that `beacon.duckdb` reads the files of this home."""
    write_json(_record(home), {"home": str(home.root)})


def warning_of_other_home(home: Home) -> str | None:
    """What to say of a database that reads another home, and what to do; None where it does not.

    That is so in a home that was copied, until something writes the database anew. None as well
    where nothing is on record.
    """
    try:
        recorded = read_json(_record(home), {}).get("home")
    except DamagedFileError:
        # `beacon status` says of each damaged file what mends it.
        return None
    if not recorded or Path(recorded).resolve() == home.root.resolve():
        return None
    return (
        f"{home.catalogue.name} was written when the home was {recorded} and still reads the files "
        f"there. The next `beacon run` writes it anew; until then say in DuckDB first: "
        f"set variable {HOME_VARIABLE} = '{str(home.root).replace(chr(39), chr(39) * 2)}';"
    )


def _record(home: Home) -> Path:
    return home.state / "catalogue.json"
