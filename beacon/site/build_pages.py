"""Building the site of a release."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.site.facts import ReleaseFacts
from beacon.site.read_release import SiteError, read_release

if TYPE_CHECKING:
    from beacon.registry import Indicator, TargetRegister
    from beacon.site.page import Page, Shared

MARKER = "site.json"


@dataclass(frozen=True)
class SiteReport:
    """What a build came to.

    Attributes:
        directory: Where the site is.
        release: Label of its release.
        pages: How many HTML pages.
        files: How many files in all.
        size_bytes: Size of all files.
        heaviest: Address of the largest page, and its size in bytes.
        seconds: How long the build took.
        briefings: How many briefings were printed to PDF.
        notes: What was left out, and why.
    """

    directory: Path
    release: str
    pages: int
    files: int
    size_bytes: int
    heaviest: tuple[str, int]
    seconds: float
    briefings: int
    notes: tuple[str, ...]


def build_site(
    release_dir: Path,
    out_dir: Path,
    *,
    manifest: Mapping[str, Any] | None = None,
    run_record: Mapping[str, Any] | None = None,
    registry: Mapping[str, Indicator] | None = None,
    targets: TargetRegister | None = None,
    pdf: bool = False,
) -> SiteReport:
    """Write the pages of a release. The same release and code give the same bytes.

    Everything is written beside `out_dir` and moved there at the end; a site that is already
    there is replaced, anything else is left alone.

    Args:
        release_dir: Directory of the release's Parquet files.
        out_dir: Where the site goes.
        manifest: The manifest, where the release's own is not yet written.
        run_record: When inputs were retrieved, where the release's own is not yet written.
        registry: Indicators by slug, for decimals and breaks in series; this installation's own
            by default.
        targets: Targets of the plans; this installation's own by default.
        pdf: Print the briefings too, where there is a Chromium.

    Raises:
        SiteError: When the release cannot be read, or `out_dir` holds something else.
    """
    from beacon.registry import load_actions, load_indicators, load_targets

    started = time.perf_counter()
    _refuse_other(out_dir)
    facts = read_release(release_dir, manifest=manifest, run_record=run_record)
    facts.registry = load_indicators() if registry is None else registry
    facts.targets = load_targets() if targets is None else targets
    facts.actions = load_actions()
    building = out_dir.parent / f".{out_dir.name}.{uuid.uuid4().hex}.building"
    try:
        building.mkdir(parents=True)
        printed, notes = _write_all(facts, building, pdf=pdf)
        pages = sorted(building.rglob("*.html"))
        heaviest = max(pages, key=lambda path: (path.stat().st_size, path.as_posix()))
        _write(
            building / MARKER,
            json.dumps({"release": facts.label, "pages": len(pages)}, sort_keys=True) + "\n",
        )
        sizes = [path.stat().st_size for path in building.rglob("*") if path.is_file()]
        report = SiteReport(
            directory=out_dir,
            release=facts.label,
            pages=len(pages),
            files=len(sizes),
            size_bytes=sum(sizes),
            heaviest=(heaviest.relative_to(building).as_posix(), heaviest.stat().st_size),
            seconds=round(time.perf_counter() - started, 3),
            briefings=len(printed),
            notes=tuple(notes),
        )
        _swap(building, out_dir)
        return report
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _refuse_other(out_dir: Path) -> None:
    if out_dir.exists() and not (out_dir / MARKER).is_file() and any(out_dir.iterdir()):
        raise SiteError(
            f"{out_dir} holds files that are not a Beacon site. Name an empty or new directory "
            "with --out."
        )


def _swap(building: Path, out_dir: Path) -> None:
    if not out_dir.exists():
        building.replace(out_dir)
        return
    old = out_dir.parent / f".{out_dir.name}.{uuid.uuid4().hex}.old"
    out_dir.replace(old)
    building.replace(out_dir)
    shutil.rmtree(old, ignore_errors=True)


def _write_all(
    facts: ReleaseFacts, building: Path, *, pdf: bool
) -> tuple[frozenset[str], list[str]]:
    from beacon.site.maps import MapMaker
    from beacon.site.page import Shared
    from beacon.site.render import ASSETS
    from beacon.site.scripts_bundle import OF_PAGES, script_of

    for asset in sorted(ASSETS.iterdir()):
        if asset.is_file():
            _write(building / "assets" / asset.name, asset.read_text(encoding="utf-8"))
    _write(building / "assets" / "site.js", script_of(OF_PAGES))
    for name, text in _downloads(facts):
        _write(building / "data" / name, text)
    maps = MapMaker(facts)
    notes = [] if facts.outlines else ["The release has no outlines: there are no maps."]
    for mart in ("inequality", "change"):
        if not facts.has(mart):
            notes.append(f"The release has no mart `{mart}`: its page says so.")
    printed: frozenset[str] = frozenset()
    if pdf:
        printed, note = _print_briefings(Shared(facts), maps, building)
        notes += [note] if note else []
    for page in _pages(Shared(facts, printed), maps):
        _write_page(page, facts, building)
    return printed, notes


def _write_page(page: Page, facts: ReleaseFacts, building: Path) -> None:
    from beacon.site.render import render

    _write(building / page.path, render(page, facts))


def _print_briefings(
    shared: Shared, maps: Any, building: Path
) -> tuple[frozenset[str], str | None]:
    """Print each briefing first, because other pages link to a PDF only where there is one."""
    from beacon.site.pages.place_page import place_pages
    from beacon.site.pdf import find_chromium, print_pages

    chromium = find_chromium()
    if chromium is None:
        return frozenset(), "No Chromium was found: the briefings were not printed to PDF."
    briefings = [p for p in place_pages(shared, maps) if p.path.endswith("-briefing.html")]
    for page in briefings:
        _write_page(page, shared.facts, building)
    failed = print_pages(chromium, [building / p.path for p in briefings], shared.facts.released_on)
    printed = frozenset(
        Path(p.path).stem.removesuffix("-briefing")
        for p in briefings
        if (building / p.path).with_suffix(".pdf").is_file()
    )
    return printed, f"Chromium did not print {', '.join(failed)}." if failed else None


def _pages(shared: Shared, maps: Any) -> Iterator[Page]:
    from beacon.site.page import Page
    from beacon.site.pages.aspirations_page import aspirations_page
    from beacon.site.pages.changes_page import changes_page
    from beacon.site.pages.core20_page import core20_page
    from beacon.site.pages.explorer_page import explorer_page
    from beacon.site.pages.indicator_page import indicator_pages
    from beacon.site.pages.inequality_page import inequality_page
    from beacon.site.pages.overview_page import overview_page
    from beacon.site.pages.people_page import people_pages
    from beacon.site.pages.place_page import place_pages
    from beacon.site.pages.quality_page import methods_page, quality_page
    from beacon.site.pages.rugs import make_rug
    from beacon.site.pages.signatures_page import signatures_page
    from beacon.site.pages.targets_page import targets_page
    from beacon.site.pages.unknown_page import unknown_page

    facts = shared.facts
    yield overview_page(shared, maps)
    yield Page(
        "rug.html",
        "rug.html.j2",
        "Tartan rug",
        "rug",
        {
            "beacons": make_rug(
                facts, "beacons", "Marmot beacon indicators, by Place", "marmot_beacon"
            ),
            "others": make_rug(facts, "others", "Other indicators, by Place", "context"),
        },
    )
    yield from place_pages(shared, maps)
    yield from indicator_pages(shared, maps)
    yield explorer_page(shared, maps)
    yield core20_page(shared, maps)
    yield from people_pages(shared)
    yield inequality_page(shared)
    if facts.plan_targets:
        yield targets_page(shared)
    if facts.rows("aspiration"):
        yield aspirations_page(shared)
    yield changes_page(shared)
    yield quality_page(shared)
    yield unknown_page(shared)
    yield signatures_page(shared)
    yield methods_page(shared)


def _downloads(facts: ReleaseFacts) -> Iterator[tuple[str, str]]:
    from beacon.site.downloads import csv_text

    for item in facts.indicators:
        yield f"{item.page}.csv", csv_text(facts.rows_of_indicator(item.slug))
    for mart in (
        "scorecard",
        "core20_cohort",
        "core20_movement",
        "core20_pocket",
        "source_status",
        "inequality",
        "life_and_health",
        "change",
        "target",
        "aspiration",
        "care_gap",
    ):
        if facts.rows(mart):
            yield f"{mart}.csv", csv_text(facts.rows(mart))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
