"""The installation's secret: from the environment, or made once and kept beside the data."""

import hashlib
import os
import secrets

from webapp.settings import Settings


def load(settings: Settings) -> bytes:
    """32 bytes that only this installation knows."""
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
