"""backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from webapp.cli.opening import open_installation, stopped
from webapp.maintenance import backup as archives
from webapp.settings import load

Target = Annotated[Path, typer.Argument(help="The archive, such as outtray-backup.tar.gz.", dir_okay=False)]


def backup(path: Target) -> None:
    """Write one archive with the database and the files; Outtray may go on running."""
    archives.backup(open_installation(load()), path)
    print(f"Saved to {path}.")


def restore(path: Target) -> None:
    """Read an archive into an empty data directory; tasks that waited are held until somebody releases them."""
    settings = load()
    with stopped(settings):
        numbers = archives.restore(open_installation(settings), path)
    people, tasks = numbers["person"], numbers["task"]
    words = f"{tasks:,} {'task' if tasks == 1 else 'tasks'} and {people:,} {'person' if people == 1 else 'people'}"
    print(f"Restored {words}. Waiting tasks are held.")
