"""backup and restore."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from webapp import logs
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.cli.opening import open_installation, prepare_database, stopped
from webapp.db.migrate import is_up_to_date
from webapp.identity import installation_id, machine_lease
from webapp.maintenance import backup as archives
from webapp.maintenance import restore as restoring
from webapp.settings import load

Archive = Annotated[Path, typer.Argument(help="The archive, such as outtray-backup.tar.gz.", dir_okay=False)]
NAMED = 5  # files or rows that a message names


def backup(path: Archive) -> None:
    """Write one archive with the database and the files; Outtray may go on running."""
    settings = load()
    installation = open_installation(settings)
    with installation.write() as conn:
        trail.record(conn, AuditAction.BACK_UP, Target(TargetKind.ARCHIVE, "", str(path)))
    report = archives.backup(installation, path)
    key = "" if settings.backup_passphrase else " It does not hold the secret key: keep a copy of that apart."
    print(f"Saved to {path}.{key}")
    if report.files:
        print(f"Not in it, because they are missing or damaged: {_named(report.files)}.", file=sys.stderr)
    if report.rows:
        print(f"It cannot be restored until these rows are corrected: {_named(report.rows)}.", file=sys.stderr)
        raise typer.Exit(1)


def restore(path: Archive) -> None:
    """Read an archive into an empty data directory; tasks that waited are held until a person releases them."""
    settings = load()
    logs.set_up(settings.log_format)
    with stopped(settings), closing(prepare_database(settings)) as database:
        installation_id.verify(settings, database)
        if is_up_to_date(database):
            machine_lease.require_no_other(database, settings.data_dir)
        numbers = restoring.restore(settings, database, path)
        with database.write(lambda number: None) as conn:
            trail.record(conn, AuditAction.RESTORE, Target(TargetKind.ARCHIVE, "", str(path)))
    people, tasks = numbers["person"], numbers["task"]
    counts = f"{tasks:,} {'task' if tasks == 1 else 'tasks'} and {people:,} {'person' if people == 1 else 'people'}"
    print(f"Restored {counts}. Waiting tasks are held.")


def _named(names: list[str]) -> str:
    more = f", and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
