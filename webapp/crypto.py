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
    """32 bytes for one purpose, from which nobody learns those of another."""
    return hmac.new(secret, f"outtray {purpose}".encode(), hashlib.sha256).digest()


class SecretBox:
    """Encrypts what is stored and must never be shown: passwords, addresses of channels (Fernet: AES-128, HMAC)."""

    def __init__(self, secret: bytes) -> None:
        self._key = base64.urlsafe_b64encode(derive(secret, "seal"))

    def close(self, text: str) -> str:
        """Ciphertext in ASCII; empty stays empty."""
        from cryptography.fernet import Fernet

        return Fernet(self._key).encrypt(text.encode()).decode() if text else ""

    def open(self, sealed: str) -> str:
        """The text; a UserError says that the secret is another one than it was sealed with."""
        from cryptography.fernet import Fernet, InvalidToken

        if not sealed:
            return ""
        try:
            return Fernet(self._key).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise UserError(LOST) from None
