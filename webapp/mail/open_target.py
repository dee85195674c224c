"""Chooses where mail goes: a server, or the outbox where there is none."""

from contextlib import AbstractContextManager
from pathlib import Path

from webapp.mail.connection_limit import ConnectionLimit
from webapp.mail.outbox import Outbox
from webapp.mail.smtp import SmtpServer
from webapp.mail.url import SmtpSettings, read_sender, read_url
from webapp.ports.deliveries import MailTarget


def open_target(
    smtp: SmtpSettings | None, sender: str, name: str, data_dir: Path, run_dir: Path, *, is_urgent: bool = False
) -> AbstractContextManager[MailTarget]:
    """A target to be opened with `with`; one that `is_urgent` goes before others where places are few."""
    if smtp is None:
        return Outbox(data_dir, sender)
    places = ConnectionLimit(run_dir, name, smtp.connections, is_urgent=is_urgent)
    return SmtpServer(smtp, sender, places=places, name=name)


def require_sense(smtp_url: str, mail_from: str) -> None:
    """UserError, naming the variable, where these settings cannot be meant."""
    read_sender(mail_from, read_url(smtp_url) if smtp_url else None)
