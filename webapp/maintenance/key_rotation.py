"""Encrypts every stored secret with a new key, in one transaction."""

from sqlalchemy import Column, Connection, Table, select, update

from webapp.connections import unsubscribe_tokens
from webapp.crypto import SecretBox
from webapp.db import schema
from webapp.db.connect import Database
from webapp.errors import UserError
from webapp.identity import installation_id, secret_key
from webapp.settings import Settings

SAME = "This is the key that is used already."
UNREADABLE = (
    "The {} of the row {} of the table {} cannot be read with the present key, and nothing was changed. Enter it again "
    "under Settings, or remove it."
)
SECRETS = [column for table in schema.metadata.sorted_tables for column in table.c if column.info.get("is_secret")]


def rotate(settings: Settings, database: Database, former: bytes, new: bytes) -> int:
    """Makes `new` the key of the installation, and of its key file if it has one; returns the number of secrets.

    Raises UserError, and changes nothing, if a secret cannot be read. A process that dies in between leaves what the
    next start needs to finish.
    """
    if former == new:
        raise UserError(SAME)
    if not settings.secret_key:
        secret_key.propose(settings, new)
    with database.write(lambda number: None) as conn:
        number = sum(_encrypt_again(conn, column, SecretBox(former), SecretBox(new)) for column in SECRETS)
        _keep_signing_key(conn, former, new)
        installation_id.record_key(conn, new)
    secret_key.finish_change(settings, database)
    return number


def _encrypt_again(conn: Connection, column: Column[str], former: SecretBox, new: SecretBox) -> int:
    table = column.table
    assert isinstance(table, Table)
    rows = conn.execute(select(table.c.id, column).where(column != "")).all()
    for row_id, encrypted in rows:
        try:
            text = former.decrypt(encrypted)
        except UserError:
            raise UserError(UNREADABLE.format(column.name, row_id, table.name)) from None
        conn.execute(update(table).where(table.c.id == row_id).values({column: new.encrypt(text)}))
    return len(rows)


def _keep_signing_key(conn: Connection, former: bytes, new: bytes) -> None:
    keys = unsubscribe_tokens.former_keys(conn, SecretBox(former))
    keys.append(unsubscribe_tokens.signing_key(former))
    unsubscribe_tokens.store_former_keys(conn, SecretBox(new), keys)
