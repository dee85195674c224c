"""check: says what is wrong with the set-up, one line each."""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from webapp.accounts import people
from webapp.audit import chain
from webapp.cli.opening import prepare_database
from webapp.db import time_check
from webapp.db.connect import Database
from webapp.db.migrate import is_up_to_date
from webapp.engine.heartbeats import pulses
from webapp.errors import UserError
from webapp.identity import installation_id, machine_lease, secret_key
from webapp.installation import Installation, build
from webapp.mail.connection_test import try_out
from webapp.paths import STATIC, TEMPLATES
from webapp.settings import Settings, load

FREE_MB = 200


def check(
    audit: Annotated[bool, typer.Option("--audit", help="Verify the audit trail instead of the set-up.")] = False,
) -> None:
    """Say what is wrong with the set-up; exit code 1 if anything is."""
    if audit:
        return _verify_audit_trail(load())
    try:
        found = list(problems(load()))
    except OSError as error:
        found = [f"OUTTRAY_DATA_DIR: {error.filename}: {error.strerror}"]
    for problem in found:
        print(problem)
    if found:
        raise typer.Exit(1)
    print("Nothing is wrong.")


def _verify_audit_trail(settings: Settings) -> None:
    with closing(prepare_database(settings)) as database:
        _require_identity(settings, database)
        if not is_up_to_date(database):
            raise UserError("The database is not up to date: run outtray migrate.")
        with database.read() as conn:
            verdict = chain.verify(conn)
    for fault in verdict.faults:
        print(fault)
    if verdict.faults:
        raise typer.Exit(1)
    print(f"The audit trail is whole: {verdict.entries} entries.")


def problems(settings: Settings) -> Iterator[str]:
    """Yields a line for each thing that is wrong; changes nothing in an installation that is there."""
    if settings.data_dir.exists() and not os.access(settings.data_dir, os.W_OK):
        yield f"OUTTRAY_DATA_DIR: {settings.data_dir} cannot be written to."
    for folder in (TEMPLATES, STATIC):
        if not folder.is_dir():
            yield f"{folder} is missing: install Outtray again."
    try:
        database = prepare_database(settings)
        _require_identity(settings, database)
        yield from _of_installation(build(settings))
    except UserError as error:
        yield error.message
    except SQLAlchemyError as error:
        yield f"OUTTRAY_DATABASE_URL: the database does not answer ({type(error).__name__})."


def _require_identity(settings: Settings, database: Database) -> None:
    """Raises UserError for the first of what makes the rest meaningless: ids, keys or machines that do not match."""
    installation_id.verify(settings, database)
    secret_key.verify(settings, database)
    if is_up_to_date(database):
        machine_lease.require_no_other(database, settings.data_dir)


def _of_installation(installation: Installation) -> Iterator[str]:
    if installation.store.free_bytes() < FREE_MB << 20:
        yield f"OUTTRAY_DATA_DIR: less than {FREE_MB} MB are free on its disk."
    if not is_up_to_date(installation.database):
        yield "The database is not up to date: run outtray migrate."
        return
    with installation.read() as conn:
        if not people.has_admin(conn):
            yield "There is no admin yet: open the link that outtray serve prints."
        if warning := time_check.look(conn).warning:
            yield warning
    yield from _mail(installation)
    for pulse in pulses(installation.run_dir):
        if pulse.trouble:
            yield f"{pulse.title}: {pulse.trouble}"


def _mail(installation: Installation) -> Iterator[str]:
    for name, route in installation.mail.routes():
        for step in try_out(route.smtp, route.sender, is_fixed=installation.mail.is_fixed) if route.smtp else ():
            if step.state == "failed":
                yield f"{name}: {step.message}"
