"""Settings, for admins: where mail goes, how long things are kept, how the panel is, and who did what."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.settings.overview import SettingsQuery, settings_page

router = APIRouter(prefix="/settings", include_in_schema=False)


@router.get("")
def index(
    request: Request, person: Admin, installation: TheInstallation, asked: Annotated[SettingsQuery, Query()]
) -> Response:
    """Shows the page with the settings of the environment and the database."""
    return settings_page(request, installation, asked=asked)
