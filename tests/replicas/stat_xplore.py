"""DWP Stat-Xplore: one table for who has a key, 401 for who has none."""

from __future__ import annotations

import json
from typing import Any

from tests.replicas.server import Answer, Replica, Request, as_json


class StatXploreReplica(Replica):
    """Answers any table of areas and years with the same numbers."""

    validators = False

    def __init__(self) -> None:
        super().__init__()
        self.values = [[1200.0, 1250.0], [2400.0, 2425.0]]

    key = "a-fictional-key"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("apikey") != self.key:
            return as_json({"error": "Unauthorized"}, 401)
        if request.path != "/table" or request.method != "POST":
            return as_json({"error": "Not found"}, 404)
        asked = json.loads(request.body)
        areas = [("Z06000001", "Brackenmouth"), ("Z06000002", "Cawlderwick")]
        years = ["2023", "2024"]
        answer = as_json(
            {
                "query": asked,
                "database": {"id": asked["database"]},
                "measures": [{"uri": name, "function": "COUNT"} for name in asked["measures"]],
                "fields": [
                    _field(asked["dimensions"][0][0], areas),
                    _field(asked["dimensions"][1][0], [(year, f"{year}") for year in years]),
                ],
                "cubes": {
                    name: {"values": self.values, "precision": 0} for name in asked["measures"]
                },
                "annotationMap": {},
            }
        )
        answer.headers = {"x-ratelimit": "10000", "x-ratelimit-remaining": "9999"}
        return answer


def _field(uri: str, items: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "uri": uri,
        "label": uri,
        "items": [
            {"type": "RecodeItem", "uris": [f"{uri}:C:{code}"], "labels": [label]}
            for code, label in items
        ],
    }
