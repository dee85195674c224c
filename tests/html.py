"""Parses a page: elements by id, and their text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    """One element; `text` is its text and that of its descendants, with single spaces."""

    tag: str
    attributes: dict[str, str]
    parts: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(part if isinstance(part, str) else part.text for part in self.parts).split())

    def all(self, tag: str = "", **attributes: str) -> list["Element"]:
        """Returns the descendants with this tag and these attributes; `_` stands for `-`."""
        required = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        below = [part for part in self.parts if isinstance(part, Element)]
        found = [part for part in below if part._is(tag, required)]
        return found + [one for part in below for one in part.all(tag, **attributes)]

    def one(self, tag: str = "", **attributes: str) -> "Element":
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def _is(self, tag: str, required: dict[str, str]) -> bool:
        return tag in ("", self.tag) and all(self.attributes.get(name) == value for name, value in required.items())


def read(html: str) -> Element:
    """A whole page or fragment."""
    parser = _Tree()
    parser.feed(html)
    return parser.root


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)
