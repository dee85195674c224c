"""Markdown as HTML that shows what was typed, and in which nothing can run."""

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from webapp.markup.links import SCHEMES
from webapp.markup.parser import message_parser, page_parser

if TYPE_CHECKING:
    from markdown_it.token import Token

REL = "noopener noreferrer"


def clean(body: str) -> str:
    """Returns the HTML of a message: nothing in it runs; HTML in `body` is shown as typed."""
    import nh3

    return nh3.clean(message_parser().render(body), url_schemes=SCHEMES, link_rel=REL)


@lru_cache(maxsize=8)  # one notification goes into many inboxes
def shown(body: str) -> str:
    """Returns the HTML for a page of the panel: the same, and nothing is loaded; an image is a link to it."""
    return shown_again(page_parser().render(body))


def shown_again(html: str) -> str:
    """Returns stored HTML for a page of the panel: a database or a backup may hold anything by now."""
    import nh3

    return nh3.clean(html, tags=nh3.ALLOWED_TAGS - {"img"}, url_schemes=SCHEMES, link_rel=REL)


def as_typed(text: str) -> str:
    """Returns the HTML of a text that is not Markdown."""
    return f"<p>{escape(text).replace(chr(10), '<br>')}</p>"


def parsed(body: str) -> "list[Token]":
    """Returns the parts of a text, as Markdown understands it."""
    return message_parser().parse(body)
