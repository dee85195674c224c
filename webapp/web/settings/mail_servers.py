"""Settings → Mail: the mail servers of this panel, a test of what was typed, and going on after a failure."""

from dataclasses import replace
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import audit
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
AGAIN = "Type the password once more before you save: without JavaScript it does not stay."


@router.get("/test")
@router.get("/servers")
@router.get("/servers/{server_id:id}")
@router.get("/servers/{server_id:id}/remove")
@router.get("/retry")
def loaded_again(request: Request, person: Admin) -> Response:
    """Whoever loads the page of an answer again."""
    return go(request, "/settings#mail")


@router.post("/test")
def test(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """Tries the server of the environment, while no transaction is open, and lists the steps."""
    if not installation.mail.is_fixed:
        raise Conflict("There is no mail server to test.")
    tested = _try_out(installation, person, installation.mail.way(), "")
    if is_htmx(request):
        return fragment(request, "settings/_test.html", tested=tested)
    return settings_page(request, installation, tested=tested)


@router.post("/servers")
def add(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """A new server, or a test of what was typed so far."""
    return _entered(request, person, installation, posted, None)


@router.post("/servers/{server_id:id}")
def change(request: Request, server_id: int, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Another shape for a server, or a test of what was typed so far."""
    return _entered(request, person, installation, posted, _stored(installation, server_id))


@router.post("/servers/{server_id:id}/remove")
def remove(request: Request, server_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Tasks that were to go through it say so, and can be sent another way."""
    with installation.write() as conn:
        found = next((server for server in mail_servers.listing(conn) if server.id == server_id), None)
        if found is None:
            raise NotFound(mail_servers.GONE)
        mail_servers.remove(conn, server_id)
        audit.record(conn, person, "removed the mail server", found.name)
    return flash.say(go(request, "/settings#mail"), f"{found.name} was removed.")


@router.post("/retry")
def retry(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Goes on with the tasks that a mail server stopped."""
    with installation.read() as conn:
        ids = failure_groups.stopped_by_mail(conn, person, posted.one("server"))
    number = retry_all(installation, person, ids, "retried tasks that the mail server stopped")
    return flash.say(go(request, "/settings#mail"), f"{number:,} {'task goes' if number == 1 else 'tasks go'} on.")


def _entered(
    request: Request, person: Person, installation: Installation, posted: FormData, stored: Server | None
) -> Response:
    server, errors, typed = mail_server_form.read(posted, stored)
    form = MailForm(stored.id if stored else 0, typed, errors, bool(stored and stored.smtp.password))
    if server is None:
        return _form(request, installation, form, 422)
    if posted.one("intent") == "test":
        way = Route(server.smtp, installation.mail.sender_of(server), server.target)
        form = replace(form, tested=_try_out(installation, person, way, str(server.id) if server.id else "new"))
        if posted.one("password") and not is_htmx(request):
            form = replace(form, password_hint=AGAIN)
        return _form(request, installation, form, 200)
    try:
        with installation.write() as conn:
            server_id = mail_servers.save(conn, installation.secrets, server)
            audit.record(
                conn, person, f"{'changed' if stored else 'added'} the mail server", server.name, _told(server)
            )
    except UserError as taken:
        return _form(request, installation, replace(form, errors={taken.field or "": taken.words}), 422)
    return flash.say(go(request, f"/settings?server={server_id}&saved=1"), "Saved.")


def _form(request: Request, installation: Installation, form: MailForm, status: int) -> Response:
    if is_htmx(request):
        return fragment(
            request, "settings/_server.html", status=status, form=form, mail=environment.mail(installation.settings)
        )
    return settings_page(request, installation, form=form, status=status)


def _stored(installation: Installation, server_id: int) -> Server:
    """With its password; one that cannot be read any more is typed again."""
    with installation.read() as conn:
        try:
            return mail_servers.one(conn, installation.secrets, server_id)
        except NotFound:
            raise
        except UserError:
            return next(server for server in mail_servers.listing(conn) if server.id == server_id)


def _try_out(installation: Installation, person: Person, way: Route, of: str) -> Tested:
    assert way.smtp is not None
    if not _testing.acquire(blocking=False):
        raise Conflict("A mail server is being tested already. Try again in a minute.")
    try:
        steps = try_out(way.smtp, way.sender, is_fixed=installation.mail.is_fixed and not of)
    finally:
        _testing.release()
    failed = next((step.name for step in steps if step.state == "failed"), "")
    with installation.write() as conn:
        audit.record(
            conn, person, "tested the mail server", way.smtp.host, f"failed at: {failed}" if failed else "well"
        )
    server_id = "" if of == "new" else of
    with installation.read() as conn:
        waiting = 0 if failed or of == "new" else len(failure_groups.stopped_by_mail(conn, person, server_id))
    return Tested(steps, failed, waiting, server_id)


def _told(server: Server) -> str:
    return f"{server.smtp.scheme}://{server.smtp.host}:{server.smtp.port}, from {server.sender}"
