"""The service worker, at an address from which it may answer for every page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp import paths
from webapp.web.http.file_response import file_response

router = APIRouter(include_in_schema=False)


@router.get("/service-worker.js")
def service_worker(request: Request) -> Response:
    """Returns the script. Browsers check it for changes themselves; it holds nothing personal."""
    headers = {"Cache-Control": "no-cache"}
    return file_response(request, paths.STATIC / "service-worker.js", media_type="text/javascript", headers=headers)
