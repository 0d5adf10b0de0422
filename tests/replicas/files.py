"""Files at fixed addresses, with validators: ONS Explore Local Statistics, NHS allocations."""

from __future__ import annotations

from pathlib import Path

from tests.replicas.server import Answer, Replica, Request


class FilesReplica(Replica):
    """`<topic>/<topic>.csv` from the sample's folder of topics, or the files named."""

    def __init__(self, directory: Path, named: dict[str, str] | None = None) -> None:
        super().__init__()
        if named is not None:
            self.files = {
                address: next(directory.glob(pattern)).read_bytes()
                for address, pattern in named.items()
            }
            return
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
