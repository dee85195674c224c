"""Says whether the panel lives and whether it can work; no token is needed, and only failing parts are named."""

import tempfile
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.connect import current_version
from webapp.engine.heartbeats import serves_all
from webapp.engine.supervisor import slots_of
from webapp.installation import Installation
from webapp.web.api.schemas import answer
from webapp.web.http.deps import TheInstallation
from webapp.web.http.problem import problem, problems

router = APIRouter(tags=["Health"])

FAILING = {
    "database": "The database does not answer.",
    "data directory": "The data directory cannot be written to.",
    "slots": "A queue has no living slot.",
}


class Alive(BaseModel):
    """The web process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Everything that a task needs is there."""

    status: Literal["ready"] = "ready"


@router.get("/healthz", response_model=Alive)
def healthz() -> Response:
    """Answers 200: the web process is alive."""
    return answer(Alive())


@router.get("/readyz", response_model=Ready, responses=problems(503))
def readyz(request: Request, installation: TheInstallation) -> Response:
    """Answers 200 if everything that a task needs is there: database, data directory and, if they run here, slots."""
    parts = {"database": _has_database(installation), "data directory": can_write(installation)}
    if request.app.state.needs_slots:
        parts["slots"] = _has_slots(installation)
    failing = [name for name, is_well in parts.items() if not is_well]
    if not failing:
        return answer(Ready())
    errors = [{"field": name, "message": FAILING[name]} for name in failing]
    return problem(request, 503, f"Not ready: {', '.join(failing)}.", errors=errors)


def _has_database(installation: Installation) -> bool:
    try:
        with installation.read() as conn:
            current_version(conn)
    except SQLAlchemyError:
        return False
    return True


def can_write(installation: Installation) -> bool:
    """Returns True if a file can be written to the data directory."""
    # Permissions do not tell of a full disk, nor of a file system that has become read-only.
    try:
        with tempfile.TemporaryFile(dir=installation.data_dir) as probe:
            probe.write(b"x")
            probe.flush()
    except OSError:
        return False
    return True


def _has_slots(installation: Installation) -> bool:
    queues = [queue for queue, number in slots_of(installation.settings).items() if number]
    try:
        return serves_all(installation.run_dir, queues)
    except OSError:
        return False
