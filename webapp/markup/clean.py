"""Markdown as HTML that shows what was typed, and in which nothing can run."""

from functools import lru_cache
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
    import nh3

    tags = nh3.ALLOWED_TAGS - {"img"}
    return nh3.clean(page_parser().render(body), tags=tags, url_schemes=SCHEMES, link_rel=REL)


def parsed(body: str) -> "list[Token]":
    """Returns the parts of a text, as Markdown understands it."""
    return message_parser().parse(body)
