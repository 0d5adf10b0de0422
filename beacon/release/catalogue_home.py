"""Which home the analysts' database reads, told without opening it.

Apart from what writes it, so that `beacon status` loads no database library.
"""

from __future__ import annotations

import re
from pathlib import Path

from beacon.core.home import Home

# A view finds its files through this variable where it is set, so that a home that has moved can
# still be read: set variable beacon_home = '/new/place';
HOME_VARIABLE = "beacon_home"

# Each view has its query as text in the file; a quote in a path is doubled there.
_HOME_IN_VIEW = re.compile(rf"getvariable\('{HOME_VARIABLE}'\), '((?:[^']|'')+)'".encode(), re.I)


def other_home_read(home: Home) -> Path | None:
    """The home that `beacon.duckdb` reads, where that is another, as in a home that was copied.

    None as well where there is no such file, or it does not say.
    """
    try:
        found = _HOME_IN_VIEW.search(home.catalogue.read_bytes())
    except OSError:
        return None
    if found is None:
        return None
    read = Path(found[1].decode(errors="replace").replace("''", "'"))
    return None if read.resolve() == home.root.resolve() else read


def warning_of_other_home(home: Home) -> str | None:
    """What to say of a database that reads another home, and what to do; None where it does not."""
    read = other_home_read(home)
    if read is None:
        return None
    return (
        f"{home.catalogue.name} was written when the home was {read} and still reads the files "
        f"there. The next `beacon run` writes it anew; until then say in DuckDB first: "
        f"set variable {HOME_VARIABLE} = '{str(home.root).replace(chr(39), chr(39) * 2)}';"
    )
