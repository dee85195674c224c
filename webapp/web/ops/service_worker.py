"""The service worker, at an address from which it may answer for every page."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from webapp import paths

router = APIRouter(include_in_schema=False)


@router.get("/service-worker.js")
def service_worker() -> Response:
    """Browsers ask for it anew by themselves; it knows nothing of anybody."""
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(paths.STATIC / "service-worker.js", media_type="text/javascript", headers=headers)
