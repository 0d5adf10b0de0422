"""Pages of the documentation site that are files elsewhere in the project: a hook of MkDocs.

Their links lead from where the file is; in the site they lead to the page.
"""

import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT = Path(__file__).resolve().parent.parent
_PAGES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "deploy.md": "deploy/README.md",
}
_PAGE_OF = {file: page for page, file in _PAGES.items()}
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for page, file in _PAGES.items():
        text = (_ROOT / file).read_text(encoding="utf-8")
        folder = PurePosixPath(file).parent
        files.append(File.generated(config, page, content=_for_the_site(text, folder)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links of the documentation to such a file lead to its page."""
    if page.file.src_uri in _PAGES:
        return markdown
    return _for_the_site(markdown, PurePosixPath("docs") / PurePosixPath(page.file.src_uri).parent)


def _for_the_site(text: str, folder: PurePosixPath) -> str:
    """The text with links to files of the project as links between pages."""
    return _LINK.sub(lambda link: f"]({_target(link[1], folder)}{link[2] or ''})", text)


def _target(link: str, folder: PurePosixPath) -> str:
    path = _normal(folder / link)
    if path in _PAGE_OF:
        depth = len(folder.parts) - 1 if folder.parts[:1] == ("docs",) else 0
        return "../" * depth + _PAGE_OF[path]
    return path.removeprefix("docs/") if folder.parts[:1] != ("docs",) else link


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
