"""Signed tokens of unsubscribe links: each names its address, so that it works as long as the panel does.

Links in emails that were sent before a rotation of the key go on working: what signed them is kept, encrypted.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from webapp.crypto import SecretBox, derive
from webapp.db import preferences

SIGNATURE_BYTES = 16
FORMER = "unsubscribe.former"  # the preference that holds the former signing keys, encrypted


def _none() -> Sequence[bytes]:
    return ()


class UnsubscribeTokens:
    """Makes and reads the last part of unsubscribe links."""

    def __init__(self, secret: bytes, former: Callable[[], Sequence[bytes]] = _none) -> None:
        self._key = signing_key(secret)
        self._former = former

    def token(self, task: int, address: str) -> str:
        """Returns a signed token for (task, address); it cannot be forged without the secret."""
        content = f"{task} {address}".encode()
        return f"{_text(content)}.{_text(_signature(self._key, content))}"

    def read(self, token: str) -> tuple[int, str] | None:
        """Returns the task and the address, or None if the token is incomplete or was not made by this panel."""
        first, _, second = token.partition(".")
        try:
            content, signature = _bytes(first), _bytes(second)
            task, _, address = content.decode().partition(" ")
        except (binascii.Error, ValueError):
            return None
        is_ours = _is_by(self._key, content, signature) or any(
            _is_by(key, content, signature) for key in self._former()
        )
        return (int(task), address) if is_ours else None


def signing_key(secret: bytes) -> bytes:
    """Returns what signs the links of an installation with this secret."""
    return derive(secret, "unsubscribe")


def former_keys(conn: Connection, box: SecretBox) -> list[bytes]:
    """Returns what signed links before each rotation of the key."""
    stored = preferences.get(conn, preferences.EVERYBODY, FORMER)
    return [bytes.fromhex(box.decrypt(one)) for one in stored] if isinstance(stored, list) else []


def store_former_keys(conn: Connection, box: SecretBox, keys: Sequence[bytes]) -> None:
    """Stores what signed links before each rotation of the key."""
    preferences.put(conn, preferences.EVERYBODY, FORMER, [box.encrypt(key.hex()) for key in keys])


def _is_by(key: bytes, content: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(signature, _signature(key, content))


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
