"""The installation's key encrypted with a passphrase, as a backup carries it (scrypt, AES-256-GCM)."""

import secrets

SALT_BYTES, NONCE_BYTES, KEY_BYTES, TAG_BYTES = 16, 12, 32, 16
SIZE = SALT_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
# OWASP's password storage cheat sheet: 128 MiB. Fixed, never read from an archive, which could ask for far more.
COST, BLOCK, LANES = 2**17, 8, 1
PURPOSE = b"outtray backup key 1"


def seal(key: bytes, passphrase: str) -> bytes:
    """Returns SIZE bytes from which only the passphrase brings the key back."""
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return salt + nonce + AESGCM(_stretched(passphrase, salt)).encrypt(nonce, key, PURPOSE)


def unseal(sealed: bytes, passphrase: str) -> bytes | None:
    """Returns the key, or None if the passphrase is another one or the bytes were changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) != SIZE:
        return None
    salt, nonce, content = sealed[:SALT_BYTES], sealed[SALT_BYTES:][:NONCE_BYTES], sealed[SALT_BYTES + NONCE_BYTES :]
    try:
        return AESGCM(_stretched(passphrase, salt)).decrypt(nonce, content, PURPOSE)
    except InvalidTag:
        return None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=KEY_BYTES, n=COST, r=BLOCK, p=LANES).derive(passphrase.encode())
