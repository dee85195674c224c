"""The plain part of a message typed in Markdown: the same lines, without the signs that only make it look so."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webapp.markup.clean import parsed

if TYPE_CHECKING:
    from markdown_it.token import Token


def plain(body: str) -> str:
    """Returns the text without marks: links with their address behind them, lists and tables as typed."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    in_table = False
    heading = ""
    for token in parsed(body):
        in_table = token.type == "table_open" or (in_table and token.type != "table_close")
        if token.type == "heading_open":
            heading = token.markup
        elif token.type == "inline" and token.map and not in_table and (heading or _is_marked_up(token)):
            _rewrite(lines, token, heading)
            heading = ""
    return "\n".join(lines)


def _rewrite(lines: list[str], token: "Token", heading: str) -> None:
    """Each line of a block ends as its content does; what stands before that, such as “- ”, stays."""
    assert token.map is not None
    typed, shown = token.content.split("\n"), _shown(token.children or []).split("\n")
    if len(typed) != len(shown):
        return
    for number, (before, after) in enumerate(zip(typed, shown, strict=True), token.map[0]):
        line = lines[number].rstrip()
        if before and (heading or before != after) and line.rstrip("# ").endswith(before.rstrip()):
            prefix = line[: line.rindex(before.rstrip())]
            lines[number] = (prefix.replace(heading, "").lstrip() if "#" in heading else prefix) + after


def _is_marked_up(token: "Token") -> bool:
    """What has neither signs nor anything escaped stays as it was typed, to the letter."""
    plain_types = ("text", "softbreak", "hardbreak")
    return "\\" in token.content or any(child.type not in plain_types for child in token.children or [])


def _shown(children: "Sequence[Token]") -> str:
    told, target, words = "", "", 0
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            told += "\n"
        elif child.type == "link_open":
            target, words = str(child.attrs.get("href", "")), len(told)
        elif child.type == "link_close":
            told += "" if told[words:] in (target, target.removeprefix("mailto:")) else f" ({target})"
        else:
            told += child.content
    return told
