"""The fault table: for every publisher, what goes wrong, what Beacon says, what stays current.

`python -m tests.integration.fetch.fault_table` prints it, a row a case. On the first night all is well; on the
second the publisher has new figures and a fault; on the third the fault is gone. A fault that
spoils the data must be named and leave the first night's figures in use, and the third night must
bring the new ones.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from beacon.fetch.hosts import load_hosts
from tests.integration.fetch.conftest import Bench
from tests.replicas import server
from tests.replicas.files import FilesReplica
from tests.replicas.server import Answer, Fault, Replica, Request, edited, times, where
from tests.replicas.world import World

Edit = Callable[[bytes], bytes]
IS_DATA = {
    "fingertips": lambda request: request.path.endswith("by_indicator_id"),
    "arcgis": lambda request: "outFields" in request.query,
    "nomis": lambda request: True,
    "gov_uk": lambda request: request.path.startswith("/media/"),
    "ees": lambda request: request.path.endswith("/csv"),
    "ons_els": lambda request: True,
    "stat_xplore": lambda request: True,
    "nhs_digital": lambda request: request.path.endswith(".zip"),
}


@dataclass(frozen=True)
class Publisher:
    """One publisher's dataset under test, and how its content is spoiled."""

    key: str
    change: Callable[[World], None]
    edits: dict[str, Edit] = field(default_factory=dict)
    series: frozenset[str] = frozenset()
    skip: tuple[str, ...] = ()


def _on_lines(edit: Callable[[list[bytes]], list[bytes]], end: bytes = b"\n") -> Edit:
    return lambda body: end.join(edit(body.split(end)))


def _duplicate(column: bytes) -> Edit:
    """The last row again with another value in a column."""

    def edit(lines: list[bytes]) -> list[bytes]:
        place = lines[0].strip().split(b",").index(column)
        cells = lines[-2].split(b",")
        cells[place] = b"%.4f" % (float(cells[place]) * 0.999)
        return [*lines[:-1], b",".join(cells), b""]

    return _on_lines(edit)


def _two_thirds(lines: list[bytes]) -> list[bytes]:
    return [*lines[: len(lines) * 2 // 3], b""]


def _add_column(lines: list[bytes]) -> list[bytes]:
    first, *rest = lines
    end = b"\r" if first.endswith(b"\r") else b""
    tail = [line.removesuffix(b"\r") + b",1" + end if line.strip() else line for line in rest]
    return [first.removesuffix(b"\r") + b",Added by the publisher" + end, *tail]


def _sheet(edit: Callable[[str], str]) -> Edit:
    """Edit the cells of a workbook's data sheet."""

    def edited_workbook(body: bytes) -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(body)) as source,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in source.namelist():
                content = source.read(name)
                if name.endswith("sheet2.xml"):
                    content = edit(content.decode()).encode()
                target.writestr(name, content)
        return out.getvalue()

    return edited_workbook


def _archived(edit: Edit) -> Edit:
    """Edit the CSVs in a ZIP archive."""

    def edited_archive(body: bytes) -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(body)) as source,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in source.namelist():
                target.writestr(name, edit(source.read(name)))
        return out.getvalue()

    return edited_archive


def _json(edit: Callable[[dict], None]) -> Edit:
    def edited_json(body: bytes) -> bytes:
        document = json.loads(body)
        edit(document)
        return json.dumps(document).encode()

    return edited_json


def _no_features(document: dict) -> None:
    if "features" in document:
        document["features"] = []


def _no_items(document: dict) -> None:
    document["fields"][0]["items"] = []


def _one_code(document: dict) -> None:
    for item in document["fields"][0]["items"]:
        item["uris"] = ["str:value:Z06000001"]


def _one_area_less(document: dict) -> None:
    for cube in document["cubes"].values():
        cube["values"] = cube["values"][:1]


def _change_stat_xplore(world: World) -> None:
    world.stat_xplore.values = [[1201.0, 1251.0], [2401.0, 2426.0]]


def _change_nhs_digital(world: World) -> None:
    for members in world.nhs_digital.members.values():
        for name in members:
            members[name] = members[name].replace(b"(FICTIONAL)", b"(FICTIONAL RENAMED)")


def _change_nomis(world: World) -> None:
    for row in world.nomis.datasets["NM_2020_1"][:19]:
        row["GEOGRAPHY_NAME"] = "Renamed 001A"


def _change_arcgis(world: World) -> None:
    world.arcgis.edited += 1
    world.arcgis.layers["LSOA21_WD24_LAD24_EW_LU"][0]["WD24NM"] = "Renamed"


def _change_gov_uk(world: World) -> None:
    page = "government/statistics/english-indices-of-deprivation-2025"
    name, body = world.gov_uk.pages[page][0]
    world.gov_uk.correct(page, name, _sheet(lambda text: text)(body))


