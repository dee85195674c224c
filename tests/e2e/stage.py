"""Fills a panel with tasks in every state, for screenshots and for the accessibility test."""

import sqlite3
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from tests.factories import make_delivery, make_file, make_person, make_task
from webapp import ingest
from webapp.accounts import people, saved_forms
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.clock import now
from webapp.connections import channels, databases, saved_queries, suppressions
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.files import queries as files
from webapp.files import saved_tables
from webapp.installation import Installation
from webapp.ports.channels import ChannelLimits
from webapp.ports.people import Person
from webapp.ports.tables import Column, Parameter
from webapp.reports.preview import Preview
from webapp.reports.writing.charts import Chart
from webapp.tasks import inbox
from webapp.tasks.transitions import add_line

CHART = Chart(
    "bar",
    "Sales by region",
    ["East", "North", "South", "West"],
    [("Amount", [2_551_151.08, 2_457_622.72, 2_560_588.78, 2_460_932.24])],
    of="Region",
).as_json()
EMAIL = {"to": ["bob@example.com"], "subject": "Your order is ready", "body": "Dear Bob,\n\nyour order is ready."}


def set_stage(installation: Installation, folder: Path) -> dict[str, int | str]:
    """Fills the installation; returns task ids by what they show, and the token of a link to unsubscribe."""
    tasks = _fill(installation, folder)
    with installation.write() as conn:
        ana = people.by_email(conn, installation.settings, "ana@example.com")
        suppressions.add(conn, ["carla@example.com"], "unsubscribed", task=tasks["attention"])
        suppressions.add(conn, ["office@example.net", "zoe.schmidt@example.org"], "added")
    _record(installation, ana, tasks["failed"])
    path = folder / "clients.csv"
    path.write_text("E-mail,Name\n" + "".join(f"p{number}@example.com,Person {number}\n" for number in range(240)))
    table = ingest.receive(installation, ana, "clients.csv", path)
    with installation.write() as conn:
        saved_tables.add(conn, ana, "Clients", table.id)
    _connect_shop(installation, folder)
    with installation.write() as conn:
        for name, service, paused, takes in (
            ("Sales team", "Slack", False, ChannelLimits(body=35_000, title=250)),
            ("Warehouse chat", "Microsoft Teams", True, ChannelLimits(body=28_000, title=250, files=False)),
            ("Night watch", "SMS through Twilio", False, ChannelLimits(body=160, markdown=False, files=False)),
        ):
            channel = channels.ChannelRecord(name=name, service=service, paused=paused, takes=takes)
            channels.save(conn, installation.secrets, channel, "json://example.com/x")
        for title, text, more in (
            ("Meeting at three", "In the small room. Bring the figures of October.", {"key": "a"}),
            (
                "Invoice reminder to 58 people: needs attention",
                "56 sent, 2 failed.",
                {"key": "b", "task": tasks["attention"], "is_own": True, "priority": "high"},
            ),
            ("Lunch", "Pizza is here.", {"key": "c"}),
        ):
            inbox.notify(conn, inbox.NewNotice(person=ana.id, title=title, text=text, **more))
        inbox.mark(conn, ana, 1)
    report = {"data": ["sales"], "group_by": ["Region"]}
    with installation.write() as conn:
        saved_forms.keep(conn, ana, installation.kind("report"), "Sales by region", report, saved_forms.SHORTCUT)
        saved_forms.keep(
            conn, ana, installation.kind("email"), "Opening hours", {"subject": ["Opening hours"]}, saved_forms.SHORTCUT
        )
    return {**tasks, "link": installation.unsubscribe.token(tasks["attention"], "maria.lopez@example.com")}


def _record(installation: Installation, ana: Person, task: int) -> None:
    with installation.write() as conn:
        root = people.by_email(conn, installation.settings, "rut@example.com")
        with origin.acting(origin.of_request("192.0.2.7")) as who:
            who.is_person(root, "4f1c2a90be77d310")
            trail.record(conn, AuditAction.SIGN_IN, Target(TargetKind.PERSON, root.id, root.email))
            details = "host: mail.example.com → smtp.example.com\nport: 25 → 587\npassword: ••• → •••"
            trail.record(conn, AuditAction.CHANGE, Target(TargetKind.MAIL_SERVER, 1, "Office"), details)
            trail.record(conn, AuditAction.RETRY, Target(TargetKind.TASK, task, "Email to Bob", ana.id))
        with origin.acting(origin.of_command()):
            trail.record(conn, AuditAction.BACK_UP, Target(TargetKind.ARCHIVE, "", "outtray.tar.gz"))


