"""GOV.UK: pages of the content API, and the assets that they link to.

After the shape of `content_api_iod2025` in the samples: `details.attachments[]` with a media id in
each address, a new one for a correction while the old one goes on answering.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.replicas.server import Answer, Replica, Request, as_json, web_page

_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
}


class GovUkReplica(Replica):
    """Pages by path, each with its attachments, and collections of pages."""

    def __init__(self, sample: Path) -> None:
        super().__init__()
        self.pages: dict[str, list[tuple[str, bytes]]] = {}
        self.collections: dict[str, list[str]] = {}
        self._media: dict[str, bytes] = {}
        for vintage in ("2019", "2025"):
            self.pages[f"government/statistics/english-indices-of-deprivation-{vintage}"] = [
                (path.name, path.read_bytes())
                for path in sorted((sample / f"imd{vintage}").glob("FICTIONAL_*"))
            ]
        other = sample / "other_official"
        self._one(
            other, "*Detailed_LA*", "government/statistical-data-sets/live-tables-on-homelessness"
        )
        self._one(
            other, "*cw0301*", "government/statistical-data-sets/walking-and-cycling-statistics-cw"
        )
        fuel = "government/statistics/sub-regional-fuel-poverty-data-2022"
        self._one(other, "*sub-regional-fuel-poverty*", fuel)
        self.collections["government/collections/fuel-poverty-sub-regional-statistics"] = [
            f"/{fuel}",
            "/government/publications/fuel-poverty-methodology-handbook",
        ]

    def _one(self, folder: Path, pattern: str, page: str) -> None:
        self.pages[page] = [(path.name, path.read_bytes()) for path in sorted(folder.glob(pattern))]

    def correct(self, page: str, name: str, body: bytes) -> None:
        """Put a corrected file in the place of another: a new media id."""
        self.pages[page] = [
            (other, body if other == name else content) for other, content in self.pages[page]
        ]

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/media/"):
            body = self._media.get(request.path.split("/")[2])
            if body is None:
                return web_page(404)
            return Answer(
                body, 200, _TYPES.get(Path(request.path).suffix, "application/octet-stream")
            )
        path = request.path.removeprefix("/api/content/")
        if path in self.collections:
            documents = [{"base_path": base, "title": base} for base in self.collections[path]]
            return as_json(
                {"base_path": f"/{path}", "details": {}, "links": {"documents": documents}}
            )
        if path not in self.pages:
            return as_json({"error": "not found"}, 404)
        return as_json(
            {
                "base_path": f"/{path}",
                "document_type": "official_statistics",
                "withdrawn_notice": {},
                "details": {
                    "attachments": [self._attachment(*file) for file in self.pages[path]],
                    "change_history": [{"note": "First published."}],
                },
                "links": {},
            }
        )

    def _attachment(self, name: str, body: bytes) -> dict[str, Any]:
        media = hashlib.sha256(name.encode() + body).hexdigest()[:24]
        self._media[media] = body
        return {
            "attachment_type": "file",
            "content_type": _TYPES.get(Path(name).suffix, "application/octet-stream"),
            "file_size": len(body),
            "filename": name,
            "id": str(int(media[:6], 16)),
            "title": name,
            "url": f"{self.origin}/media/{media}/{name}",
        }
