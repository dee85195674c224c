"""Draws a message that was typed in Markdown as HTML that mail programs show and nothing in it can run."""

from functools import cache
from typing import TYPE_CHECKING

from webapp.paths import TEMPLATES

if TYPE_CHECKING:
    from css_inline import CSSInliner
    from jinja2 import Template
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SCHEMES = {"http", "https", "mailto", "tel"}


def page(subject: str, body: str) -> str:
    """The whole page, with its styles at the elements, as some mail programs ask."""
    return _inliner().inline(_template().render(subject=subject, body=clean(body)))


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


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
    return environment.get_template("mail/message.html")


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
