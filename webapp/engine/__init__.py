"""Engines: when and where a task id runs."""

from pathlib import Path

from webapp.db.connect import Database
from webapp.engine.background import BackgroundEngine
from webapp.engine.local import LocalEngine
from webapp.ports.engine import Engine
from webapp.settings import Settings


def choose(settings: Settings, database: Database, run_dir: Path) -> Engine:
    """Returns the engine that the settings name."""
    if settings.engine == "background":
        return BackgroundEngine(database, settings.slots)
    return LocalEngine(database, run_dir)
