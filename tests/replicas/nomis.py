"""Nomis: quoted CSV in upper case, cut in silence at 25,000 rows, empty where it cannot answer.

After the API's header in the samples; `select` decides the columns and their order.
"""

from __future__ import annotations

import csv
import gzip
import io
from functools import cache
from pathlib import Path

from tests.replicas.server import Answer, Replica, Request

ROWS_A_CALL = 25_000
ROWS_A_CALL_WITH_ACCOUNT = 1_000_000

Rows = list[dict[str, str]]


class NomisReplica(Replica):
    """Census 2021 TS007A and TS021, mid-2020 estimates by single year of age, and workless households."""

    validators = False

    def __init__(self, sample: Path) -> None:
        super().__init__()
        census, groups, estimates = _datasets(sample)
        # The first is small enough to be each replica's own, to be changed in tests.
        self.datasets: dict[str, Rows] = {
            "NM_2020_1": [dict(row) for row in census],
            "NM_2041_1": groups,
            "NM_2010_1": estimates,
            "NM_136_1": _answer(sample / "other_official", "*NM_136_1*"),
        }
        self.accounts: set[str] = set()

    @property
    def url(self) -> str:
        return f"{self.origin}/api/v01"

    def answer(self, request: Request) -> Answer:
        name = request.path.removeprefix("/api/v01/dataset/").removesuffix(".data.csv")
        rows, query = self.datasets.get(name), request.query
        if rows is None or "geography" not in query:
            return Answer(b"", 200, "text/csv")
        columns = [item.upper() for item in query.get("select", "").split(",") if item]
        columns = columns or list(rows[0])
        if any(item not in rows[0] for item in columns):
            return Answer(b"", 200, "text/csv")
        most = ROWS_A_CALL_WITH_ACCOUNT if query.get("uid") in self.accounts else ROWS_A_CALL
        start = int(query.get("RecordOffset", 0))
        size = min(int(query.get("RecordLimit", most)), most)
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow(columns)
        for row in rows[start : start + size]:
            writer.writerow(
                [_number(row[c]) if c in ("OBS_VALUE", "RECORD_COUNT") else row[c] for c in columns]
            )
        return Answer(text.getvalue().encode(), 200, "text/csv")


def _answer(folder: Path, pattern: str) -> Rows:
    with next(folder.glob(pattern)).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _number(text: str) -> int | float | str:
    if not text:
        return text
    return int(text) if text.isdigit() else float(text)


@cache
def _datasets(sample: Path) -> tuple[Rows, Rows, Rows]:
    folder = sample / "population"
    census = next(folder.glob("*TS007A*")).read_text("utf-8")
    ethnic = next(folder.glob("*TS021*")).read_text("utf-8")
    estimates = gzip.decompress(next(folder.glob("*SAPE23*")).read_bytes()).decode()
    bands = [str(code) for code in range(19)]
    groups = ["0", *(str(code) for code in range(1001, 1006))]
    ages = ["200", *(str(code) for code in range(101, 192))]
    return (
        _long(census, "2021 super output area - lower layer", "C2021_AGE_19", bands),
        _long(ethnic, "2021 super output area - lower layer", "C2021_ETH_20", groups),
        _long(estimates, "lsoa11_name", "C_AGE", ages),
    )


def _long(text: str, first: str, dimension: str, codes: list[str]) -> Rows:
    table = [row for row in csv.reader(io.StringIO(text)) if row]
    start = next(number for number, row in enumerate(table) if row[0] == first)
    width = len(codes) + 2
    areas = [row for row in table[start + 1 :] if len(row) == width]
    total = str(len(areas) * len(codes))
    return [
        {
            "GEOGRAPHY_NAME": name,
            "GEOGRAPHY_CODE": area,
            dimension: code,
            "OBS_VALUE": value,
            "RECORD_COUNT": total,
        }
        for name, area, *values in areas
        for code, value in zip(codes, values, strict=True)
    ]
