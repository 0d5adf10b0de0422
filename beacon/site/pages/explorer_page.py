"""The explorer: one page that carries its own data, styles and script."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

from beacon.site.explorer_data import as_json, explorer_data
from beacon.site.indicator_facts import PROGRAMMES
from beacon.site.maps import MapMaker
from beacon.site.page import Page, Shared
from beacon.site.scripts_bundle import OF_EXPLORER, script_of

_SITE = Path(__file__).resolve().parents[1]


def explorer_page(shared: Shared, maps: MapMaker) -> Page:
    """The page of the explorer.

    It is one file, to be copied and sent: nothing is fetched, and only the one script and the one
    style sheet that it carries may run, named in its policy by their hashes.
    """
    style = "".join(
        (_SITE / folder / name).read_text(encoding="utf-8")
        for folder, name in (("assets", "site.css"), ("scripts", "explorer.css"))
    )
    script = script_of(OF_EXPLORER)
    policy = (
        f"default-src 'none'; style-src {_hash_of(style)}; script-src {_hash_of(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return Page(
        "explorer.html",
        "explorer.html.j2",
        "Explorer",
        "explorer",
        {
            "policy": policy,
            "style": Markup(style),  # noqa: S704 - a file of this package
            "script": Markup(script),  # noqa: S704 - files of this package
            "data": Markup(as_json(explorer_data(shared.facts, maps))),  # noqa: S704 - escaped
            "programmes": PROGRAMMES,
        },
    )


def _hash_of(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
