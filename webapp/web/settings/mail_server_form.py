"""Reads the form of a mail server; each error belongs to a field."""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any

from webapp.connections.mail_servers import Server
from webapp.errors import UserError
from webapp.mail.recipients import one_address
from webapp.mail.url import MOST_CONNECTIONS, PORTS, SmtpSettings, with_name
from webapp.ports.names import read_name
from webapp.ports.values import whole_number
from webapp.tasks.ledger.send_rate import read_rate
from webapp.web.http.multipart import FormData

LABELS = {
    "name": "Name",
    "host": "Server",
    "port": "Port",
    "scheme": "Encryption",
    "user": "User name",
    "password": "Password",
    "from_address": "From address",
    "from_name": "From name",
    "rate": "Messages a second",
    "per_connection": "Messages per connection",
    "connections": "Connections at once",
    "is_default": "Use it where nobody chooses another",
}
FIELDS = tuple(LABELS)
NEEDED = "A user name needs a password."
AGAIN = "Type the password again: it was for another server or user name."


def typed_of(server: Server | None) -> dict[str, str]:
    """Returns what the form shows of a stored server, or of a new one."""
    if server is None:
        return {**dict.fromkeys(FIELDS, ""), "scheme": "smtp+starttls", "port": "587", "connections": "1"}
    smtp, (name, address) = server.smtp, parseaddr(server.sender)
    return {
        "name": server.name,
        "host": smtp.host,
        "port": str(smtp.port),
        "scheme": smtp.scheme,
        "user": smtp.user,
        "password": "",
        "from_address": address,
        "from_name": name,
        "rate": f"{smtp.rate:g}" if smtp.rate else "",
        "per_connection": str(smtp.per_connection or ""),
        "connections": str(smtp.connections),
        "is_default": "on" if server.is_default else "",
    }


def read(posted: FormData, stored: Server | None) -> tuple[Server | None, dict[str, str], dict[str, str]]:
    """Returns the server (None if a field is wrong), the errors by field, and what was typed, without the password.

    An empty password keeps the stored one, but only for the host and user name that it was entered for: otherwise
    an admin could send a password that they do not know to a host of their own.
    """
    typed = {name: posted.one(name).strip() for name in FIELDS if name != "password"}
    values, errors = _values(typed)
    typed["name"] = typed["name"] or values.get("host", "")
    try:
        typed["name"] = read_name(typed["name"]) if typed["name"] else ""  # without both, the host's error says enough
    except UserError as error:
        errors["name"] = error.message
    password = _password(posted.one("password"), typed, stored, errors)
    if errors:
        return None, {name: errors[name] for name in FIELDS if name in errors}, typed
    sender = with_name(values.pop("from_name"), values.pop("from_address"))
    server = Server(
        id=stored.id if stored else 0,
        name=typed["name"],
        smtp=SmtpSettings(**values, password=password),
        sender=sender,
        is_default=bool(typed["is_default"]),
    )
    return server, {}, typed


def _values(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the fields that have a rule, read by it, and the errors of the others."""
    rules: Mapping[str, Callable[[str], Any]] = {
        "host": _host,
        "port": lambda text: _port(text, typed["scheme"]),
        "scheme": _scheme,
        "user": _line,
        "from_address": one_address,
        "from_name": _line,
        "rate": read_rate,
        "per_connection": lambda text: whole_number(text, 1, 1_000_000) if text else None,
        "connections": lambda text: whole_number(text, 1, MOST_CONNECTIONS) if text else 1,
    }
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, rule in rules.items():
        try:
            values[name] = rule(typed[name])
        except (ValueError, UserError) as error:
            errors[name] = str(error)
    return values, errors


def _password(given: str, typed: Mapping[str, str], stored: Server | None, errors: dict[str, str]) -> str:
    if not typed["user"]:
        if given:
            errors["user"] = "A password needs a user name."
        return ""
    if given:
        return given
    if stored is None or not stored.smtp.password:
        errors["password"] = NEEDED
        return ""
    if (stored.smtp.host, stored.smtp.user) != (typed["host"].lower(), typed["user"]):
        errors["password"] = AGAIN
        return ""
    return stored.smtp.password


def _host(text: str) -> str:
    if not text:
        raise ValueError("Give the server’s name, such as mail.example.com.")
    if "://" in text or "/" in text or "@" in text or any(c.isspace() for c in text) or len(text) > 255:
        raise ValueError("Give the name alone, such as mail.example.com.")
    return text.lower()


def _port(text: str, scheme: str) -> int:
    return whole_number(text, 1, 65_535) if text else PORTS.get(scheme, 587)


def _scheme(text: str) -> str:
    if text not in PORTS:
        raise ValueError("Choose one of the choices.")
    return text


def _line(text: str) -> str:
    if len(text) > 300 or not text.isprintable():
        raise ValueError("Use at most 300 characters on one line.")
    return text
