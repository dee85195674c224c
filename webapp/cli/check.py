"""check: says what is wrong with the set-up, one line each."""

import os
from collections.abc import Iterator

import typer
from sqlalchemy.exc import SQLAlchemyError

from webapp.accounts import people
from webapp.db import time_check
from webapp.db.migrate import is_up_to_date
from webapp.engine.heartbeats import pulses
from webapp.installation import Installation, build
from webapp.mail.connection_test import try_out
from webapp.paths import STATIC, TEMPLATES
from webapp.settings import load

FREE_MB = 200


def check() -> None:
    """Say what is wrong with the set-up; exit code 1 if anything is."""
    try:
        problems = list(_problems(build(load())))
    except OSError as error:
        problems = [f"OUTTRAY_DATA_DIR: {error.filename}: {error.strerror}"]
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(1)
    print("Nothing is wrong.")


def _problems(installation: Installation) -> Iterator[str]:
    yield from _database(installation)
    if not os.access(installation.data_dir, os.W_OK):
        yield f"OUTTRAY_DATA_DIR: {installation.data_dir} cannot be written to."
    if installation.store.free_bytes() < FREE_MB << 20:
        yield f"OUTTRAY_DATA_DIR: less than {FREE_MB} MB are free on its disk."
    for folder in (TEMPLATES, STATIC):
        if not folder.is_dir():
            yield f"{folder} is missing: install Outtray again."
    yield from _mail(installation)
    for pulse in pulses(installation.run_dir):
        if pulse.trouble:
            yield f"{pulse.title}: {pulse.trouble}"


def _database(installation: Installation) -> Iterator[str]:
    try:
        if not is_up_to_date(installation.database):
            yield "The database is not up to date: run outtray migrate."
            return
        with installation.read() as conn:
            if not people.has_admin(conn):
                yield "There is no admin yet: open the link that outtray serve prints."
            if warning := time_check.look(conn).warning:
                yield warning
    except SQLAlchemyError as error:
        yield f"OUTTRAY_DATABASE_URL: the database does not answer ({type(error).__name__})."


def _mail(installation: Installation) -> Iterator[str]:
    if not is_up_to_date(installation.database):  # said already; the servers of Settings cannot be read
        return
    for name, route in installation.mail.routes():
        for step in try_out(route.smtp, route.sender, is_fixed=installation.mail.is_fixed) if route.smtp else ():
            if step.state == "failed":
                yield f"{name}: {step.message}"
