"""The link with which somebody unsubscribes: it names the address, so that it works as long as the panel does."""

import base64
import binascii
import hashlib
import hmac

from webapp.crypto import derive

PROOF_BYTES = 16


class UnsubscribeTokens:
    """Makes and reads the last part of such links."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive(secret, "unsubscribe")

    def token(self, task: int, address: str) -> str:
        """What nobody else can make for this address; for `task`, whose message holds it."""
        said = f"{task} {address}".encode()
        return f"{_text(said)}.{_text(self._proof(said))}"

    def read(self, token: str) -> tuple[int, str] | None:
        """The task and the address; None where the link is not whole, or not of this panel's making."""
        first, _, second = token.partition(".")
        try:
            said, proof = _bytes(first), _bytes(second)
            task, _, address = said.decode().partition(" ")
        except (binascii.Error, ValueError):
            return None
        return (int(task), address) if hmac.compare_digest(proof, self._proof(said)) else None

    def _proof(self, said: bytes) -> bytes:
        return hmac.new(self._key, said, hashlib.sha256).digest()[:PROOF_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
