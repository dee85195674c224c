"""What is derived from the installation's key, and what is encrypted with it."""

import base64
import hashlib
import hmac

from webapp.errors import UserError

LOST = (
    "A stored password cannot be read: OUTTRAY_SECRET_KEY, or secret.key beside the data, is another one than it was. "
    "Enter it again."
)


def derive(secret: bytes, purpose: str) -> bytes:
    """Returns 32 bytes for one purpose, which reveal nothing about those for another."""
    return hmac.new(secret, f"outtray {purpose}".encode(), hashlib.sha256).digest()


class SecretBox:
    """Encrypts what is stored and must never be shown: passwords, URLs of channels (Fernet: AES-128, HMAC)."""

    def __init__(self, secret: bytes) -> None:
        self._key = base64.urlsafe_b64encode(derive(secret, "seal"))

    def encrypt(self, text: str) -> str:
        """Returns ciphertext in ASCII; empty stays empty."""
        from cryptography.fernet import Fernet

        return Fernet(self._key).encrypt(text.encode()).decode() if text else ""

    def decrypt(self, encrypted: str) -> str:
        """Returns the text; raises UserError if it was encrypted with another secret."""
        from cryptography.fernet import Fernet, InvalidToken

        if not encrypted:
            return ""
        try:
            return Fernet(self._key).decrypt(encrypted.encode()).decode()
        except InvalidToken:
            raise UserError(LOST) from None
