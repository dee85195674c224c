"""Reads the addresses that people paste, and explains what is wrong with one."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

MOST_NAMED = 5  # bad addresses named in one error
MOST_ENTRIES = 50_000  # of one text: a form takes fewer addresses, and each costs up to 50 µs
TOO_MANY = f"These are more than {MOST_ENTRIES:,} entries. Save them as a CSV file with a column of addresses."
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# A quoted text up to its closing mark, which is not part of it. What "++" has taken it does not give back.
_QUOTED = re.compile(r'"[^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+')
# A bracketed address, separators, anything else up to the next of these, or a bracket that is not closed.
_TOKEN = re.compile(r'<[^<>\r\n]*+>|[,;\r\n\t|]++|[^"<,;\r\n\t|]++|<')
SEPARATORS = frozenset(",;\r\n\t|")
LONGEST_NAME = 12  # tokens of one name, so that a long text without addresses is not gone through again and again
PRIVATE = (".local", ".test")
RESERVED = (".arpa", ".invalid", ".localhost", ".onion")
# What most addresses look like and email-validator takes as it is; it needs 50 µs for each, and a list may be long.
PLAIN = re.compile(
    r"(?=.{6,254}$)[A-Za-z0-9_+'-]{1,30}(?:\.[A-Za-z0-9_+'-]{1,30})?"
    r"@(?:[A-Za-z0-9]{1,32}(?:-[A-Za-z0-9]{1,30})?\.){1,4}[A-Za-z]{2,63}"
)


def read_addresses(given: str | Iterable[str]) -> list[str]:
    """Returns each address once, in the given order; raises ValueError that names what is no address.

    A text may hold many, with any separators, also as `Name <address>`. In a list each entry is one address.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    for number, piece in enumerate(_pieces(given) if isinstance(given, str) else given):
        if number >= MOST_ENTRIES:
            raise ValueError(TOO_MANY)
        try:
            address = one_address(piece)
            found.setdefault(normal_form(address), address)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        more = [f"{len(wrong) - MOST_NAMED:,} more are wrong too."] if len(wrong) > MOST_NAMED else []
        raise ValueError(" ".join([*wrong[:MOST_NAMED], *more]))
    return list(found.values())


def one_address(text: str) -> str:
    """Returns the address in `text`, which may be `Name <address>`; raises ValueError with what is wrong with it."""
    if PLAIN.fullmatch(text) and not text.lower().endswith(RESERVED):
        local, _, domain = text.partition("@")
        return f"{local}@{domain.lower()}"
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise ValueError(f"{_shown(text)} holds a line break or an invisible character. Type it again.")
    address = text.strip(INVISIBLE + " \xa0")
    if address.endswith(">") and "<" in address:
        name, _, address = address[:-1].rpartition("<")
        address = address.strip()
        words = (word.strip("'()[]:") for word in _unquoted(name).split())
        if any("@" in word[1:-1] and word.casefold() != address.casefold() for word in words):
            raise ValueError(f"{_shown(text)} holds two addresses. Put a comma between them.")
    address = address.removeprefix("mailto:")
    if wrong := _what_is_wrong(address):
        raise ValueError(f"{_shown(address)} {wrong}")
    return _checked(address)


def normal_form(address: str) -> str:
    """Returns the address in the form in which two of the same mailbox are equal, in practice."""
    local, _, domain = wire_form(address).rpartition("@")
    return f"{local.casefold()}@{domain.lower()}"


