"""The accessibility engine axe in a page that is open in a browser."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from tests.browser.chromium import Browser

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(browser: Browser, *, of_colours: bool = False, unfolded: bool = True) -> list[Any]:
    """What the engine faults in the open page: rule, how many elements, the first of them.

    The page is loaded anew without its content security policy,
    which lets no engine in, so call this last.

    Args:
        browser: With the page open.
        of_colours: Only whether colours are far enough from each other, which is all that a dark
            scheme changes.
        unfolded: Open every `details` first.
    """
    engine = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    only = "['color-contrast']" if of_colours else str(_RULES)
    browser.send("Page.setBypassCSP", enabled=True)
    try:
        if not browser.run("'axe' in window"):
            browser.reload()
            browser.run(f"{engine};0")
        if unfolded:
            browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        # Without resultTypes the engine writes a selector for each element that is in order.
        found: list[Any] = browser.run(
            f"axe.run(document, {{preload: false, resultTypes: ['violations'], runOnly: {only}}})"
            ".then(r => r.violations.map(v => "
            "[v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)]))"
        )
    finally:
        browser.send("Page.setBypassCSP", enabled=False)
    return found
