"""The pages of the real official files in a headless Chromium, where both are given."""

from __future__ import annotations

from importlib.resources import files

import pytest

from beacon.site.pdf import find_chromium
from tests.browser.chromium import Browser

pytestmark = [pytest.mark.given, pytest.mark.slow]

_RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
_STOPS = 'a[href], button, select, input, summary, [tabindex="0"]'


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_every_page_holds_in_a_browser(official_site):
    """No complaint, nothing from outside, nothing wider than a phone, every control within reach
    of the keyboard, and nothing that the accessibility engine faults."""
    engine = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    faults: dict[str, list[object]] = {}
    with Browser() as browser:
        for page in sorted(official_site.rglob("*.html")):
            found = faults.setdefault(page.relative_to(official_site).as_posix(), [])
            browser.view(320)
            opened = browser.open(page)
            found += opened.complaints
            found += [u for u in opened.requests if not u.startswith(official_site.as_uri())]
            if browser.run("document.documentElement.scrollWidth") > 320:
                found.append("wider than 320 pixels")
            browser.view(1280)
            browser.open(page)
            controls = (
                f"[...document.querySelectorAll('{_STOPS}')].filter(e => e.checkVisibility())"
            )
            wanted = browser.run(f"{controls}.length")
            browser.run(
                "document.activeElement.blur(); window.reached = new Set(); "
                "document.addEventListener('focusin', e => reached.add(e.target), true); 0"
            )
            for _ in range(wanted + 5):
                browser.press("Tab")
            missed = browser.run(
                f"{controls}.filter(e => !reached.has(e)).map(e => e.outerHTML.slice(0, 80))"
            )
            found += missed
            browser.send("Page.setBypassCSP", enabled=True)
            browser.open(page)
            browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            browser.run(f"{engine};0")
            found += browser.run(
                f"axe.run(document, {{preload: false, runOnly: {_RULES}}}).then(r => "
                "r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 160)]))"
            )
            browser.send("Page.setBypassCSP", enabled=False)
    assert len(faults) > 70
    assert {name: found for name, found in faults.items() if found} == {}