def wire_form(address: str) -> str:
    """Returns the address as servers without SMTPUTF8 take it: with an ASCII domain (RFC 5890)."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{_validated(f'a@{domain}')[1]}"


def needs_utf8(*addresses: str) -> bool:
    """Returns True if only a server with SMTPUTF8 (RFC 6531) takes all of these."""
    return not all(wire_form(address).isascii() for address in addresses)


def _tokens(text: str) -> Iterator[str]:
    """Quoted texts, bracketed addresses, separators and what is between them; every character is read twice at most."""
    start = dead = 0
    while start < len(text):
        found = _QUOTED.match(text, start) if start >= dead else None
        if found and text.startswith('"', found.end()):
            token = text[start : found.end() + 1]
        elif text[start] == '"':
            # It is not closed. Nor is any mark in the rest of what was read: all of them follow a backslash.
            token, dead = '"', found.end() if found else dead
        else:
            match = _TOKEN.match(text, start)
            assert match is not None
            token = match[0]
        yield token
        start += len(token)


def _unquoted(text: str) -> str:
    return "".join(token for token in _tokens(text) if len(token) == 1 or token[0] != '"')


def _pieces(text: str) -> Iterator[str]:
    """Yields the single entries of a pasted text; a name stays with its bracketed address."""
    name: list[str] = []
    for token in _tokens(text):
        if token[0] == "<" and len(token) > 1:
            yield "".join([*name, token])
            name = []
        elif token[0] in SEPARATORS and not _goes_on(name, token):
            yield from _spaced("".join(name))
            name = []
        else:
            name.append(token)
    yield from _spaced("".join(name))


def _goes_on(name: list[str], separator: str) -> bool:
    """“Ruiz, Ana <…>” is one name: a single comma after something that is no address may belong to it."""
    if separator != "," or len(name) > LONGEST_NAME:
        return False
    return any(part.strip() for part in name) and not any("@" in part for part in name if part[0] != '"')


def _spaced(piece: str) -> Iterator[str]:
    """Addresses with nothing but spaces between them, or one piece with whatever is wrong with it."""
    for part in piece.split(",") if '"' not in piece else [piece]:
        words = part.strip(INVISIBLE + " \xa0").split()
        if len(words) > 1 and all("@" in word[1:-1] for word in words) and '"' not in part:
            yield from words
        elif words:
            yield part


def _what_is_wrong(address: str) -> str:
    quoted = _QUOTED.match(address)  # what stands in quotes may hold anything
    bare = f"q{address[quoted.end() + 1 :]}" if quoted and address.startswith('"@', quoted.end()) else address
    local, at, domain = bare.rpartition("@")
    ending = domain.rpartition(".")[2]
    rules = [
        (not bare, "is empty."),
        (not at, "has no @."),
        ("@" in local, "has more than one @."),
        (any(c.isspace() for c in bare), "has a space inside."),
        (not local, "has nothing before the @."),
        (not domain, "has nothing after the @."),
        (".." in bare, "has two dots in a row."),
        (bare.endswith("."), "ends with a dot."),
        (local.startswith(".") or domain.startswith(".") or local.endswith("."), "has a dot beside the @ or in front."),
        ("." not in domain or ending.isdecimal(), "has no ending such as .com."),
        (len(local) > 64 or len(address.encode()) > 254, "is too long for an address."),  # RFC 5321, 4.5.3.1
    ]
    return next((words for applies, words in rules if applies), "")


def _checked(address: str) -> str:
    from email_validator import EmailNotValidError

    try:
        return _validated(address)[0]
    except EmailNotValidError:
        raise ValueError(f"{_shown(address)} is not an email address.") from None


def _validated(address: str) -> tuple[str, str]:
    """Returns the address in its usual form, and its domain in ASCII; raises EmailNotValidError if it is none."""
    from email_validator import validate_email

    # Office networks use names that the validator refuses because the public network does not know them.
    ending = ".com" if address.lower().endswith(PRIVATE) else ""
    found = validate_email(address + ending, check_deliverability=False, allow_quoted_local=True)
    return found.normalized.removesuffix(ending), str(found.ascii_domain).removesuffix(ending)


def _shown(text: str) -> str:
    seen = "".join(c if c.isprintable() else "·" for c in text.strip())
    return f"“{seen[:80]}…”" if len(seen) > 80 else f"“{seen}”"
