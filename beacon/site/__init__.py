"""The static site of a release: pages that people read, made from the marts alone.

What belongs here: reading a release's marts, and turning them into pages, charts and maps. What
does not: computing any figure. A number on a page is a number in a mart, formatted.
"""

from beacon.site.build_pages import SiteReport, build_site

__all__ = ["SiteReport", "build_site"]
