"""Explore Education Statistics: publications, data sets, gzip CSV and queries.

After the API's own source and the samples: CSV always gzip-encoded, filters that are unknown give
200 with a warning, unknown indicators 400, unknown data sets 404.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

from tests.replicas.server import Answer, Replica, Request, as_json

_PATH = "/statistics/v1"
_TITLES = {
    "*EYFSP*": (
        "Early years foundation stage profile results",
        "Good level of development and early learning goals, 2013 to 2019",
    ),
    "*L2_L3*": (
        "Level 2 and 3 attainment by young people aged 19",
        "Local authority dashboard",
    ),
    "*NEETNK*": (
        "Participation in education, training and NEET age 16 to 17 by local authority",
        "NEET local authority scorecard",
    ),
}


class EesReplica(Replica):
    """One data set a file of the sample."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.data_sets: dict[str, dict[str, Any]] = {}
        for pattern, (publication, title) in _TITLES.items():
            for number, path in enumerate(sorted(directory.glob(pattern))):
                self.data_sets[f"00000000-{len(self.data_sets):04d}-7000-8000-{number:012d}"] = {
                    "publication": publication,
                    "title": title,
                    "csv": path.read_bytes(),
                    "version": "1.0",
                    "status": "Published",
                }

    @property
    def url(self) -> str:
        return f"{self.origin}{_PATH}"

    @property
    def publications(self) -> list[str]:
        return list(dict.fromkeys(entry["publication"] for entry in self.data_sets.values()))

    def answer(self, request: Request) -> Answer:
        parts = request.path.removeprefix(f"{_PATH}/").split("/")
        if parts == ["publications"]:
            found = [
                {"id": str(number), "title": title}
                for number, title in enumerate(self.publications)
                if request.query.get("search", "").lower() in title.lower()
            ]
            return _page(found, request)
        if parts[0] == "publications":
            title = self.publications[int(parts[1])]
            return _page(
                [
                    {"id": key, "title": entry["title"]}
                    for key, entry in self.data_sets.items()
                    if entry["publication"] == title
                ],
                request,
            )
        entry = self.data_sets.get(parts[1]) if len(parts) > 1 else None
        if entry is None:
            return as_json({"title": "Not Found", "status": 404}, 404)
        if len(parts) == 2:
            return as_json(
                {
                    "id": parts[1],
                    "title": entry["title"],
                    "status": entry["status"],
                    "latestVersion": {"version": entry["version"]},
                }
            )
        if parts[2] == "csv":
            return Answer(
                gzip.compress(entry["csv"], mtime=0),
                200,
                "text/csv",
                {"Content-Encoding": "gzip", "X-Robots-Tag": "noindex"},
            )
        return self._query(json.loads(request.body), entry)

    def _query(self, query: dict[str, Any], entry: dict[str, Any]) -> Answer:
        rows = list(csv.DictReader(io.StringIO(entry["csv"].decode("utf-8-sig"))))
        unknown = [name for name in query.get("indicators", []) if name not in rows[0]]
        if unknown:
            fault = {"code": "IndicatorsNotFound", "path": "indicators",
                     "detail": {"items": unknown}}  # fmt: skip
            return as_json(
                {"title": "There are validation errors with the request.", "status": 400,
                 "errors": [fault]}, 400,
            )  # fmt: skip
        levels = {row["geographic_level"] for row in rows}
        wanted = [
            item["geographicLevels"]["eq"]
            for item in query.get("criteria", {}).get("and", [])
            if "geographicLevels" in item
        ]
        lost = [level for level in wanted if level not in levels]
        warnings = [{"code": "GeographicLevelsNotFound", "detail": {"items": lost}}] if lost else []
        rows = [row for row in rows if all(row["geographic_level"] == level for level in wanted)]
        page, size = query.get("page", 1), query.get("pageSize", 1000)
        results = [
            {
                "timePeriod": {"code": "AY", "period": row["time_period"]},
                "geographicLevel": row["geographic_level"],
                "locations": {"LA": row["new_la_code"]},
                "values": {name: row[name] for name in query.get("indicators", [])},
            }
            for row in rows[(page - 1) * size : page * size]
        ]
        document: dict[str, Any] = {
            "paging": {
                "page": page,
                "pageSize": size,
                "totalResults": len(rows),
                "totalPages": -(-len(rows) // size),
            },
            "results": results,
        }
        if warnings:
            document["warnings"] = warnings
        return as_json(document)


def _page(rows: list[dict[str, Any]], request: Request) -> Answer:
    page, size = int(request.query.get("page", 1)), int(request.query.get("pageSize", 20))
    return as_json(
        {
            "paging": {"page": page, "totalPages": max(-(-len(rows) // size), 1)},
            "results": rows[(page - 1) * size : page * size],
        }
    )
