"""Reads the URL of a mail server and the sender of mail, as an admin wrote them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from webapp.errors import UserError
from webapp.mail.recipients import one_address

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
FORM = "smtp+starttls://user:password@host:587"
MOST_CONNECTIONS = 20
LONGEST_SENDER = 320  # characters; parseaddr calls itself twice for each open bracket


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """One mail server; `rate` in messages per second, None for no limit."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    connections: int = 1
    rate: float | None = None
    per_connection: int | None = None  # messages, after which a new connection is made

    @property
    def is_encrypted(self) -> bool:
        return self.scheme != "smtp"


def read_url(url: str) -> SmtpSettings:
    """Returns the server of an OUTTRAY_SMTP_URL; raises UserError, which never contains the password."""
    with _named("OUTTRAY_SMTP_URL"):
        parts = _split(url)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise ValueError(f"needs both a user name and a password, as in {FORM}, or neither")
        connections, rate = _limits(parts.query)
        return SmtpSettings(
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port or PORTS[parts.scheme],
            user=user,
            password=password,
            connections=connections,
            rate=rate,
        )


def read_sender(mail_from: str, server: SmtpSettings | None = None) -> str:
    """Returns the sender: OUTTRAY_MAIL_FROM, else the user name if it is an address, else outtray@ the server."""
    if mail_from:
        with _named("OUTTRAY_MAIL_FROM"):
            name, bare = parseaddr(mail_from[: LONGEST_SENDER + 1])
            if (
                not bare
                or len(mail_from) > LONGEST_SENDER
                or not mail_from.isprintable()
                or mail_from.count("@") - name.count("@") != 1
            ):
                raise ValueError("must look like office@example.com or Office <office@example.com>")
            address = one_address(bare)
            return with_name(name, address)
    if server is None:
        return "outtray@localhost"
    try:
        return one_address(server.user)
    except ValueError:
        return f"outtray@{_domain(server.host)}"


def require_valid(smtp_url: str, mail_from: str) -> None:
    """Raises UserError, which names the variable, if OUTTRAY_SMTP_URL or OUTTRAY_MAIL_FROM is wrong."""
    read_sender(mail_from, read_url(smtp_url) if smtp_url else None)


@contextmanager
def _named(variable: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise UserError(f"{variable}: {error}") from None


def _split(url: str) -> SplitResult:
    parts = urlsplit(url.strip())
    if parts.scheme not in PORTS:
        raise ValueError(f"must begin with smtp+starttls://, smtps:// or smtp://, as in {FORM}")
    try:
        whole = parts.port != 0 and parts.path in ("", "/") and not parts.fragment and parts.netloc.count("@") < 2
    except ValueError:  # the port is no number: mostly a “/”, “?” or “#” that stands in the password as it is
        whole = False
    if not whole:
        raise ValueError(f"must look like {FORM}; write @ / : # ? % in the password as %40 %2F %3A %23 %3F %25")
    if not parts.hostname:
        raise ValueError(f"names no server; it must look like {FORM}")
    return parts


def _limits(query: str) -> tuple[int, float | None]:
    """Connections at once, and messages per second."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    if given.keys() - {"connections", "rate"}:  # not repeated: it may be what follows a “?” in the password
        raise ValueError("knows only ?connections= and ?rate= after the server; write a ? in the password as %3F")
    connections, rate = given.get("connections", "1"), given.get("rate")
    if not connections.isdecimal() or not 1 <= int(connections) <= MOST_CONNECTIONS:
        raise ValueError(f"“connections” must be a whole number from 1 to {MOST_CONNECTIONS}")
    if rate is not None and not (rate.replace(".", "", 1).isdecimal() and float(rate) > 0):
        raise ValueError("“rate” must be a number of messages per second, above 0")
    return int(connections), float(rate) if rate else None


def with_name(name: str, address: str) -> str:
    """Returns a From address with a name before it, quoted if it must be."""
    return f"{_quoted(name)} <{address}>" if name else address


def _quoted(name: str) -> str:
    return str(Address(name, addr_spec="a@b")).removesuffix(" <a@b>")


def _domain(host: str) -> str:
    if ":" in host:
        return f"[IPv6:{host}]"
    return f"[{host}]" if host.replace(".", "").isdecimal() else host
