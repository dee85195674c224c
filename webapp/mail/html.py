"""Draws a message that was typed in Markdown as a page that mail programs show."""

from functools import cache
from typing import TYPE_CHECKING

from webapp.markup.clean import clean
from webapp.paths import TEMPLATES

if TYPE_CHECKING:
    from css_inline import CSSInliner
    from jinja2 import Template


def page(subject: str, body: str) -> str:
    """Returns the whole page, with its styles at the elements, as some mail programs ask."""
    return _inliner().inline(_template().render(subject=subject, body=clean(body)))


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
    return environment.get_template("mail/message.html")


@cache
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
