"""ONS Open Geography: layers of an ArcGIS feature service.

After the pages in the samples: at most `maxRecordCount` records whatever was asked for,
`exceededTransferLimit` at the top level of JSON and inside `properties` of GeoJSON, and status 200
for every refusal.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from tests.replicas.server import Answer, Replica, Request, as_json

_PATH = "/arcgis/rest/services"


class ArcGisReplica(Replica):
    """Layers by service name."""

    validators = False

    def __init__(self, sample: Path, most_records: int = 500) -> None:
        super().__init__()
        self.most_records = most_records
        self.edited = 1_701_432_000_000
        lookups = sample / "lookups"
        self.layers: dict[str, list[dict[str, Any]]] = {
            "LSOA21_SICBL24_ICB24_CAL24_LAD24_EN_LU": _rows(lookups, "*LSOA21_SICBL24*"),
            "LSOA11_LSOA21_LAD22_EW_LU_v5": _rows(lookups, "*LSOA11_LSOA21_LAD22*"),
            "LSOA21_WD24_LAD24_EW_LU": _rows(lookups, "*LSOA21_WD24*"),
            "LTLA23_UTLA23_EW_LU": _rows(lookups, "*LTLA-UTLA*"),
        }
        boundaries = sample / "boundaries"
        self.shapes: dict[str, list[dict[str, Any]]] = {
            "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BSC_V4": _geopackage(
                next(boundaries.glob("*LSOA_2021*.gpkg"))
            ),
            "Local_Authority_Districts_May_2024_Boundaries_UK_BSC": json.loads(
                next(boundaries.glob("*Local_Authority*")).read_bytes()
            )["features"],
        }

    @property
    def url(self) -> str:
        return f"{self.origin}{_PATH}"

    def answer(self, request: Request) -> Answer:
        parts = request.path.removeprefix(f"{_PATH}/").split("/")
        service = parts[0]
        if service not in self.layers and service not in self.shapes:
            return _refusal(400, "Invalid URL", "Invalid URL")
        records = self.layers.get(service) or [
            {**shape["properties"], "__shape": shape} for shape in self.shapes[service]
        ]
        fields = [name for name in records[0] if not name.startswith("__")]
        if parts[-1] != "query":
            return as_json(
                {
                    "currentVersion": 11.5,
                    "name": service,
                    "objectIdField": "ObjectId" if service in self.layers else "FID",
                    "maxRecordCount": self.most_records,
                    "editingInfo": {"dataLastEditDate": self.edited},
                    "fields": [
                        {"name": name, "type": "esriFieldTypeString"}
                        for name in dict.fromkeys(
                            [*fields, "ObjectId" if service in self.layers else "FID"]
                        )
                    ],
                }
            )
        return self._query(request.query, records, fields, service in self.shapes)

    def _query(
        self, query: dict[str, str], records: list[dict[str, Any]], fields: list[str], shapes: bool
    ) -> Answer:
        if "where" not in query:
            return _refusal(400, "Cannot perform query. Invalid query parameters.", "")
        if query.get("returnCountOnly") == "true":
            return as_json({"count": len(records)})
        wanted = fields if query["outFields"] == "*" else query["outFields"].split(",")
        unknown = [name for name in wanted if name not in fields]
        if unknown:
            return _refusal(
                400,
                "Cannot perform query. Invalid query parameters.",
                f"'Invalid field: {unknown[0]}' parameter is invalid",
            )
        start = int(query.get("resultOffset", 0))
        size = min(int(query.get("resultRecordCount", self.most_records)), self.most_records)
        page = records[start : start + size]
        exceeded = start + size < len(records)
        if query.get("f") == "geojson":
            document: dict[str, Any] = {
                "type": "FeatureCollection",
                "crs": {"type": "name", "properties": {"name": "EPSG:4326"}},
                "features": [_feature(record, wanted, start + n) for n, record in enumerate(page)],
            }
            if exceeded:
                document["properties"] = {"exceededTransferLimit": True}
            return Answer(json.dumps(document).encode(), 200, "application/geo+json")
        document = {
            "objectIdFieldName": "ObjectId",
            "features": [{"attributes": {n: record[n] for n in wanted}} for record in page],
        }
        if exceeded:
            document["exceededTransferLimit"] = True
        return as_json(document)


def _feature(record: dict[str, Any], wanted: list[str], number: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": number + 1,
        "geometry": record["__shape"]["geometry"],
        "properties": {name: record[name] for name in wanted},
    }


def _refusal(code: int, message: str, details: str) -> Answer:
    return as_json({"error": {"code": code, "message": message, "details": [details]}})


def _rows(directory: Path, pattern: str) -> list[dict[str, Any]]:
    text = next(directory.glob(pattern)).read_text("utf-8-sig")
    return [
        {name: value or None for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]


@cache
def _geopackage(path: Path) -> list[dict[str, Any]]:
    import shapely

    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "select fid, LSOA21CD, LSOA21NM, geom from lsoa21 order by fid"
        ).fetchall()
    # A GeoPackage header with an envelope of two dimensions has 40 bytes.
    shapes = shapely.to_geojson(shapely.from_wkb([blob[40:] for *_, blob in rows]))
    return [
        {
            "geometry": json.loads(shape),
            "properties": {"FID": fid, "LSOA21CD": code, "LSOA21NM": name},
        }
        for (fid, code, name, _), shape in zip(rows, shapes, strict=True)
    ]
