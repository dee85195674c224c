"""Says whether the panel lives and whether it can work; no token needed, nothing told but which part fails."""

import os

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from webapp.db.connect import current_version
from webapp.engine.ownership import slots_alive
from webapp.engine.supervisor import slots_of
from webapp.house import House
from webapp.web.deps import TheHouse

router = APIRouter(tags=["Health"])
NO_STORE = {"Cache-Control": "no-store"}


@router.get("/healthz")
def healthz() -> JSONResponse:
    """The web process lives."""
    return JSONResponse({"status": "alive"}, headers=NO_STORE)


@router.get("/readyz", responses={503: {"description": "A part fails; `parts` says which."}})
def readyz(request: Request, house: TheHouse) -> JSONResponse:
    """Everything that a task needs is there: database, data directory and, where they run here, slots."""
    parts = {"database": _has_database(house), "data directory": _has_data(house)}
    if request.app.state.needs_slots:
        parts["slots"] = slots_alive(house, [queue for queue, number in slots_of(house.settings).items() if number])
    ready = all(parts.values())
    said = {name: "well" if is_well else "failing" for name, is_well in parts.items()}
    return JSONResponse({"status": "ready" if ready else "not ready", "parts": said}, 200 if ready else 503, NO_STORE)


def _has_database(house: House) -> bool:
    try:
        with house.read() as conn:
            current_version(conn)
    except SQLAlchemyError:
        return False
    return True


def _has_data(house: House) -> bool:
    try:
        return os.access(house.data_dir, os.W_OK) and house.store.free_bytes() > 0
    except OSError:
        return False
