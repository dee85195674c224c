"""The Markdown parsers: that of messages, and that of pages, in which an image is a link to it."""

from functools import cache
from typing import TYPE_CHECKING

from webapp.markup.tables import table

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

LONGEST_NESTING = 20  # images in the text of an image; further ones are left out


@cache
def message_parser() -> "MarkdownIt":
    """Returns the parser of what people type; HTML in it is text."""
    return _parser()


@cache
def page_parser() -> "MarkdownIt":
    """Returns the same parser with links in place of images: a page of the panel loads nothing that a text names."""
    parser = _parser()
    parser.core.ruler.push("images_as_links", _images_as_links)
    return parser


def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # People expect their line breaks to stay.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.block.ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    return parser


def _images_as_links(state: "StateCore") -> None:
    for token in state.tokens:
        if token.children and any(child.type == "image" for child in token.children):
            token.children = _without_images(token.children)


def _without_images(tokens: "list[Token]") -> "list[Token]":
    from markdown_it.token import Token

    made: list[Token] = []
    links = 0
    for token in tokens:
        links += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type != "image":
            made.append(token)
            continue
        target = str(token.attrs.get("src", ""))
        words = Token("text", "", 0, content=_words(token.children or []) or target)
        link = [Token("link_open", "a", 1, attrs={"href": target}), words, Token("link_close", "a", -1)]
        made += [words] if links else link  # a link holds no other link
    return made


def _words(tokens: "list[Token]", depth: int = 0) -> str:
    """Returns the alternative text of an image."""
    if depth > LONGEST_NESTING:
        return ""
    return "".join(
        _words(token.children or [], depth + 1) if token.type == "image" else token.content for token in tokens
    ).strip()
