"""HTML as a tree, with the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass
class Node:
    """An element: its name, attributes, children and text."""

    name: str
    attributes: dict[str, str]
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Every element below this one, in order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def all(self, name: str, class_: str | None = None, **attributes: str) -> list[Node]:
        """Elements of a name, class and attributes (underscores are hyphens)."""
        wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
        return [
            node
            for node in self.walk()
            if node.name == name
            and (class_ is None or class_ in node.classes)
            and all(node.attributes.get(key) == value for key, value in wanted.items())
        ]

    def one(self, name: str, class_: str | None = None, **attributes: str) -> Node:
        """The one element that fits."""
        found = self.all(name, class_, **attributes)
        assert len(found) == 1, f"{len(found)} of <{name} class={class_} {attributes}>"
        return found[0]

    @property
    def classes(self) -> list[str]:
        """Its classes."""
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        """Its text, white space collapsed."""
        return " ".join(self._texts().split())

    def _texts(self) -> str:
        return "".join(c if isinstance(c, str) else c._texts() for c in self.children)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#document", {})
        self._at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        node = Node(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(node)
        if tag not in _VOID:
            self._at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._at.children.append(Node(tag, {name: v or "" for name, v in attrs}, self._at))

    def handle_endtag(self, tag: str) -> None:
        assert self._at.name == tag, f"</{tag}> closes <{self._at.name}> at {self.getpos()}"
        assert self._at.parent is not None
        self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        self._at.children.append(data)


def parse(page: Path) -> Node:
    """A page as a tree. An element left open or closed twice fails."""
    builder = _Builder()
    builder.feed(page.read_text(encoding="utf-8"))
    builder.close()
    assert builder._at is builder.root, f"{page}: <{builder._at.name}> is left open"
    return builder.root
