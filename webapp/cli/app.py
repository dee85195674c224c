"""All commands; a wrong value or a refused command is one line on standard error and exit code 1."""

import os
import sys

import typer
from sqlalchemy.exc import OperationalError

from webapp import __version__
from webapp.audit import origin
from webapp.cli import adopt, archive, check, people, rotate_key, serve
from webapp.errors import UserError

app = typer.Typer(
    name="outtray",
    help="An office panel whose work runs in the background and is never lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("web")(serve.web)
app.command("worker")(serve.worker)
app.command("migrate")(serve.migrate)
app.add_typer(people.user, name="user")
app.add_typer(people.token, name="token")
app.command("backup")(archive.backup)
app.command("restore")(archive.restore)
app.command("adopt")(adopt.adopt)
app.command("rotate-key")(rotate_key.rotate_key)
app.command("check")(check.check)


@app.callback(invoke_without_command=True)
def version(
    context: typer.Context, show: bool = typer.Option(False, "--version", help="Print the version and stop.")
) -> None:
    """An office panel whose work runs in the background and is never lost."""
    if show:
        print(__version__)
        raise typer.Exit
    context.with_resource(origin.acting(origin.of_command()))


def run() -> int:
    """Runs one command; returns its exit code: 0 well, 1 failed. Typer itself exits with 2 for wrong usage."""
    os.umask(0o077)  # for every process below: what Outtray writes is its owner's only
    try:
        app()
        return 0
    except UserError as error:
        return _fail(error.message)
    except OperationalError as error:
        return _fail(f"The database does not answer: {str(error.orig).splitlines()[0]}")
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))


def _fail(words: str) -> int:
    print(words, file=sys.stderr)
    return 1
