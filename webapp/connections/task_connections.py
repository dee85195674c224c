"""The connections of a running task: mail server, channels, permits, unsubscribe links."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection

from webapp.accounts import public_url
from webapp.connections import channels
from webapp.connections.concurrency_limit import Permits
from webapp.connections.mail_routing import MailRouter
from webapp.connections.unsubscribe_tokens import UnsubscribeTokens
from webapp.crypto import SecretBox
from webapp.notify.logfile import LogFile
from webapp.ports.channels import Channel
from webapp.ports.deliveries import MailTarget
from webapp.ports.people import Person
from webapp.ports.task_context import Permit
from webapp.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ConnectionPool:
    """What the tasks of one process share to reach mail servers and channels."""

    settings: Settings
    read: Callable[[], AbstractContextManager[Connection]]
    secrets: SecretBox
    mail: MailRouter
    unsubscribe: UnsubscribeTokens
    permits: Permits


class TaskConnections:
    """ports.TaskConnections of one task."""

    def __init__(self, pool: ConnectionPool, task_id: int, owner: Person, *, is_urgent: bool) -> None:
        self._pool, self._task_id, self._owner, self._is_urgent = pool, task_id, owner, is_urgent

    def mail_server(self, chosen: str = "") -> AbstractContextManager[MailTarget]:
        return self._pool.mail.open(chosen, is_urgent=self._is_urgent)

    def log_file(self) -> LogFile:
        return LogFile(self._pool.settings.data_dir)

    def panel_address(self) -> str:
        with self._pool.read() as conn:
            return public_url.of(conn, self._pool.settings)

    def unsubscribe_links(self) -> Callable[[str], str]:
        panel, token = self.panel_address(), self._pool.unsubscribe.token
        return lambda to: f"{panel}/unsubscribe/{token(self._task_id, to)}"

    def channel(self, channel_id: str) -> Channel:
        with self._pool.read() as conn:
            return channels.of(conn, self._pool.secrets, channel_id, self._owner)

    def channels(self) -> Sequence[Channel]:
        with self._pool.read() as conn:
            return channels.usable(conn, self._owner)

    def permit(self, name: str, number: int) -> AbstractContextManager[Permit]:
        return self._pool.permits.permit(name, number)