def _connect_shop(installation: Installation, folder: Path) -> None:
    """Connects a small foreign database, with a saved query that asks for a region."""
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as resources:
        resources.executescript("create table sale (region text, day text, amount numeric)")
        rows = [("North", "2026-10-03", 1240.5), ("South", "2026-10-04", 99), ("North", "2026-11-02", 310.25)]
        resources.executemany("insert into sale values (?, ?, ?)", rows)
        resources.commit()
    with installation.write() as conn:
        values = databases.read_entry(
            name="Shop", url=f"sqlite:///{path}", seconds="30", data_dir=installation.data_dir, is_new=True
        )
        source = databases.save(conn, installation.secrets, 0, values)
        columns = [
            Column(name="region", type="text"),
            Column(name="day", type="date"),
            Column(name="amount", type="number"),
        ]
        region = Parameter(name="region", title="Region", type="choice", choices=("North", "South"), default="North")
        since = Parameter(name="since", title="Since", type="date", default="2026-10-01")
        text = "SELECT region, day, amount\nFROM sale\nWHERE region = :region AND day >= :since\nORDER BY day"
        saved_queries.save(
            conn,
            SavedQueryRecord(
                source=source,
                name="Sales of a region",
                text=text,
                parameters=[region, since],
                columns=columns,
                everyone=True,
            ),
        )


def _fill(installation: Installation, folder: Path) -> dict[str, int]:
    with installation.write() as conn:
        ana = make_person(conn, installation.settings, "ana@example.com", "Ana Ruiz")
        make_person(conn, installation.settings, "rut@example.com", "Rut Admin", role="admin")
        return {
            "held": _held(conn, ana),
            "failed": _failed(conn, ana),
            "undone": _undone(conn, ana),
            "cancelled": _cancelled(conn, ana),
            "attention": _attention(conn, ana),
            "unknown": _unknown(conn, ana),
            "done": _done(conn, installation, ana, folder),
            "paused": _paused(conn, ana),
            "running": _running(conn, ana),
            "report": _report(conn, ana),
            "notified": _notified(conn, ana),
            "waiting": _waiting(conn, ana),
        }


def _held(conn: Connection, ana: Person) -> int:
    return make_task(
        conn,
        ana,
        "held",
        kind="email",
        form=EMAIL,
        title="Newsletter to 8,400 people",
        hold_reason="restored",
        created=now() - timedelta(days=1),
        progress_total=8_400,
    )


def _failed(conn: Connection, ana: Person) -> int:
    return make_task(
        conn,
        ana,
        "failed",
        kind="report",
        form={"data": "sales", "columns": [], "format": "xlsx", "name": "Stock"},
        title="Stock report",
        cause="disk-full",
        fault="server",
        reference="R-7F3K",
        created=now() - timedelta(hours=20),
        started=now() - timedelta(hours=20),
        finished=now() - timedelta(hours=20),
        technical='Traceback (most recent call last):\n  File "excel.py", line 41\nOSError: [Errno 28] No space left',
        outcome="The disk of the server is full. Nothing was made. Ask an admin to make room, then press Retry.",
    )


def _notified(conn: Connection, ana: Person) -> int:
    form = {"title": "Delivery at gate 4", "message": "The lorry comes at nine.", "channels": ["log"], "people": ["1"]}
    title = "Delivery at gate 4 for everyone"
    task = make_task(conn, ana, "attention", form=form, title=title, outcome="3 sent, 1 failed.")
    make_delivery(conn, task, "Sales team", channel="1", reply="Slack accepted it.")
    make_delivery(conn, task, "Warehouse chat", "failed", channel="2", reply="There is no such place any more.")
    make_delivery(conn, task, "Rut Admin", channel="inbox", data={"person": 2}, reply="In the inbox.")
    make_delivery(conn, task, "everyone", channel="log", reply="Written to the log file.")
    return task


def _undone(conn: Connection, ana: Person) -> int:
    return make_task(
        conn,
        ana,
        "cancelled",
        kind="email",
        form=EMAIL,
        title="Email to carla@example.com",
        cause="undone",
        created=now() - timedelta(hours=5),
        finished=now() - timedelta(hours=5),
        outcome="Taken back. Nothing was sent.",
    )