def _change_fingertips(world: World) -> None:
    export = world.fingertips.exports["93014"]
    world.fingertips.exports["93014"] = export.replace(b"Brackenmouth", b"Brackenmouth Borough")


def _change_ees(world: World) -> None:
    for entry in world.ees.data_sets.values():
        entry["csv"] = entry["csv"].replace(b"Brackenmouth", b"Brackenmouth Borough")
        entry["version"] = "1.1"


def _change_files(world: World) -> None:
    path = "/claimant-count/claimant-count.csv"
    world.ons_els.files[path] = world.ons_els.files[path].replace(b"Fictional fig", b"Revised fig")


def _header_only_sheet(text: str) -> str:
    return re.sub(r'<row r="(?!1")\d+".*?</row>', "", text, flags=re.DOTALL)


def _extra_cell(text: str) -> str:
    cell = '<c r="G1" t="inlineStr"><is><t>Added by the publisher</t></is></c></row>'
    return text.replace("</row>", cell, 1)


def _drop_rows(text: str) -> str:
    return re.sub(r'<row r="1[0-9]{3}".*?</row>', "", text, flags=re.DOTALL)


PUBLISHERS = {
    "fingertips": Publisher(
        "fingertips/indicator",
        _change_fingertips,
        {
            "header only": _on_lines(lambda lines: [lines[0], b""]),
            "renamed column": lambda body: body.replace(b",Value,", b",Result,", 1),
            "extra column": _on_lines(_add_column),
            "cut at row limit": _on_lines(_two_thirds),
            "duplicate key": _duplicate(b"Value"),
        },
        series=frozenset({"93014"}),
    ),
    "arcgis": Publisher(
        "ons_open_geography/lsoa21_ward24",
        _change_arcgis,
        {
            "header only": _json(_no_features),
            "renamed column": lambda body: body.replace(b'"WD24NM"', b'"WD25NM"'),
            "extra column": lambda body: body.replace(
                b'"attributes": {', b'"attributes": {"Added": 1, '
            ),
            "duplicate key": lambda body: body.replace(b'"Z01000002"', b'"Z01000001"'),
            "cut at row limit": lambda body: body.replace(b', "exceededTransferLimit": true', b""),
        },
    ),
    "nomis": Publisher(
        "ons_census_2021/ts007a",
        _change_nomis,
        {
            "header only": _on_lines(lambda lines: [lines[0], b""], b"\r\n"),
            "renamed column": lambda body: body.replace(b"OBS_VALUE", b"OBS_RESULT", 1),
            "extra column": _on_lines(_add_column),
            "duplicate key": lambda body: body.replace(b'"Z01000002"', b'"Z01000001"'),
            "empty body": lambda body: b"",
        },
    ),
    "gov_uk": Publisher(
        "mhclg_iod2025/file_1",
        _change_gov_uk,
        {
            "header only": _sheet(_header_only_sheet),
            "renamed column": _sheet(lambda t: t.replace("LSOA code (2021)", "LSOA (2021)", 1)),
            "extra column": _sheet(_extra_cell),
            "duplicate key": _sheet(lambda t: t.replace("Z01000002", "Z01000001", 1)),
            "cut at row limit": _sheet(_drop_rows),
        },
    ),
    "ees": Publisher(
        "dfe_eyfsp/aps_gld_elg",
        _change_ees,
        {
            "header only": _on_lines(lambda lines: [lines[0], b""]),
            "renamed column": lambda body: body.replace(b"gld_percent", b"good_percent", 1),
            "extra column": _on_lines(_add_column),
            "cut at row limit": _on_lines(_two_thirds),
            "duplicate key": _duplicate(b"gld_percent"),
        },
    ),
    "stat_xplore": Publisher(
        "dwp_stat_xplore/children_absolute",
        _change_stat_xplore,
        {
            "header only": _json(_no_items),
            "renamed column": lambda body: body.replace(b':COA"', b':AREA"'),
            "extra column": _json(lambda document: document.update(added=1)),
            "duplicate key": _json(_one_code),
            "cut at row limit": _json(_one_area_less),
        },
        series=frozenset({"CILIF_ABS:count"}),
    ),
    "nhs_digital": Publisher(
        "nhs_gp_patients/by_lsoa",
        _change_nhs_digital,
        {
            "header only": _archived(_on_lines(lambda lines: [lines[0], b""])),
            "renamed column": _archived(lambda body: body.replace(b"LSOA_CODE", b"LSOA21CD", 1)),
            "extra column": _archived(_on_lines(_add_column)),
            "cut at row limit": _archived(_on_lines(_two_thirds)),
            "duplicate key": _archived(_duplicate(b"NUMBER_OF_PATIENTS")),
        },
    ),
    "ons_els": Publisher(
        "ons_els/topic",
        _change_files,
        {
            "header only": _on_lines(lambda lines: [lines[0], b""]),
            "renamed column": lambda body: body.replace(b",observation,", b",result,", 1),
            "extra column": _on_lines(_add_column),
            "cut at row limit": _on_lines(_two_thirds),
            "duplicate key": _duplicate(b"observation"),
        },
        series=frozenset({"Claimant Count"}),
    ),
}

