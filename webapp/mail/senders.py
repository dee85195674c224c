"""Chooses where mail goes: the server of the settings, or the outbox where there is none."""

from contextlib import AbstractContextManager
from pathlib import Path

from webapp.errors import TaskError, UserError
from webapp.mail.outbox import Outbox
from webapp.mail.smtp import SmtpServer
from webapp.mail.url import read_sender, read_url
from webapp.ports import MailTarget


def mail_target(smtp_url: str, mail_from: str, data_dir: Path) -> AbstractContextManager[MailTarget]:
    """A target to be opened with `with`; it connects when the first message is ready. TaskError: wrong settings."""
    try:
        if not smtp_url:
            return Outbox(data_dir, mail_from)
        return SmtpServer(read_url(smtp_url), mail_from)
    except UserError as error:
        words = "The mail server is not set up correctly. Ask an admin to run “outtray check”, then press Retry."
        raise TaskError(words, cause="mail-settings", technical=error.words) from None


def require_sense(smtp_url: str, mail_from: str) -> None:
    """UserError, naming the variable, where these settings cannot be meant."""
    read_sender(mail_from, read_url(smtp_url) if smtp_url else None)
