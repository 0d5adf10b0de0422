"""The site as a program of its own, so that it is made on another core than the workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from beacon.processes import serve
from beacon.site.build_pages import build_site, get_ready


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Write the pages of a release that is being built.

    Args:
        message: directory of the marts; out, where the site goes; manifest and run_record of a
            release that is not complete yet.

    Returns:
        pages, how many; or error, why there are none.
    """
    try:
        report = build_site(
            Path(message["directory"]),
            Path(message["out"]),
            manifest=message["manifest"],
            run_record=message["run_record"],
        )
    except Exception as error:  # noqa: BLE001 - whatever a chart meets is told to the run
        return {"error": f"{type(error).__name__}: {error}"}
    return {"pages": report.pages}


if __name__ == "__main__":
    serve(answer, prepare=get_ready)
