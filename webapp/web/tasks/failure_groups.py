"""Retries all failed tasks of one cause."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.tasks import failure_groups
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import Text
from webapp.web.http.render import go, query
from webapp.web.tasks.actions import retry_all

router = APIRouter(prefix="/tasks/causes", include_in_schema=False)


@router.post("/retry")
def retry(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Retries all that failed for this one reason, of those that this person sees."""
    cause = posted.one("cause")
    with installation.read() as conn:
        ids = failure_groups.of_cause(conn, person, cause)
    number = retry_all(installation, person, ids, f"All that failed by {cause}")
    return flash.add(go(request, "/tasks"), f"{number:,} {'task goes' if number == 1 else 'tasks go'} on.")


@router.get("/retry")
def loaded_again(request: Request, person: SignedIn, cause: Text = "") -> Response:
    """Shows the failed tasks of this cause to a browser that loads the address of the button again."""
    return go(request, f"/tasks{query(state='failed', cause=cause)}")
