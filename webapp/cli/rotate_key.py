"""rotate-key: a new key for everything that is stored encrypted."""

import secrets
import sys

from webapp.audit import trail
from webapp.audit.actions import AuditAction
from webapp.cli.opening import open_installation, stopped
from webapp.errors import UserError
from webapp.identity import machine_lease, secret_key
from webapp.maintenance.key_rotation import rotate
from webapp.settings import LEAST_SECRET, load

SHORT = f"Give the new key on standard input: one line with {LEAST_SECRET} characters or more."


def rotate_key() -> None:
    """Encrypt every stored secret with a new key; Outtray must be stopped.

    Where OUTTRAY_SECRET_KEY is set, the new key is read from one line of standard input.
    """
    settings = load()
    new = secret_key.of_text(_given()) if settings.secret_key else secrets.token_bytes(32)
    with stopped(settings):
        installation = open_installation(settings)
        machine_lease.require_no_other(installation.database, settings.data_dir)
        number = rotate(settings, installation.database, installation.key, new)
        with installation.write() as conn:
            trail.record(conn, AuditAction.ROTATE_KEY, details=f"{number} secrets")
        installation.close()
    print(f"{number:,} stored {'secret is' if number == 1 else 'secrets are'} encrypted with the new key.")
    if settings.secret_key:
        print("Set OUTTRAY_SECRET_KEY to the new key before the next start.")
    print("Backups that were made before need the former key. Make a new one.")


def _given() -> str:
    text = sys.stdin.readline().strip()
    if len(text) < LEAST_SECRET:
        raise UserError(SHORT)
    return text
