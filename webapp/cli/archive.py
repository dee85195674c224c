"""backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from webapp.cli.serve import open_installation
from webapp.maintenance import backup as archives

Target = Annotated[Path, typer.Argument(help="The archive, such as outtray-backup.tar.gz.", dir_okay=False)]


def backup(path: Target) -> None:
    """Write one archive with the database and the files; Outtray may go on running."""
    archives.backup(open_installation(), path)
    print(f"Saved to {path}.")


def restore(path: Target) -> None:
    """Read an archive into an empty data directory; tasks that waited are held until somebody releases them."""
    numbers = archives.restore(open_installation(), path)
    people, tasks = numbers["person"], numbers["task"]
    words = f"{tasks:,} {'task' if tasks == 1 else 'tasks'} and {people:,} {'person' if people == 1 else 'people'}"
    print(f"Restored {words}. Waiting tasks are held.")
