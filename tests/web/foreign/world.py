"""One installation with a row of everything that an address can name, and a good form for each route that takes one."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from tests.factories import PASSWORD, make_delivery, make_file, make_person, make_task
from tests.web.foreign.asgi import Answer, ask
from webapp import ingest
from webapp.accounts import links, saved_forms, sessions, tokens
from webapp.app import create_app
from webapp.connections import channels, databases, mail_servers, saved_queries, webhooks
from webapp.connections.channels import ChannelRecord
from webapp.connections.mail_servers import Server
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.connections.webhooks import IncomingWebhook
from webapp.files import saved_tables
from webapp.installation import Installation
from webapp.kinds import KINDS
from webapp.kinds.email.form import EmailForm
from webapp.mail.url import SmtpSettings
from webapp.ports.people import Person
from webapp.ports.tables import Parameter
from webapp.tasks import inbox
from webapp.web.forms import drafts
from webapp.web.http.cookies import COOKIE

Form = Mapping[str, str | Sequence[str]]
Headers = list[tuple[bytes, bytes]]
SAME_SITE: Headers = [(b"sec-fetch-site", b"same-origin"), (b"accept", b"text/html")]
PEOPLE_CSV = b"email,name\nben@example.com,Ben\neve@example.com,Eve\n"


@dataclass
class World:
    """`paths`: a value for each parameter of a path. `who`: what each of them sends with a request."""

    app: FastAPI
    paths: Mapping[str, str]
    who: Mapping[str, Headers]
    forms: Mapping[str, Sequence[Form]]
    jsons: Mapping[str, Mapping[str, Any]]
    plain: Mapping[str, bytes] = field(default_factory=dict)

    def ask(self, who: str, method: str, path: str, query: str = "", body: bytes = b"", more: Headers = ()) -> Answer:  # type: ignore[assignment]
        return asyncio.run(ask(self.app, method, path, query.encode(), [*self.who[who], *more], body))


def build_world(installation: Installation, folder: Path) -> World:
    """Fills an empty, migrated installation."""
    with installation.write() as conn:
        root = make_person(conn, installation.settings, "root@example.com", "Rut Admin", role="admin")
        ana = make_person(conn, installation.settings, "ana@example.com", "Ana Ruiz")
        eve = make_person(conn, installation.settings, "eve@example.com", "Eve")
    paths = _rows(installation, root, ana, eve, folder)
    return World(create_app(installation), paths, _who(installation, root, ana), _forms(paths, folder), _jsons(paths))


def _who(installation: Installation, root: Person, ana: Person) -> Mapping[str, Headers]:
    with installation.write() as conn:
        cookies = {name: sessions.start(conn, one.id) for name, one in (("admin", root), ("staff", ana))}
        token = tokens.add(conn, root.id, "program")
    browsers = {name: [(b"cookie", f"{COOKIE}={value}".encode()), *SAME_SITE] for name, value in cookies.items()}
    return {**browsers, "program": [(b"authorization", f"Bearer {token}".encode())], "nobody": SAME_SITE}


def _rows(installation: Installation, root: Person, ana: Person, eve: Person, folder: Path) -> Mapping[str, str]:
    csv = folder / "people.csv"
    csv.write_bytes(PEOPLE_CSV)
    upload = ingest.receive(installation, root, "people.csv", csv)
    shop = folder / "shop.db"
    with closing(sqlite3.connect(shop)) as conn:
        conn.executescript("create table sale (region text, amount numeric); insert into sale values ('North', 1)")
    email = KINDS["email"]
    form = EmailForm(to=["ben@example.com"], subject="Hello", body="Hi")
    with installation.write() as conn:
        stored = {"to": ["ben@example.com"], "subject": "Hello", "body": "Hi"}
        task = make_task(conn, root, "attention", kind="email", form=stored, cause="mail-refused")
        make_delivery(conn, task, "ben@example.com", "failed")
        make_task(conn, root, "failed", kind="notification", cause="mail-refused", outcome="No.")
        file = make_file(conn, installation.store, task, root, folder)
        source = databases.save(
            conn, installation.secrets, 0,
            {"name": "Shop", "url": f"sqlite:///{shop}", "shown": "sqlite", "seconds": 5},
        )  # fmt: skip
        parameters = [Parameter("region", "Region", "text", (), 0, "North", False)]
        text = "select region, amount from sale where region = :region"
        query = saved_queries.save(conn, SavedQueryRecord(0, source, "Sales", text, parameters, (), True, ()))
        channel = ChannelRecord(0, "Warehouse", "Webhook (JSON)", True, True, (), False, "json")
        server = Server(0, "Office", SmtpSettings("smtp", "127.0.0.1", 9, "", "", 1, None, None), "a@example.com", True)
        inbox.tell(conn, root.id, "Hello", "Hi", key="k")
        kept = {"subject": ["Hello"], "body": ["Hi"]}
        saved_forms.keep(conn, root, email, "Reminder", kept, saved_forms.TEMPLATE)
        saved_forms.keep(conn, root, email, "Weekly", kept, saved_forms.SHORTCUT)
        drafts.keep(conn, root, email, "draft1", form)
        return {
            "task_id": str(task),
            "file_id": file,
            "data_id": upload.id,
            "saved": f"d-{saved_tables.add(conn, root, 'Clients', upload.id, saved_tables.DATA)}",
            "list_id": str(saved_tables.add(conn, root, "People", upload.id)),
            "kept_id": str(saved_forms.shortcuts(conn, root)[0][1].id),
            "template": str(saved_forms.listing(conn, root, email)[0].id),
            "source_id": str(source),
            "query_id": str(query),
            "channel_id": str(channels.save(conn, installation.secrets, channel, "json://127.0.0.1:9/x")),
            "server_id": str(mail_servers.save(conn, installation.secrets, server)),
            "hook_id": "1",
            "token_id": "1",
            "notice_id": "1",
            "person_id": str(eve.id),
            "session_id": "0123456789abcdef",
            "kind_name": "email",
            "step": "mail",
            "action": "retry",
            "act": "pause",
            "email": "ben@example.com",
            "token": installation.unsubscribe.token(task, "ben@example.com"),
            "shop": str(shop),
            "invite": links.new_invite(conn, eve.id).secret,
            "hook": webhooks.add(conn, _hook(root)),
            "setup": links.new_setup(conn),
        }


def _hook(root: Person) -> IncomingWebhook:
    return IncomingWebhook(0, "Backups", ["log"], [], "normal", "{{ title }}", "{{ text }}", 600, root.id)


def _forms(paths: Mapping[str, str], folder: Path) -> Mapping[str, Sequence[Form]]:
    """By the path of the route: one form for each button that reads other fields."""
    email = {"to": "ben@example.com", "subject": "Hello", "body": "Hi", "key": "k1"}
    report = {"data": "sales", "format": "csv", "key": "k2", "filters.column": "Region", "filters.test": "=",
              "filters.value": "North", "sums.column": "Amount", "sums.how": "sum", "sort.column": "Region",
              "sort.direction": "up", "names.column": "Region", "names.title": "Area"}  # fmt: skip
    asked = {
        "data": f"q-{paths['query_id']}",
        "format": "csv",
        "key": "k4",
        "values.name": "region",
        "values.value": "North",
    }
    note = {"message": "Hello", "title": "Hi", "channels": ["log", paths["channel_id"]], "people": "1", "key": "k3"}
    listed = {
        "recipients": paths["data_id"],
        "address_column": "email",
        "subject": "Hi",
        "body": "{{ name }}",
        "key": "k5",
    }
    server = {"name": "Office", "host": "127.0.0.1", "port": "9", "scheme": "smtp", "from_address": "a@example.com",
              "from_name": "Office", "rate": "5", "per_connection": "10", "connections": "2", "user": "u",
              "password": "p", "is_default": "on"}  # fmt: skip
    parameter = {"name": "region", "title": "Region", "type": "text", "choices": "", "query": "", "default": "North",
                 "optional": ""}  # fmt: skip
    query = {"name": "Turnover", "source": paths["source_id"], "text": "select region from sale where region = :region",
             "everyone": "on", "people": "2", "id": paths["query_id"],
             **{f"parameters.{name}": value for name, value in parameter.items()}}  # fmt: skip
    channel = {"id": paths["channel_id"], "service": "json", "name": "Warehouse", "internal": "on", "people": "2",
               "field.address": "http://127.0.0.1:9/x", "kept": ""}  # fmt: skip
    profile = {"name": "Rut", "zone": "Europe/Madrid", "undo_seconds": "10", "notices": "all", "notice_ways": "inbox"}
    kinds = [email, {**email, "kind": "email"}]
    return {
        "/new/{kind_name}": [
            *kinds,
            {**email, "intent": "test", "row": "1"},
            {**email, "intent": "keep-template", "template_name": "T"},
            {**email, "intent": "use-template", "template": paths["template"]},
            {**email, "intent": "keep-shortcut", "shortcut_name": "S"},
            {**listed, "intent": "keep-list", "list_name": "L"},
            {**email, "intent": "add-attachments"},
        ],
        "/new/report": [report, asked, {**report, "moved.from": "Region", "moved.to": "Amount"}],
        "/new/notification": [note],
        "/new/self-test": [{"seconds": "1", "key": "k6"}],
        "/new/email/check": [{"draft": "draft1", "number": "1", "confirmed": "1", "leave_out": "on"}],
        "/new/notification/preview": [note],
        "/new/email/preview": [email, {**listed, "row": "2", "step": "back", "who": "ben"}],
        "/new/report/preview": [report, asked],
        "/tasks/causes/retry": [{"cause": "mail-refused"}],
        "/tasks/{task_id}/speed": [{"rate": "5", "back": "/tasks?state=failed"}],
        "/tasks/{task_id}/{action}": [{"back": "/tasks?q=x&owner=1&before=9"}, {"back": f"/tasks/{paths['task_id']}"}],
        "/lists": [{"name": "More"}],
        "/lists/{list_id}": [{"only_new": "on"}],
        "/data/{data_id}": [
            {"intent": "reread", "sheet": "", "column": "name", "type": "text"}, {"intent": "keep", "name": "Kept"},
        ],
        "/login": [{"email": "ana@example.com", "password": PASSWORD, "next": "/tasks"}],
        "/setup/{secret}": [{"name": "Rut", "email": "rut@example.com", "zone": "UTC", "address": "x", "password": "p"}],
        "/invite/{secret}": [{"name": "Eve", "zone": "UTC", "password": "p"}],
        "/account": [profile],
        "/account/password": [{"current": "no", "password": "another long one"}],
        "/account/tokens": [{"token_name": "Shop"}],
        "/people": [{"email": "new@example.com", "name": "New", "role": "staff"}],
        "/people/{person_id}/role": [{"role": "staff"}],
        "/settings/mail/servers": [server, {**server, "intent": "test"}],
        "/settings/mail/servers/{server_id}": [server],
        "/settings/mail/retry": [{"server": paths["server_id"]}],
        "/settings/never": [{"addresses": "max@example.com"}],
        "/settings/never/remove": [{"key": "max@example.com", "q": "max"}],
        "/unsubscribe/{token}": [{"step": "2"}, {"List-Unsubscribe": "One-Click"}],
        "/unsubscribe/{token}/undo": [{"step": "2"}],
        "/settings/databases": [
            {"id": paths["source_id"], "name": "Shop", "url": f"sqlite:///{paths['shop']}", "seconds": "5"},
            {"id": paths["source_id"], "name": "Shop", "url": "", "seconds": "5"},
        ],
        "/settings/databases/queries": [query, {**query, "intent": "try"}, {**query, "intent": "remove-parameters-0"}],
        "/settings/channels": [channel, {**channel, "intent": "test"}],
        "/settings/hooks": [
            {"name": "H", "channels": "log", "people": "admins", "priority": "normal", "title": "{{ a }}",
             "message": "{{ text }}", "per_minute": "5"},
        ],
        "/inbox/{notice_id}": [{"unread": "1"}],
        "/send-notification/{email}": [{"message": "Hi"}],
        "/send-email/{email}": [{"subject": "Hi", "body": "Hello"}],
        "/api/v1/uploads": [{"use": "attachment"}],
    }  # fmt: skip


def _jsons(paths: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """A good body for each call that takes JSON."""
    return {
        "/send-notification/{email}": {"message": "Hi"},
        "/send-email/{email}": {"subject": "Hi", "body": "Hello"},
        "/hooks/{secret}": {"title": "Backup", "text": "Done"},
        "/api/v1/tasks": {"kind": "email", "form": {}, "not_before": None, "undo": False},
    }
