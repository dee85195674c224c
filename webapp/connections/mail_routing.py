"""Which server mail goes through: the one of the environment, else one of Settings → Mail, else the outbox."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from webapp.connections import mail_servers
from webapp.crypto import SecretBox
from webapp.errors import NotFound, TaskError, UserError
from webapp.mail.connection_limit import ConnectionLimit
from webapp.mail.outbox import Outbox
from webapp.mail.smtp import SmtpServer, name_of
from webapp.mail.url import SmtpSettings, read_sender, read_url
from webapp.ports.deliveries import MailTarget
from webapp.settings import Settings

GONE = "The mail server that was chosen is not there any more. Choose another."
WRONG = "The mail server is not set up correctly. Ask an admin to check Settings → Mail, then press Retry."
Read = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """A server and the sender; without `smtp` the outbox. Runs with the same `target` share rate and connections."""

    smtp: SmtpSettings | None
    sender: str
    target: str = "outbox"


@dataclass(frozen=True, kw_only=True)
class MailRouter:
    """Chooses the route of mail, as the environment and the database say it now."""

    settings: Settings
    box: SecretBox
    data_dir: Path
    run_dir: Path
    read: Read

    @property
    def is_fixed(self) -> bool:
        """True if the environment names the server; then those of Settings → Mail are not used."""
        return bool(self.settings.smtp_url)

    @property
    def has_server(self) -> bool:
        if self.is_fixed:
            return True
        with self.read() as conn:
            return mail_servers.is_any(conn)

    def choices(self) -> Sequence[tuple[str, str]]:
        """Returns each server's id and sender, the default one first; empty if there is nothing to choose."""
        if self.is_fixed:
            return []
        with self.read() as conn:
            servers = mail_servers.listing(conn)
        return [(str(one.id), f"{one.sender} ({one.name})") for one in servers] if len(servers) > 1 else []

    def route(self, server_id: str = "") -> Route:
        """Returns the route through this server, or through the default one; raises NotFound if it is gone."""
        fixed = self.settings.mail_from
        if self.is_fixed:
            smtp = read_url(self.settings.smtp_url)
            return Route(smtp=smtp, sender=read_sender(fixed, smtp), target=name_of(smtp))
        with self.read() as conn:
            server = mail_servers.chosen(conn, self.box, server_id)
        return self.route_of(server) if server else Route(smtp=None, sender=read_sender(fixed))

    def route_of(self, server: mail_servers.Server) -> Route:
        """Returns the route through this server; OUTTRAY_MAIL_FROM wins over its sender."""
        fixed = self.settings.mail_from
        sender = read_sender(fixed) if fixed else server.sender
        return Route(smtp=server.smtp, sender=sender, target=server.target)

    def routes(self) -> Iterator[tuple[str, Route]]:
        """Yields every server that mail may go through, each with the name of the place where it is set."""
        if self.is_fixed:
            yield "OUTTRAY_SMTP_URL", self.route()
            return
        with self.read() as conn:
            servers = mail_servers.listing(conn)
        for server in servers:
            yield f"Settings → Mail, {server.name}", self.route(str(server.id))

    def open(self, server_id: str = "", *, is_urgent: bool = False) -> AbstractContextManager[MailTarget]:
        """Returns a target for a `with` block; it connects when the first message is ready.

        One that `is_urgent` goes before others if connections are few. Raises TaskError if the settings are wrong.
        """
        try:
            route = self.route(server_id)
        except NotFound as error:
            raise TaskError(GONE, cause="mail-server-gone", technical=error.message, fault="form") from None
        except UserError as error:
            raise TaskError(WRONG, cause="mail-settings", technical=error.message) from None
        if route.smtp is None:
            return Outbox(self.data_dir, route.sender)
        limit = ConnectionLimit(self.run_dir, route.target, route.smtp.connections, is_urgent=is_urgent)
        return SmtpServer(route.smtp, sender=route.sender, limit=limit, name=route.target)
