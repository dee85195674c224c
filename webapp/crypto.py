"""The installation's secret, from the environment or made once beside the data, and encryption with it."""

import base64
import hashlib
import hmac
import os
import secrets

from webapp.errors import UserError
from webapp.settings import Settings

LOST = (
    "A stored password cannot be read: OUTTRAY_SECRET_KEY, or secret.key beside the data, is another one than it was. "
    "Enter it again."
)


def load(settings: Settings) -> bytes:
    """Returns the 32 bytes that only this installation knows; makes them on first use."""
    if settings.secret_key:
        return hashlib.sha256(settings.secret_key.encode()).digest()
    path = settings.data_dir / "secret.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text())
    made = secrets.token_bytes(32)
    with os.fdopen(handle, "w") as out:
        out.write(made.hex())
    return made


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
