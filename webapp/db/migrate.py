"""Migrates a database with Alembic, and checks if it is up to date."""

from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from webapp.db.connect import Database
from webapp.paths import MIGRATIONS

_ADVISORY_LOCK = 7_301_955  # unique to Outtray in this database: two machines may start at once


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def bring_up_to_date(database: Database, revision: str = "head") -> None:
    """Runs every migration up to `revision` that this database has not seen, all in one transaction."""
    if is_up_to_date(database):
        return
    config = _config()
    with database.write_schema() as conn:
        if not database.is_sqlite:
            conn.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = conn
        upgrade(config, revision)


def is_up_to_date(database: Database) -> bool:
    """Returns True if every migration of this program has run on the database."""
    return revision(database) == ScriptDirectory.from_config(_config()).get_current_head()


def revision(database: Database) -> str | None:
    """Returns the last migration that has run on the database; None if none has."""
    with database.read() as conn:
        return MigrationContext.configure(conn).get_current_revision()
