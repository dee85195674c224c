"""Markdown as HTML that shows what was typed, and in which nothing can run."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SCHEMES = {"http", "https", "mailto", "tel"}


def clean(body: str) -> str:
    """Markdown as HTML without what could run or be loaded unasked; HTML in it is shown as typed."""
    import nh3

    return nh3.clean(_markdown().render(body), url_schemes=SCHEMES, link_rel="noopener noreferrer")


def parsed(body: str) -> "list[Token]":
    """The parts of a text, as Markdown understands it."""
    return _markdown().parse(body)


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # People expect their line breaks to stay.
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
