"""DWP Stat-Xplore: one table for who has a key, 401 for who has none."""

from __future__ import annotations

import json

from tests.replicas.server import Answer, Replica, Request, as_json


class StatXploreReplica(Replica):
    """Answers any table with the same numbers."""

    validators = False
    key = "a-fictional-key"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("apikey") != self.key:
            return as_json({"error": "Unauthorized"}, 401)
        if request.path != "/table" or request.method != "POST":
            return as_json({"error": "Not found"}, 404)
        asked = json.loads(request.body)
        answer = as_json(
            {
                "query": asked,
                "database": {"id": asked["database"]},
                "fields": [{"label": "Area", "items": [{"labels": ["Brackenmouth"]}]}],
                "cubes": {name: {"values": [12.0]} for name in asked["measures"]},
            }
        )
        answer.headers = {"x-ratelimit": "10000", "x-ratelimit-remaining": "9999"}
        return answer
