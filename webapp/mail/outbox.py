"""Keeps messages as files where there is no mail server, for a mail program to open."""

import errno
import hashlib
import re
from pathlib import Path
from typing import Self

from webapp import atomic
from webapp.errors import TaskError
from webapp.mail.url import read_sender
from webapp.ports.deliveries import MailTarget, Message, Reply, ReplyState

SAVED = "Saved to the outbox, not sent."


class Outbox(MailTarget):
    """ports.MailTarget: one `.eml` file for each Message-ID, whole or not there."""

    name = "outbox"
    rate: float | None = None

    def __init__(self, data_dir: Path, sender: str = "") -> None:
        self.sender = sender or read_sender("")
        self._folder = data_dir / "outbox"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        """Nothing is open."""

    def ready(self) -> None:
        """Creates the folder; raises TaskError if it cannot be written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            words = "The outbox cannot be written to. Ask an admin to check the data directory, then press Retry."
            raise TaskError(words, cause="outbox", technical=str(error)) from error

    def send(self, message: Message, to: str) -> Reply:
        """Saves the message; the same one again replaces its file."""
        try:
            path = self._folder / file_name(message.message_id)
            atomic.write(path, message.content)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return Reply(ReplyState.LATER, "There is no room left on the server’s disk.", str(error))
            return Reply(ReplyState.FAILED, "The outbox could not be written to.", str(error))
        return Reply(ReplyState.SAVED, SAVED, path.name)


def file_name(message_id: str) -> str:
    """Returns a name that any file system takes, and no other Message-ID gets."""
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    safe = re.sub(r"[^A-Za-z0-9@._-]", "_", bare).lstrip(".")[:120]
    # Upper and lower case are one name on some file systems.
    digest = "" if safe and safe == bare == bare.lower() else f"-{hashlib.sha256(bare.encode()).hexdigest()[:12]}"
    return f"{safe}{digest}.eml"
