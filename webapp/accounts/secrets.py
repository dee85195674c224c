"""Random secrets for cookies, tokens and links; the database only ever holds their SHA-256."""

import hashlib
import secrets

# 256 random bits need no slow hash: nobody can try them all, so a plain SHA-256 is enough and is quick to look up.
_BYTES = 32


def new(prefix: str = "") -> str:
    """Returns a secret of 43 characters after its prefix; all may stand in a URL."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """Returns the hash of a secret to store: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