TRANSPORT: dict[str, Fault] = {
    "404": server.not_found,
    "500 web page": server.always(lambda: server.web_page(500)),
    "web page with status 200": server.always(lambda: server.web_page(200)),
    "web page with status 200 as data": lambda _r, a: Answer(server.WEB_PAGE, 200, a.content_type),
    "503": server.unavailable,
    "cut at 50 %": server.cut_at_half,
    "slow": server.slow,
    "wrong content type": server.wrong_type,
    "gzip bomb": server.gzip_bomb,
    "redirect to another host": server.elsewhere,
}
SAYS = {
    "404": r"404",
    "500 web page": r"answered 500 .*Unexpected Error.*asked 3 times",
    "web page with status 200": r"web page",
    "web page with status 200 as data": r"web page|not JSON|column .* is missing|no archive",
    "503": r"503.*asked 3 times",
    "cut at 50 %": r"cut the connection|broke the connection",
    "slow": r"did not answer in time",
    "wrong content type": r"image/png",
    "gzip bomb": r"unpacks to more than 400 times",
    "redirect to another host": r"localhost:9.*not among",
    "header only": r"no rows|no data|gave 0 records",
    "renamed column": r"missing|(?i:invalid field)",
    "duplicate key": r"more than once|more than one row|two different values",
    "cut at row limit": r"cut short|is above|fewer",
    "empty body": r"empty",
    "certificate failure": r"certificate could not be verified",
}
TAKEN = {"extra column", "429 then success"}


def cases() -> list[tuple[str, str]]:
    named: list[tuple[str, str]] = []
    for name, publisher in PUBLISHERS.items():
        named += [(name, fault) for fault in TRANSPORT]
        named += [(name, fault) for fault in publisher.edits]
        named += [(name, "429 then success"), (name, "certificate failure")]
    return [*named, ("nomis", "cut at row limit")]


def _fault(name: str, fault: str, body_of: Callable[[Request], bool]) -> Fault:
    if fault in TRANSPORT:
        return where(body_of, TRANSPORT[fault])
    if fault == "429 then success":
        return where(body_of, times(1, server.too_many_requests))
    if (name, fault) == ("nomis", "cut at row limit"):
        further = edited(_on_lines(lambda lines: [lines[0], b""], b"\r\n"))
        return where(lambda request: request.query.get("RecordOffset", "0") != "0", further)
    fits = body_of if name != "arcgis" or fault != "renamed column" else lambda request: True
    return where(fits, _plain(PUBLISHERS[name].edits[fault]))


def _plain(edit: Edit) -> Fault:
    """Edit content under its encoding."""
    import gzip

    def fault(_request: Request, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        packed = answer.headers.get("Content-Encoding") == "gzip"
        body = edit(gzip.decompress(answer.body) if packed else answer.body)
        answer.body = gzip.compress(body, mtime=0) if packed else body
        return answer

    return fault


@pytest.mark.parametrize(("name", "fault"), cases(), ids=lambda value: str(value).replace(" ", "-"))
def test_fault(
    name: str,
    fault: str,
    bench: Callable[..., Bench],
    world: World,
    sample_files: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BEACON_STAT_XPLORE_KEY", world.stat_xplore.key)
    publisher = PUBLISHERS[name]
    at = bench(publisher.key, series=publisher.series, skip=publisher.skip)
    assert at.run().said == ""
    good = at.current()
    assert good

    publisher.change(world)
    replica: Replica = world.replicas[name]
    if fault == "certificate failure":
        with FilesReplica(sample_files / "ons_els") as impostor:
            impostor.use_tls(request.getfixturevalue("self_signed"))
            hosts = load_hosts({**world.base_urls, name: impostor.url})
            spoiled = at.run(days=400, hosts=hosts)
    else:
        with replica.failing(_fault(name, fault, IS_DATA[name])):
            spoiled = at.run(days=400, idle=0.04 if fault == "slow" else 5.0)

    now = at.current()
    taken = now != good
    sys.stdout.write(
        f"| {name} | {fault} | {spoiled.said or 'nothing: the new figures are in use'} | "
        f"{'new in use' if taken else 'last good in use'} |\n"
    )
    if fault in TAKEN:
        assert spoiled.said == ""
        assert taken
        if fault == "429 then success":
            assert 7.0 in at.clock.slept
        return
    assert re.search(SAYS[fault], spoiled.said), spoiled.said
    assert now == good
    assert [landed.sha256 for landed in spoiled.in_use] == list(good.values())
    assert "last good version" in spoiled.said

    recovered = at.run(days=400)
    assert recovered.said == ""
    assert at.current() != good
