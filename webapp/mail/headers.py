"""Writes headers so that they are read back exactly as they were given.

Python's own folding (3.11.7) puts spaces into long names and texts between encoded words, and takes a subject that
looks like an encoded word for one.
"""

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Any

SHORT = 60  # characters that go on the first line as they are


class ExactPolicy(EmailPolicy):
    """email.policy.SMTP in 7 bits (a server without 8BITMIME takes it), with exact subjects and names."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"linesep": "\r\n", "cte_type": "7bit", **more})

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """ValueError where the value would begin another header."""
        if name.lower() != "subject":
            return super().header_store_parse(name, value)
        if "\n" in value or "\r" in value:
            raise ValueError("A subject cannot hold a line break.")
        return name, value

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return value if name.lower() == "subject" else super().header_fetch_parse(name, value)

    def fold(self, name: str, value: Any) -> str:
        if name.lower() == "subject":
            return f"{name}: {encoded(value, name)}\r\n"
        writers: tuple[Address, ...] = getattr(value, "addresses", ()) if name.lower() == "from" else ()
        if len(writers) == 1 and writers[0].display_name:
            return f"{name}: {_phrase(writers[0])} <{writers[0].addr_spec}>\r\n"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in ("subject", "from"):
            return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")
        return super().fold_binary(name, value)


def encoded(text: str, name: str = "") -> str:
    """Returns the text in ASCII, on lines of at most 76 characters (RFC 2047)."""
    if text.isascii() and "=?" not in text and len(text) <= SHORT and text == text.strip():
        return text
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def _phrase(writer: Address) -> str:
    name = encoded(writer.display_name, "From")
    if name != writer.display_name:
        return name + ("\r\n" if "\r\n" in name else "")
    return str(Address(name, addr_spec="a@b")).removesuffix(" <a@b>")