def _cancelled(conn: Connection, ana: Person) -> int:
    return make_task(
        conn,
        ana,
        "cancelled",
        kind="email",
        form=EMAIL,
        title="Price list to 120 people",
        finished=now() - timedelta(hours=4),
        outcome="Cancelled. 80 sent and cannot be taken back. 40 not sent.",
    )


def _attention(conn: Connection, ana: Person) -> int:
    task = make_task(
        conn,
        ana,
        "attention",
        kind="email",
        form=EMAIL | {"to": [f"c{n}@example.com" for n in range(58)]},
        title="Invoice reminder to 58 people",
        expanded=True,
        progress_done=58,
        progress_total=58,
        queue="mail",
        outcome="56 sent, 2 failed.",
        finished=now() - timedelta(hours=1),
    )
    for n in range(58):
        failed = n in (3, 41)
        reply = "The mail server does not know this address." if failed else "Accepted by the mail server."
        technical = "550 5.1.1 no such user" if failed else ""
        make_delivery(
            conn, task, f"customer{n}@example.com", "failed" if failed else "sent", reply=reply, technical=technical
        )
    return task


def _unknown(conn: Connection, ana: Person) -> int:
    task = make_task(
        conn,
        ana,
        "attention",
        kind="email",
        form=EMAIL,
        title="Email to dora@example.com",
        expanded=True,
        outcome="1 may have arrived: not confirmed.",
        finished=now() - timedelta(minutes=40),
        progress_total=1,
    )
    words = "It may have arrived. The connection broke after the message was handed over."
    make_delivery(conn, task, "dora@example.com", "unknown", reply=words)
    return task


def _done(conn: Connection, installation: Installation, ana: Person, folder: Path) -> int:
    task = make_task(
        conn,
        ana,
        "done",
        kind="report",
        form={"data": "sales", "format": "xlsx", "name": "sales-october"},
        title="Report: sales-october",
        outcome="sales-october.xlsx: 10,000 rows",
        queue="reports",
        chart=CHART,
        started=now() - timedelta(minutes=12, seconds=4),
        finished=now() - timedelta(minutes=12),
    )
    add_line(conn, task, "“Amount”: 3 values were too long for Excel and became text.")
    file = make_file(conn, installation.store, task, ana, folder, "sales-october.xlsx", b"PK" + b"0" * 412_000)
    rows = [["East", "2,551,151.08"], ["North", "2,457,622.72"], ["South", "2,560,588.78"], ["West", "2,460,932.24"]]
    shown = Preview(
        columns=["Region", "Amount"], kinds=["text", "number"], rows=rows, right=[False, True], total=4, width=2
    )
    files.keep_preview(conn, task, "sales-october.xlsx", asdict(shown))
    files.downloaded(conn, file, ana)
    return task


def _paused(conn: Connection, ana: Person) -> int:
    return make_task(
        conn,
        ana,
        "held",
        kind="email",
        form=EMAIL,
        title="Survey to 300 people",
        hold_reason="paused",
        requested_by="Rut Admin",
        progress_done=120,
        progress_total=300,
        progress_words="120 of 300 sent",
    )


def _running(conn: Connection, ana: Person) -> int:
    task = make_task(
        conn,
        ana,
        "running",
        kind="email",
        form=EMAIL,
        title="Spring offer to 1,240 people",
        queue="mail",
        expanded=True,
        started=now() - timedelta(minutes=3),
        progress_done=812,
        progress_total=1_240,
        progress_words="812 of 1,240 sent",
    )
    for n in range(60):
        make_delivery(conn, task, f"friend{n}@example.com", "sent" if n < 40 else "waiting", attempts=int(n < 40))
    return task


def _report(conn: Connection, ana: Person) -> int:
    return make_task(
        conn,
        ana,
        "running",
        kind="report",
        form={"data": "people"},
        title="Report: people",
        queue="reports",
        started=now() - timedelta(seconds=2),
        progress_words="looking through the data",
    )


def _waiting(conn: Connection, ana: Person) -> int:
    later = now() + timedelta(minutes=30)
    return make_task(
        conn,
        ana,
        "waiting",
        kind="email",
        form=EMAIL,
        title="Email to bob@example.com",
        not_before=later,
        undo_until=later,
        created=now(),
        progress_total=1,
    )
