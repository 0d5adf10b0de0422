"""Briefings as PDF, printed by a headless Chromium where this machine has one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PRINT_SECONDS = 60
_AT_ONCE = 2
_CLOCK = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}")


def find_chromium() -> str | None:
    """The browser that `BEACON_CHROMIUM` names, else the first known one on the path."""
    named = os.environ.get("BEACON_CHROMIUM")
    if named:
        return named if Path(named).is_file() else shutil.which(named)
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def print_pages(chromium: str, pages: Sequence[Path], day: date | None) -> list[str]:
    """Print each page beside itself as PDF.

    Args:
        chromium: The browser.
        pages: HTML files.
        day: What the PDFs give as their date, instead of the clock's.

    Returns:
        Names of the pages that were not printed.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = list(pool.map(lambda page: _print(chromium, page, day), pages))
    return [page.name for page, printed in zip(pages, done, strict=True) if not printed]


def _sandbox() -> tuple[str, ...]:
    # Chromium does not start for root otherwise; the page is ours and loads nothing.
    return ("--no-sandbox",) if os.geteuid() == 0 else ()


def _print(chromium: str, page: Path, day: date | None) -> bool:
    target = page.resolve().with_suffix(".pdf")
    with tempfile.TemporaryDirectory(prefix="beacon-print-") as profile:
        command = [
            chromium, "--headless", "--disable-gpu", "--no-first-run", *_sandbox(),
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--no-pdf-header-footer", f"--print-to-pdf={target}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(  # noqa: S603 - the browser prints our own page
                command,
                # It leaves folders in the temporary directory where it is ended early.
                env={**os.environ, "TMPDIR": profile},
                capture_output=True,
                timeout=_PRINT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return False
    if not target.is_file():
        return False
    stamp = f"{day:%Y%m%d}000000" if day else "20000101000000"
    # The same length as before, so that the PDF's own offsets still hold.
    target.write_bytes(
        _CLOCK.sub(lambda m: b"/" + m.group(1) + b" (D:" + stamp.encode(), target.read_bytes())
    )
    return True
