"""Signed tokens of unsubscribe links: each names its address, so that it works as long as the panel does."""

import base64
import binascii
import hashlib
import hmac

from webapp.crypto import derive

SIGNATURE_BYTES = 16


class UnsubscribeTokens:
    """Makes and reads the last part of unsubscribe links."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive(secret, "unsubscribe")

    def token(self, task: int, address: str) -> str:
        """Returns a signed token for (task, address); it cannot be forged without the secret."""
        content = f"{task} {address}".encode()
        return f"{_text(content)}.{_text(self._signature(content))}"

    def read(self, token: str) -> tuple[int, str] | None:
        """Returns the task and the address, or None if the token is incomplete or was not made by this panel."""
        first, _, second = token.partition(".")
        try:
            content, signature = _bytes(first), _bytes(second)
            task, _, address = content.decode().partition(" ")
        except (binascii.Error, ValueError):
            return None
        return (int(task), address) if hmac.compare_digest(signature, self._signature(content)) else None

    def _signature(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
