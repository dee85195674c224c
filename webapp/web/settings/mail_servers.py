"""Settings → Mail: the mail servers, a test of what was typed, and a retry of the tasks that a server stopped."""

from dataclasses import asdict, replace
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.connections import mail_servers
from webapp.connections.mail_routing import Route
from webapp.connections.mail_servers import Server
from webapp.errors import Conflict, NotFound, UserError
from webapp.installation import Installation
from webapp.mail.connection_test import try_out
from webapp.ports.people import Person
from webapp.tasks import failure_groups
from webapp.web.http import flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.render import fragment, go, is_htmx
from webapp.web.settings import environment, mail_server_form
from webapp.web.settings.overview import MailForm, Tested, settings_page
from webapp.web.tasks.actions import retry_all

router = APIRouter(prefix="/settings/mail", include_in_schema=False)

_testing = Lock()  # a silent server holds a thread for a minute: pressing again must not take another
NEW = "new"  # stands for the id of a server that is not stored yet
AGAIN = "Type the password once more before you save: without JavaScript it does not stay."


@router.get("/test")
@router.get("/servers")
@router.get("/servers/{server_id:id}")
@router.get("/servers/{server_id:id}/remove")
@router.get("/retry")
def loaded_again(request: Request, person: Admin) -> Response:
    """Redirects a reload of the page that a POST returned."""
    return go(request, "/settings#mail")


@router.post("/test")
def test(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """Tests the server of the environment, while no transaction is open, and lists the steps."""
    if not installation.mail.is_fixed:
        raise Conflict("There is no mail server to test.")
    tested = _try_out(installation, person, installation.mail.route())
    if is_htmx(request):
        return fragment(request, "settings/_test.html", tested=tested)
    return settings_page(request, installation, tested=tested)


@router.post("/servers")
def add(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Adds a server, or tests what was typed so far."""
    return _entered(request, person, installation, posted, None)


@router.post("/servers/{server_id:id}")
def change(request: Request, server_id: int, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Changes a server, or tests what was typed so far."""
    return _entered(request, person, installation, posted, _stored(installation, server_id))


@router.post("/servers/{server_id:id}/remove")
def remove(request: Request, server_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Deletes a server; tasks that were to use it fail with a message and can be sent through another one."""
    with installation.write() as conn:
        server = next((server for server in mail_servers.listing(conn) if server.id == server_id), None)
        if server is None:
            raise NotFound(mail_servers.GONE)
        mail_servers.remove(conn, server_id)
        trail.record(
            conn, AuditAction.REMOVE, Target(TargetKind.MAIL_SERVER, server_id, server.name), _details(server, None)
        )
    return flash.add(go(request, "/settings#mail"), f"{server.name} was removed.")


@router.post("/retry")
def retry(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Retries the tasks that a mail server stopped."""
    with installation.read() as conn:
        ids = failure_groups.stopped_by_mail(conn, person, installation.find_kind, posted.one("server"))
    number = retry_all(installation, person, ids, "Those that the mail server stopped")
    return flash.add(go(request, "/settings#mail"), f"{number:,} {'task goes' if number == 1 else 'tasks go'} on.")


def _entered(
    request: Request, person: Person, installation: Installation, posted: FormData, stored: Server | None
) -> Response:
    server, errors, typed = mail_server_form.read(posted, stored)
    form = MailForm(
        id=stored.id if stored else 0,
        typed=typed,
        errors=errors,
        has_password=bool(stored and stored.smtp.password),
    )
    if server is None:
        return _form(request, installation, form, 422)
    if posted.one("intent") == "test":
        route = installation.mail.route_of(server)
        tested = _try_out(installation, person, route, str(server.id) if server.id else NEW)
        form = replace(form, tested=tested)
        if posted.one("password") and not is_htmx(request):
            form = replace(form, password_hint=AGAIN)
        return _form(request, installation, form, 200)
    try:
        with installation.write() as conn:
            server_id = mail_servers.save(conn, installation.secrets, server)
            action = AuditAction.CHANGE if stored else AuditAction.ADD
            target = Target(TargetKind.MAIL_SERVER, server_id, server.name)
            trail.record(conn, action, target, _details(stored, server))
    except UserError as taken:
        return _form(request, installation, replace(form, errors={taken.field or "": taken.message}), 422)
    return flash.add(go(request, f"/settings?server={server_id}&saved=1"), "Saved.")


def _form(request: Request, installation: Installation, form: MailForm, status: int) -> Response:
    if is_htmx(request):
        mail = environment.mail(installation.settings)
        return fragment(request, "settings/_server.html", status=status, form=form, mail=mail)
    return settings_page(request, installation, form=form, status=status)


def _stored(installation: Installation, server_id: int) -> Server:
    """Returns the stored server; without its password if that cannot be decrypted."""
    with installation.read() as conn:
        try:
            return mail_servers.one(conn, installation.secrets, server_id)
        except NotFound:
            raise
        except UserError:
            return next(server for server in mail_servers.listing(conn) if server.id == server_id)


def _try_out(installation: Installation, person: Person, route: Route, server_id: str = "") -> Tested:
    """Tests a route; `server_id`: a stored server, NEW for one that is not stored, empty for the environment's."""
    assert route.smtp is not None
    if not _testing.acquire(blocking=False):
        raise Conflict("A mail server is being tested already. Try again in a minute.")
    try:
        steps = try_out(route.smtp, route.sender, is_fixed=installation.mail.is_fixed and not server_id)
    finally:
        _testing.release()
    failed = next((step.name for step in steps if step.state == "failed"), "")
    with installation.write() as conn:
        result = f"failed at: {failed}" if failed else "passed"
        trail.record(conn, AuditAction.TEST, Target(TargetKind.MAIL_SERVER, server_id, route.smtp.host), result)
    if failed or server_id == NEW:
        return Tested(steps=steps, failed=failed)
    with installation.read() as conn:
        stopped = failure_groups.stopped_by_mail(conn, person, installation.find_kind, server_id)
    return Tested(steps=steps, stopped=len(stopped), server=server_id)


def _details(before: Server | None, after: Server | None) -> str:
    return trail.changes(_values(before), _values(after), frozenset({"password"}))


def _values(server: Server | None) -> dict[str, object]:
    if server is None:
        return {}
    return {"name": server.name, **asdict(server.smtp), "from": server.sender, "default": server.is_default}
