"""Settings, for admins: where mail goes, how long things are kept, how the panel is, and who did what."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.settings.overview import settings_page

router = APIRouter(prefix="/settings", include_in_schema=False)


@router.get("")
def index(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """All of it, as the environment and the database have it."""
    return settings_page(request, installation)
