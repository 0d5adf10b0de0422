"""NHS England: web pages of publications, their editions, and ZIP archives at odd addresses.

After the addresses in `sources.md`: the archive's address holds a part that nobody can guess and
that changes when a file is issued again.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

from tests.replicas.server import Answer, Replica, Request, web_page

_STATISTICAL = "/data-and-information/publications/statistical"
GP = f"{_STATISTICAL}/patients-registered-at-a-gp-practice"
QOF = f"{_STATISTICAL}/quality-and-outcomes-framework-achievement-prevalence-and-exceptions-data"


class NhsDigitalReplica(Replica):
    """Two publications; archives are made anew from their members at every question."""

    validators = False

    def __init__(self, sample: Path) -> None:
        super().__init__()
        folder = sample / "gp"
        self.members: dict[str, dict[str, bytes]] = {
            "gp-reg-pat-prac-lsoa-male-female-October-25.zip": _members(folder, "*prac-lsoa*"),
            "QOF2425.zip": {
                **_members(folder, "*PREVALENCE*"),
                **_members(folder, "*ACHIEVEMENT*"),
                "MAPPING_INDICATORS_2425.csv": b"INDICATOR_CODE\r\n",
            },
        }
        self.pages = {
            GP: [f"{GP}/april-2025", f"{GP}/october-2025", f"{GP}/september-2025"],
            f"{GP}/october-2025": ["gp-reg-pat-prac-lsoa-male-female-October-25.zip"],
            QOF: [f"{QOF}/2023-24", f"{QOF}/2024-25", "/about"],
            f"{QOF}/2024-25": ["QOF2425.zip"],
        }

    def answer(self, request: Request) -> Answer:
        if request.path in self.pages:
            links = "".join(
                f'<li><a class="link" href="{self._address(link)}">{link}</a></li>'
                for link in self.pages[request.path]
            )
            body = f"<!DOCTYPE html><html><body><ul>{links}</ul></body></html>"
            return Answer(body.encode(), 200, "text/html; charset=utf-8")
        name = request.path.rsplit("/", 1)[-1]
        if name in self.members and request.path == self._address(name):
            return Answer(self._archive(name), 200, "application/zip")
        return web_page(404)

    def _address(self, link: str) -> str:
        if link not in self.members:
            return link
        digest = hashlib.sha256(self._archive(link)).hexdigest().upper()
        return f"/{digest[:2]}/{digest[2:8]}/{link}"

    def _archive(self, name: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in self.members[name].items():
                archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)
        return out.getvalue()


def _members(folder: Path, pattern: str) -> dict[str, bytes]:
    return {
        path.name.removeprefix("FICTIONAL_"): path.read_bytes()
        for path in sorted(folder.glob(pattern))
    }
