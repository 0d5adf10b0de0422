"""ONS Explore Local Statistics: files at fixed addresses, with validators."""

from __future__ import annotations

from pathlib import Path

from tests.replicas.server import Answer, Replica, Request


class FilesReplica(Replica):
    """`<topic>/<topic>.csv` from the sample's folder of topics."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.files = {
            f"/{topic}/{topic}.csv": path.read_bytes()
            for path in sorted(directory.glob("FICTIONAL_*.csv"))
            for topic in [path.stem.removeprefix("FICTIONAL_")]
        }

    def answer(self, request: Request) -> Answer:
        body = self.files.get(request.path)
        if body is None:
            return Answer(b"404: Not Found", 404, "text/plain; charset=utf-8")
        return Answer(body, 200, "text/plain; charset=utf-8")
