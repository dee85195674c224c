"""Opens an installation for a command: whole, up to date, and of one piece; a fault is a UserError of one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from webapp import logs
from webapp.audit import trail
from webapp.audit.actions import AuditAction
from webapp.db.connect import Database, open_database
from webapp.db.migrate import bring_up_to_date, is_up_to_date, revision
from webapp.errors import UserError
from webapp.identity import data_dir, file_system, installation_id, machine_lease
from webapp.installation import Installation, build
from webapp.settings import Settings


def open_installation(settings: Settings, *, migrate: bool = False) -> Installation:
    """Returns the installation of these settings, which may be running.

    `migrate` brings PostgreSQL up to date too; SQLite always is.
    """
    logs.set_up(settings.log_format)
    database = prepare_database(settings)
    installation_id.verify(settings, database)  # before another installation's database is changed
    _bring_up_to_date(database, migrate=migrate)
    database.close()
    installation = build(settings)
    installation_id.establish(settings, installation.database, installation.key)
    return installation


def prepare_database(settings: Settings) -> Database:
    """Returns the database, beside its data directory; neither is compared with the other yet."""
    file_system.require_local(settings)
    data_dir.prepare(settings.data_dir)
    return open_database(settings)


@contextmanager
def stopped(settings: Settings) -> Iterator[None]:
    """Keeps every panel from this data directory for the block; raises UserError if one runs."""
    data_dir.prepare(settings.data_dir)
    with data_dir.DataDirLock(settings.data_dir, alone=True):
        yield


@contextmanager
def running(settings: Settings, *, alone: bool) -> Iterator[Installation]:
    """Opens the installation for a panel that runs for the block: `alone`, or beside others of this machine."""
    file_system.require_local(settings)
    data_dir.prepare(settings.data_dir)
    with data_dir.DataDirLock(settings.data_dir, alone=alone) as lock:
        installation = open_installation(settings)
        data_dir.correct_modes(settings)
        with machine_lease.held(installation.database, lock, settings.data_dir):
            yield installation


def _bring_up_to_date(database: Database, *, migrate: bool) -> None:
    if is_up_to_date(database):
        return
    if not (database.is_sqlite or migrate):
        raise UserError("The database is not up to date. Run: outtray migrate")
    before = revision(database)
    bring_up_to_date(database)
    if before:  # a new installation begins without entries
        with database.write(lambda number: None) as conn:
            trail.record(conn, AuditAction.MIGRATE, details=f"from {before} to {revision(database)}")
