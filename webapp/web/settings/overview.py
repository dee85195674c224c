"""Draws the page Settings, as it is or as the answer to a press on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from webapp import __version__
from webapp.accounts import public_url
from webapp.audit import trail
from webapp.connections import channels, databases, mail_servers, suppressions
from webapp.connections.mail_servers import Server
from webapp.installation import Installation
from webapp.mail.connection_test import Step
from webapp.settings import Settings
from webapp.web.http import flash
from webapp.web.http.params import PageFilter, RowId, Text
from webapp.web.http.render import page
from webapp.web.settings import environment, mail_server_form, system_health

PAGE = 50


class SettingsQuery(PageFilter):
    """What the address says: the `server` that is looked at (maybe “new”), if it was `saved`, the page of the audit."""

    server: Text = ""
    saved: Text = ""
    before: RowId = 0


@dataclass(frozen=True, kw_only=True)
class Tested:
    """The result of a test: its steps, the one that failed, and the number of tasks that can be retried now."""

    steps: Sequence[Step] = ()
    failed: str = ""
    stopped: int = 0
    server: str = ""  # the id of a stored server


@dataclass(frozen=True, kw_only=True)
class MailForm:
    """The form of one mail server; `id` 0 for a new one."""

    id: int
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    has_password: bool = False
    tested: Tested = field(default_factory=Tested)
    password_hint: str = ""
    is_saved: bool = False

    labels = mail_server_form.LABELS

    @property
    def path(self) -> str:
        return f"/settings/mail/servers/{self.id}" if self.id else "/settings/mail/servers"


@dataclass(frozen=True, kw_only=True)
class AddressForm:
    """The address that colleagues open, as it is or as it was typed."""

    typed: str
    errors: Mapping[str, str] = field(default_factory=dict)
    is_fixed: bool = False  # by OUTTRAY_BASE_URL
    is_local: bool = False  # only this computer can open it

    @classmethod
    def of(cls, conn: Connection, settings: Settings) -> Self:
        """Returns the form with the address that is in use."""
        address = public_url.of(conn, settings)
        return cls(typed=address, is_fixed=bool(settings.base_url), is_local=public_url.is_local(address))


def settings_page(
    request: Request,
    installation: Installation,
    *,
    asked: SettingsQuery | None = None,
    form: MailForm | None = None,
    tested: Tested | None = None,
    address: AddressForm | None = None,
    status: int = 200,
) -> Response:
    """Returns the page; `form`: a server as it was typed; `tested`: a test of the environment's server."""
    asked = asked or SettingsQuery()
    before = asked.before or None
    with installation.read() as conn:
        entries = trail.listing(conn, before=before, limit=PAGE + 1)
        known = mail_servers.listing(conn)
        suppressed, connected = suppressions.number(conn), len(databases.listing(conn))
        connected_channels = len(channels.listing(conn))
        address = address or AddressForm.of(conn, installation.settings)
    return page(
        request,
        "settings/index.html",
        status=status,
        status_message=flash.read(request).message or asked.note,
        mail=environment.mail(installation.settings),
        servers=known,
        databases=connected,
        channels=connected_channels,
        suppressed=suppressed,
        form=form or _form(asked, known, is_fixed=installation.mail.is_fixed),
        outbox=installation.data_dir / "outbox",
        tested=tested or Tested(),
        address=address,
        keeping=environment.keeping(installation.settings),
        checks=system_health.checks(installation),
        version=__version__,
        engine=installation.settings.engine,
        trail=entries[:PAGE],
        older=entries[PAGE - 1].id if len(entries) > PAGE else None,
        before=before,
    )


def _form(asked: SettingsQuery, known: Sequence[Server], *, is_fixed: bool) -> MailForm | None:
    """Returns the form of the chosen server, or of the only one, or of a new one."""
    server = next((server for server in known if str(server.id) == asked.server), None)
    if server is None and len(known) == 1 and asked.server != "new" and not is_fixed:
        server = known[0]
    if server is None and (known or is_fixed) and asked.server != "new":
        return None
    is_saved = bool(asked.saved) and server is not None
    return MailForm(
        id=server.id if server else 0,
        typed=mail_server_form.typed_of(server),
        has_password=bool(server and server.has_password),
        is_saved=is_saved,
    )
