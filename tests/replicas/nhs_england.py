"""NHS England's older site: one page that links to a workbook for each quarter."""

from __future__ import annotations

from pathlib import Path

from tests.replicas.server import Answer, Replica, Request, web_page

PAGE = "/statistics/statistical-work-areas/serious-mental-illness-smi"
_UPLOADS = "/statistics/wp-content/uploads/sites/2"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class NhsEnglandReplica(Replica):
    """Physical health checks of people with severe mental illness."""

    def __init__(self, sample: Path) -> None:
        super().__init__()
        self.files = {
            f"{_UPLOADS}/{path.name.removeprefix('FICTIONAL_')}": path.read_bytes()
            for path in sorted(sample.glob("gp/*Physical-Health-Checks-SMI*"))
        }

    def answer(self, request: Request) -> Answer:
        if request.path.rstrip("/") == PAGE:
            links = "".join(f'<a href="{address}">{address}</a>' for address in self.files)
            body = f"<!DOCTYPE html><html><body>{links}</body></html>"
            return Answer(body.encode(), 200, "text/html; charset=utf-8")
        if request.path in self.files:
            return Answer(self.files[request.path], 200, _WORKBOOK)
        return web_page(404)
