"""The website of the Office for National Statistics: a page with a link to an archive of tables."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from tests.replicas.server import Answer, Replica, Request, web_page

PAGE = (
    "/employmentandlabourmarket/peopleinwork/earningsandworkinghours/datasets/"
    "numberandproportionofemployeejobswithhourlypaybelowthelivingwage"
)
ARCHIVE = "/file/lwftable7.zip"


class OnsSiteReplica(Replica):
    """One page and its archive, which holds a table that nobody reads too."""

    validators = False

    def __init__(self, sample: Path) -> None:
        super().__init__()
        (table,) = (sample / "other_official").glob("*LWF.1a*")
        self.members = {
            table.name.removeprefix("FICTIONAL_"): table.read_bytes(),
            "Work Geography LWF Table 7 LWF.1b lwfmgx CV.xlsx": b"not read",
        }

    def answer(self, request: Request) -> Answer:
        if request.path == PAGE:
            body = f'<html><body><a href="{ARCHIVE}">Table 7</a></body></html>'
            return Answer(body.encode(), 200, "text/html; charset=utf-8")
        if request.path != ARCHIVE:
            return web_page(404)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in self.members.items():
                archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)
        return Answer(out.getvalue(), 200, "application/zip")
