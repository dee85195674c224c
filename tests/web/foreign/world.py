"""One installation with a row of everything that an address can name, and those who ask for it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Connection

from tests.factories import make_delivery, make_file, make_person, make_task
from tests.web.foreign.asgi import Headers
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

PEOPLE_CSV = b"email,name\nben@example.com,Ben\neve@example.com,Eve\n"
EMAIL = {"to": ["ben@example.com"], "subject": "Hello", "body": "Hi"}


@dataclass(frozen=True, kw_only=True)
class World:
    """`names`: the ids, secrets and paths of its rows. `who`: the headers of an admin, of staff, a program, nobody."""

    app: FastAPI
    names: Mapping[str, str]
    who: Mapping[str, Headers]


def build_world(installation: Installation, folder: Path) -> World:
    """Fills an empty, migrated installation."""
    with installation.write() as conn:
        root = make_person(conn, installation.settings, "root@example.com", "Rut Admin", role="admin")
        ana = make_person(conn, installation.settings, "ana@example.com", "Ana Ruiz")
        eve = make_person(conn, installation.settings, "eve@example.com", "Eve")
    names = {**_files(installation, root, folder), "person": str(eve.id)}
    with installation.write() as conn:
        names |= _work(conn, installation, root, folder)
        names |= _connections(conn, installation, root, names["shop"])
        names |= _kept(conn, root, names["upload"])
        names |= {"invite": links.new_invite(conn, eve.id).secret, "setup": links.new_setup(conn)}
        names["old_token"] = tokens.add(conn, root.id, "old") and "1"
    return World(app=create_app(installation), names=names, who=_who(installation, root, ana))


def _who(installation: Installation, root: Person, ana: Person) -> Mapping[str, Headers]:
    with installation.write() as conn:
        cookies = {name: sessions.start(conn, one.id) for name, one in (("admin", root), ("staff", ana))}
        token = tokens.add(conn, root.id, "program")
    page = [(b"sec-fetch-site", b"same-origin"), (b"accept", b"text/html"), (b"hx-request", b"false")]
    browsers = {name: [(b"cookie", f"{COOKIE}={cookie}".encode()), *page] for name, cookie in cookies.items()}
    return {**browsers, "program": [(b"authorization", f"Bearer {token}".encode())], "nobody": page}


def _files(installation: Installation, root: Person, folder: Path) -> Mapping[str, str]:
    csv, shop = folder / "people.csv", folder / "shop.db"
    csv.write_bytes(PEOPLE_CSV)
    with closing(sqlite3.connect(shop)) as conn:
        conn.executescript("create table sale (region text, amount numeric); insert into sale values ('North', 1)")
    return {"upload": ingest.receive(installation, root, "people.csv", csv).id, "shop": f"sqlite:///{shop}"}


def _work(conn: Connection, installation: Installation, root: Person, folder: Path) -> Mapping[str, str]:
    task = make_task(conn, root, "attention", kind="email", form=EMAIL, cause="mail-refused")
    make_delivery(conn, task, "ben@example.com", "failed")
    run = make_task(conn, root, "waiting", kind="email", form={**EMAIL, "to": ["a@example.com", "b@example.com"]})
    make_task(conn, root, "failed", kind="notification", cause="mail-refused", outcome="No.")
    inbox.notify(conn, inbox.NewNotice(person=root.id, title="Hello", text="Hi", key="k"))
    return {
        "task": str(task),
        "run": str(run),
        "file": make_file(conn, installation.store, task, root, folder),
        "old_file": make_file(conn, installation.store, task, root, folder, "old.csv"),
        "unsubscribe": installation.unsubscribe.token(task, "ben@example.com"),
    }


def _connections(conn: Connection, installation: Installation, root: Person, shop: str) -> Mapping[str, str]:
    source = {"name": "Shop", "url": shop, "shown": "sqlite", "seconds": 5}
    source_id = databases.save(conn, installation.secrets, 0, source)
    old_source = databases.save(conn, installation.secrets, 0, {**source, "name": "Old"})
    region = Parameter(name="region", title="Region", default="North")
    text = "select region, amount from sale where region = :region"
    queries = [
        SavedQueryRecord(source=source_id, name=name, text=text, parameters=[region], everyone=True)
        for name in ("Sales", "Old")
    ]
    channel = ChannelRecord(name="Warehouse", service="Webhook (JSON)", internal=True, helper="json")
    smtp = SmtpSettings(scheme="smtp", host="127.0.0.1", port=9)
    servers = [Server(name=name, smtp=smtp, sender=f"{name}@example.com", is_default=name == "a") for name in "ab"]
    hooks = [
        IncomingWebhook(
            name=name,
            channels=["log"],
            people=[],
            priority="normal",
            title="{{ title }}",
            message="{{ text }}",
            per_minute=600,
            owner=root.id,
        )
        for name in "AB"
    ]
    return {
        "source": str(source_id),
        "old_source": str(old_source),
        "query": str(saved_queries.save(conn, queries[0])),
        "old_query": str(saved_queries.save(conn, queries[1])),
        "channel": str(channels.save(conn, installation.secrets, channel, "json://127.0.0.1:9/x")),
        "server": str(mail_servers.save(conn, installation.secrets, servers[0])),
        "old_server": str(mail_servers.save(conn, installation.secrets, servers[1])),
        "hook": webhooks.add(conn, hooks[0]),
        "old_hook": webhooks.add(conn, hooks[1]) and "2",
    }


def _kept(conn: Connection, root: Person, upload: str) -> Mapping[str, str]:
    email, form = KINDS["email"], {"subject": ["Hello"], "body": ["Hi"]}
    for name, purpose in (("Reminder", saved_forms.TEMPLATE), ("Weekly", saved_forms.SHORTCUT)):
        saved_forms.keep(conn, root, email, name, form, purpose)
    drafts.keep(conn, root, email, "draft1", EmailForm.model_validate(EMAIL))
    return {
        "list": str(saved_tables.add(conn, root, "People", upload)),
        "old_list": str(saved_tables.add(conn, root, "Old", upload)),
        "data": f"d-{saved_tables.add(conn, root, 'Clients', upload, saved_tables.DATA)}",
        "template": str(saved_forms.listing(conn, root, email)[0].id),
        "shortcut": str(saved_forms.shortcuts(conn, root)[0][1].id),
    }
