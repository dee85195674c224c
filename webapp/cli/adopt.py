"""adopt: the way out where data directory, database or key were lost, moved or exchanged on purpose."""

from webapp import logs
from webapp.audit import trail
from webapp.audit.actions import AuditAction
from webapp.cli.opening import prepare_database, stopped
from webapp.db.migrate import bring_up_to_date
from webapp.identity import installation_id, machine_lease, secret_key
from webapp.settings import load


def adopt() -> None:
    """Make this data directory, database and key one installation, after one of them was lost or moved."""
    settings = load()
    logs.set_up(settings.log_format)
    with stopped(settings):
        database = prepare_database(settings)
        bring_up_to_date(database)
        machine_lease.require_no_other(database, settings.data_dir)
        key = secret_key.load(settings) or secret_key.make(settings)
        installation_id.adopt(settings, database, key)
        with database.write(lambda number: None) as conn:
            trail.record(conn, AuditAction.ADOPT)
    print("Data directory, database and key belong together now. Passwords that another key encrypted must be")
    print("entered again; files that were in another data directory are not here.")
