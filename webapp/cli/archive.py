"""backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from webapp.cli.serve import open_house
from webapp.maintenance import backup

Target = Annotated[Path, typer.Argument(help="The archive, such as outtray-backup.tar.gz.", dir_okay=False)]


def backup(path: Target) -> None:
    """Write one archive with the database and the files; Outtray may go on running."""
    backup.backup(open_house(), path)
    print(f"Saved to {path}.")


def restore(path: Target) -> None:
    """Read an archive into an empty data directory; tasks that waited are held until somebody releases them."""
    numbers = backup.restore(open_house(), path)
    people, tasks = numbers["person"], numbers["task"]
    words = f"{tasks:,} {'task' if tasks == 1 else 'tasks'} and {people:,} {'person' if people == 1 else 'people'}"
    print(f"Restored {words}. Waiting tasks are held.")
