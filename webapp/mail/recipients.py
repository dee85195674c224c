"""Reads the addresses that people paste, and says in plain words what is wrong with one."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

MOST_NAMED = 5  # bad addresses named in one error
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# A quoted text, a bracketed address, a separator, or anything else up to the next of these.
TOKEN = re.compile(r'"(?:[^"\\\r\n]|\\.)*"|<[^<>\r\n]*>|[,;\r\n\t|]+|[^"<,;\r\n\t|]+|["<]')
SEPARATORS = frozenset(",;\r\n\t|")


def read_addresses(given: str | Iterable[str]) -> list[str]:
    """Each address once, in the order given; a ValueError names what is not an address.

    A text may hold many, with any separators, also as `Name <address>`. In a list each entry is one address.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    for piece in _pieces(given) if isinstance(given, str) else given:
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
    """The address in `text`, which may be `Name <address>`; a ValueError says what is wrong with it."""
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise ValueError(f"{_shown(text)} holds a line break or an invisible character. Type it again.")
    address = text.strip(INVISIBLE + " \xa0")
    if bracketed := re.fullmatch(r'(?:"(?:[^"\\]|\\.)*"|[^"<>])*<([^<>]*)>', address):
        address = bracketed[1].strip()
    address = address.removeprefix("mailto:")
    if wrong := _what_is_wrong(address):
        raise ValueError(f"{_shown(address)} {wrong}")
    return _checked(address)


def normal_form(address: str) -> str:
    """Two addresses with the same normal form reach the same mailbox, as mail systems are run in practice."""
    local, _, domain = wire_form(address).rpartition("@")
    return f"{local.casefold()}@{domain.lower()}"


def wire_form(address: str) -> str:
    """The address as servers without SMTPUTF8 take it: with an ASCII domain (RFC 5890)."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return address
    return f"{local}@{found.ascii_domain}"


def needs_utf8(*addresses: str) -> bool:
    """Whether only a server with SMTPUTF8 (RFC 6531) takes all of these."""
    return not all(wire_form(address).isascii() for address in addresses)


def _pieces(text: str) -> Iterator[str]:
    """The single addresses of a pasted text; a name before a bracketed address is dropped."""
    name: list[str] = []
    for token in TOKEN.findall(text):
        if token[0] == "<" and len(token) > 1:
            yield from _before_bracket(name)
            yield token[1:-1]
            name = []
        elif token[0] in SEPARATORS and not _goes_on(name, token):
            yield from _spaced("".join(name))
            name = []
        else:
            name.append(token)
    yield from _spaced("".join(name))


def _goes_on(name: list[str], separator: str) -> bool:
    """“Ruiz, Ana <…>” is one name: a single comma after something that is no address may belong to it."""
    words = "".join(name).strip()
    return separator == "," and bool(words) and "@" not in words


def _before_bracket(name: list[str]) -> Iterator[str]:
    *earlier, _name = "".join(name).split(",")
    yield from (part for part in earlier if "@" in part)


def _spaced(piece: str) -> Iterator[str]:
    """Addresses with nothing but spaces between them, or one piece with whatever is wrong with it."""
    for part in piece.split(",") if '"' not in piece else [piece]:
        words = part.strip(INVISIBLE + " \xa0").split()
        if len(words) > 1 and all("@" in word[1:-1] for word in words) and '"' not in part:
            yield from words
        elif words:
            yield part


def _what_is_wrong(address: str) -> str:
    bare = re.sub(r'^"(?:[^"\\]|\\.)*"@', "q@", address)  # what stands in quotes may hold anything
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
    from email_validator import EmailNotValidError, validate_email

    try:
        # Office networks have names such as mail.local, which the public network does not know.
        found = validate_email(address, check_deliverability=False, globally_deliverable=False, allow_quoted_local=True)
    except EmailNotValidError:
        raise ValueError(f"{_shown(address)} is not an email address.") from None
    return found.normalized


def _shown(text: str) -> str:
    seen = "".join(c if c.isprintable() else "·" for c in text.strip())
    return f"“{seen[:80]}…”" if len(seen) > 80 else f"“{seen}”"
