"""Settings → Address: the address that colleagues open, with which all links begin; for admins."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import public_url
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import Conflict, UserError
from webapp.web.http import flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.render import go
from webapp.web.settings.overview import AddressForm, settings_page

router = APIRouter(prefix="/settings/address", include_in_schema=False)

FIXED = "OUTTRAY_BASE_URL on the server sets the address."


@router.get("")
def loaded_again(request: Request, person: Admin) -> Response:
    """Redirects the reload of a refused form to the page Settings."""
    return go(request, "/settings#address")


@router.post("")
def save(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Stores the address; refuses it where the environment sets one."""
    if installation.settings.base_url:
        raise Conflict(FIXED)
    typed = posted.one("address").strip()
    try:
        address = public_url.read(typed)
    except UserError as error:
        form = AddressForm(typed=typed, errors={"address": error.message})
        return settings_page(request, installation, address=form, status=422)
    with installation.write() as conn:
        before = public_url.of(conn, installation.settings)
        public_url.keep(conn, address)
        trail.record(conn, AuditAction.CHANGE, Target(TargetKind.ADDRESS, text=address), f"before: {before}")
    return flash.add(go(request, "/settings#address"), "Saved.")
