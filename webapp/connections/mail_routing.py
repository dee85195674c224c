"""Which way mail goes: the server of the environment, else one of Settings → Mail, else the outbox."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from webapp.connections import mail_servers
from webapp.crypto import SecretBox
from webapp.errors import NotFound, TaskError, UserError
from webapp.mail.open_target import open_target
from webapp.mail.smtp import name_of
from webapp.mail.url import SmtpSettings, read_sender, read_url
from webapp.ports.deliveries import MailTarget
from webapp.settings import Settings

GONE = "The mail server that was chosen is not there any more. Choose another."
WRONG = "The mail server is not set up correctly. Ask an admin to check Settings → Mail, then press Retry."
Read = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Route:
    """Through which server, and from whom; without `smtp` to the outbox. `target` names what runs share."""

    smtp: SmtpSettings | None
    sender: str
    target: str = "outbox"


class MailRouter:
    """What mail goes through, as the environment and the database say it now."""

    def __init__(self, settings: Settings, seal: SecretBox, data_dir: Path, run_dir: Path, read: Read) -> None:
        self._settings, self._seal, self._read = settings, seal, read
        self._data_dir, self._run_dir = data_dir, run_dir

    @property
    def is_fixed(self) -> bool:
        """Whether the environment names the server, so that none of Settings → Mail counts."""
        return bool(self._settings.smtp_url)

    @property
    def has_server(self) -> bool:
        if self.is_fixed:
            return True
        with self._read() as conn:
            return mail_servers.is_any(conn)

    def choices(self) -> Sequence[tuple[str, str]]:
        """Each server's id and who its mail comes from, where there are several to choose from; the usual one first."""
        if self.is_fixed:
            return []
        with self._read() as conn:
            found = mail_servers.listing(conn)
        return [(str(server.id), f"{server.sender} ({server.name})") for server in found] if len(found) > 1 else []

    def way(self, chosen: str = "") -> Route:
        """`chosen`: the id of a server, or empty for the usual one. NotFound where it was removed."""
        fixed = self._settings.mail_from
        if self.is_fixed:
            smtp = read_url(self._settings.smtp_url)
            return Route(smtp, read_sender(fixed, smtp), name_of(smtp))
        with self._read() as conn:
            server = mail_servers.chosen(conn, self._seal, chosen)
        if server is None:
            return Route(None, read_sender(fixed))
        return Route(server.smtp, self.sender_of(server), server.target)

    def sender_of(self, server: mail_servers.Server) -> str:
        """Who its mail comes from: OUTTRAY_MAIL_FROM wins."""
        fixed = self._settings.mail_from
        return read_sender(fixed) if fixed else server.sender

    def all_ways(self) -> Iterator[tuple[str, Route]]:
        """Every server that mail may go through, each with what it is called where it can be changed."""
        if self.is_fixed:
            yield "OUTTRAY_SMTP_URL", self.way()
            return
        with self._read() as conn:
            known = mail_servers.listing(conn)
        for server in known:
            yield f"Settings → Mail, {server.name}", self.way(str(server.id))

    def open(self, chosen: str = "", *, is_urgent: bool = False) -> AbstractContextManager[MailTarget]:
        """A target to be opened with `with`; it connects when the first message is ready. TaskError: wrong settings."""
        try:
            way = self.way(chosen)
        except NotFound as error:
            raise TaskError(GONE, cause="mail-server-gone", technical=error.message, fault="form") from None
        except UserError as error:
            raise TaskError(WRONG, cause="mail-settings", technical=error.message) from None
        return open_target(way.smtp, way.sender, way.target, self._data_dir, self._run_dir, is_urgent=is_urgent)
