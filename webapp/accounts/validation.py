"""Checks what is typed about a person: address, name, role, zone; raises UserErrors, each with its field."""

import unicodedata
from functools import cache
from typing import Literal
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from webapp.accounts import lookalikes
from webapp.errors import UserError
from webapp.ports.names import LONGEST_NAME, one_line
from webapp.ports.values import is_storable

MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
UNDO_CHOICES = (10, 30, 120)  # seconds; screens.md, rule 5
_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")

Role = Literal["staff", "admin"]


def email(text: str) -> str:
    """Returns the address in lower case; raises UserError if it is none, or could pass for another.

    Nobody tells Ana@ from ana@ when signing in.
    """
    typed = text.strip()
    if not typed:
        raise UserError("Write an email address.", "email")
    if len(typed) > MAX_EMAIL:
        raise UserError(f"This address is too long. {MAX_EMAIL} characters are the most.", "email")
    if wrong := lookalikes.hidden(typed):
        raise UserError(wrong, "email")
    name, at, domain = typed.rpartition("@")
    if not (name and at and domain):
        raise UserError(f"“{typed}” is not an email address such as ana@example.com.", "email")
    if "." not in domain.strip("."):
        raise UserError(f"“{typed}” has no ending such as .com.", "email")
    try:
        address = _normal(typed.lower())
    except EmailNotValidError:
        raise UserError(f"“{typed}” is not an email address such as ana@example.com.", "email") from None
    if wrong := lookalikes.imitation(address) or lookalikes.imitation(unicodedata.normalize("NFC", typed.lower())):
        raise UserError(wrong, "email")
    return address


def as_kept(text: str) -> str:
    """Returns the stored form of a typed address; empty for text that no database can compare."""
    typed = text.strip().lower()
    return typed if is_storable(typed) else ""


def name(text: str, field: str = "name", empty: str = "Write a name.") -> str:
    """Returns a person's name on one line; raises UserError if it is empty or too long."""
    line = one_line(text)
    if not line:
        raise UserError(empty, field)
    if len(line) > LONGEST_NAME:
        raise UserError(f"This is too long. {LONGEST_NAME} characters are the most.", field)
    return line


def name_from(address: str) -> str:
    """Returns a guess for a name of which only the address is known: ana.ruiz@… is Ana Ruiz."""
    words = address.partition("@")[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    return " ".join(word.capitalize() for word in words) or address


def role(text: str) -> Role:
    if text == "admin":
        return "admin"
    if text == "staff":
        return "staff"
    raise UserError("A role is staff or admin.", "role")


def zone(text: str) -> str:
    if text not in available_zones():
        raise UserError("Choose a time zone from the list.", "zone")
    return text


def undo_seconds(text: str, default: int) -> int | None:
    """Returns the wait before sending; None for the installation's own, so that it follows when that changes."""
    if text not in {str(choice) for choice in (*UNDO_CHOICES, default)}:
        raise UserError("Choose how long to wait.", "undo_seconds")
    return None if int(text) == default else int(text)


def _normal(address: str) -> str:
    # The checker knows that the world cannot deliver to these; many an office can.
    ending = next((ending for ending in (".local", ".test") if address.endswith(ending)), "")
    if ending:
        return _normal(address.removesuffix(ending) + ".com").removesuffix(".com") + ending
    return validate_email(address, check_deliverability=False).normalized.lower()


@cache  # a walk through the folders of the zone database
def available_zones() -> frozenset[str]:
    """Returns every zone by which a browser may call itself, old names included."""
    return frozenset(available_timezones())


@cache
def zones_to_choose() -> tuple[str, ...]:
    """Returns the zones that a person looks for: region and city, and UTC."""
    return ("UTC", *sorted(zone for zone in available_zones() if zone.split("/")[0] in _REGIONS and "/" in zone))
