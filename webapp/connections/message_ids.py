"""Message-IDs of emails: the same delivery always has the same one."""

import hmac
from email.utils import parseaddr
from functools import lru_cache

from webapp.mail.recipients import wire_form

NO_DOMAIN = "outtray.invalid"


class MessageIds:
    """Derives Message-IDs from the installation's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, task_id: int, position: int, sender: str) -> str:
        """Returns the Message-ID of a delivery; receivers recognise a message that is sent again (RFC 5322, 3.6.4)."""
        proof = hmac.digest(self._secret, f"{task_id}.{position}".encode(), "sha256").hex()[:16]
        return f"<outtray.{task_id}.{position}.{proof}@{_domain(sender)}>"


@lru_cache(maxsize=16)  # a run asks for every message
def _domain(sender: str) -> str:
    """Returns the domain in ASCII: Message-IDs hold nothing else (RFC 5322, 3.6.4)."""
    try:
        return wire_form(parseaddr(sender)[1]).rpartition("@")[2] or NO_DOMAIN
    except ValueError:  # a stored sender of an older version
        return NO_DOMAIN
