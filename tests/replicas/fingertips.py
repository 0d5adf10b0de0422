"""OHID Fingertips: CSV served as JSON, no validators, and silence where there are no data.

After DataController of ukhsa-collaboration/fingertips-open: ids that are no numbers are dropped,
ids after the hundredth too, an unknown indicator or area type gives a header only, a missing
parameter a web page with status 500, an unknown path one with 404.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.replicas.server import Answer, Replica, Request, as_json, web_page

MOST_IDS = 100


class FingertipsReplica(Replica):
    """One export an indicator, at one area type."""

    validators = False

    def __init__(self, directory: Path, area_type: int = 502) -> None:
        super().__init__()
        self.area_type = str(area_type)
        self.exports = {
            path.name.split("_")[1]: path.read_bytes()
            for path in sorted(directory.glob("FICTIONAL_*.csv"))
        }

    @property
    def url(self) -> str:
        return f"{self.origin}/api"

    def answer(self, request: Request) -> Answer:
        path, query = request.path.removeprefix("/api/"), request.query
        if path == "all_data/csv/by_indicator_id":
            return self._data(query)
        if path == "data_changes":
            body = self.exports.get(query.get("indicator_id", ""))
            if body is None:
                return as_json({"LastUploadedAt": None, "LastDeletedAt": None})
            stamp = int(hashlib.sha256(body).hexdigest()[:9], 16)
            return as_json({"LastUploadedAt": f"/Date({stamp}+0000)/", "LastDeletedAt": None})
        if path == "available_data":
            known = query.get("indicator_id", "") in self.exports
            pair = {"IndicatorId": query.get("indicator_id"), "AreaTypeId": int(self.area_type)}
            return as_json([pair] if known else [])
        return web_page(404)

    def _data(self, query: dict[str, str]) -> Answer:
        if "indicator_ids" not in query or "child_area_type_id" not in query:
            return web_page(500)
        ids = [id_ for id_ in query["indicator_ids"].split(",") if id_.isdigit()][:MOST_IDS]
        known = [self.exports[id_] for id_ in ids if id_ in self.exports]
        header = next(iter(self.exports.values())).split(b"\r\n", 1)[0] + b"\r\n"
        body = header
        if query["child_area_type_id"] == self.area_type:
            body += b"".join(export.split(b"\r\n", 1)[1] for export in known)
        return Answer(
            body,
            200,
            "application/json; charset=utf-8",
            {"Cache-Control": "no-cache, no-store", "Expires": "-1"},
        )
