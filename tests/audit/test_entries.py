"""What an entry says: who, what, whose, old and new values without secrets, and from where."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.factories import PASSWORD, make_file, make_person, make_task
from tests.html import read
from webapp.accounts import commands
from webapp.audit import actions, origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.audit.trail import AuditEntry, Criteria
from webapp.connections import webhooks
from webapp.connections.webhooks import IncomingWebhook
from webapp.installation import Installation
from webapp.maintenance.audit_seals import Sealing

ROOT = "Rut Admin <root@example.com>"
SERVER = {
    "name": "Office", "host": "mail.example.com", "port": "25", "scheme": "smtp", "from_address": "a@example.com",
    "user": "u", "password": "first-s3cret", "connections": "1", "is_default": "on",
}  # fmt: skip


def entries(installation: Installation, **criteria) -> list[AuditEntry]:
    with installation.read() as conn:
        return trail.listing(conn, Criteria(**criteria))


def newest(installation: Installation) -> tuple[str, ...]:
    one = entries(installation)[0]
    return one.who, one.action, one.kind, one.subject, one.target_owner


def file_of(installation: Installation, owner, folder: Path, name: str = "sales.csv") -> str:
    with installation.write() as conn:
        return make_file(conn, installation.store, make_task(conn, owner, "done"), owner, folder, name, b"0123456789")


def outtray(installation: Installation, *args: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "webapp", *args],
        env={**os.environ, "OUTTRAY_DATA_DIR": str(installation.data_dir)},
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_action_and_kind_has_a_text_and_is_used():
    assert actions.TEXTS.keys() == {*AuditAction}
    assert actions.KIND_TEXTS.keys() == {*TargetKind}
    source = "".join(path.read_text() for path in Path("webapp").rglob("*.py") if path.name != "actions.py")
    source += Path("webapp/web/tasks/actions.py").read_text()
    unused = [one.name for one in AuditAction if f"AuditAction.{one.name}" not in source]
    unused += [one.name for one in TargetKind if f"TargetKind.{one.name}" not in source]
    assert unused == []


def test_what_an_admin_does_to_another_persons_things_names_the_owner(admin, installation, ana, tmp_path):
    file_id = file_of(installation, ana, tmp_path)
    admin.get(f"/files/{file_id}/download")
    assert newest(installation) == (ROOT, "downloaded", "the file", "sales.csv", ana.email)
    admin.post(f"/files/{file_id}/delete")
    assert newest(installation) == (ROOT, "removed", "the file", "sales.csv", ana.email)
    with installation.write() as conn:
        task = make_task(conn, ana, "waiting", title="News")
    admin.post(f"/tasks/{task}/cancel")
    assert newest(installation) == (ROOT, "cancelled", "the task", "News", ana.email)
    admin.get(f"/tasks/{task}/recipients.csv")
    assert newest(installation) == (ROOT, "exported", "the recipients of the task", "News", ana.email)
    (entry, *_) = entries(installation)
    assert (entry.number, entry.network, len(entry.session)) == (str(task), "testclient", 16)


def test_one_persons_own_things_name_no_owner(signed_in, installation, ana, tmp_path):
    signed_in.get(f"/files/{file_of(installation, ana, tmp_path)}/download")
    assert newest(installation)[4] == ""


def test_a_part_of_a_file_is_a_download_too_and_its_further_parts_are_the_same(admin, installation, ana, tmp_path):
    file_id = file_of(installation, ana, tmp_path)
    for first in (1, 4, 7):
        assert admin.get(f"/files/{file_id}/download", headers={"Range": f"bytes={first}-"}).status_code == 206
    assert [one.action for one in entries(installation)] == ["downloaded"]


def test_a_pdf_that_is_viewed_is_recorded(admin, installation, ana, tmp_path):
    with installation.write() as conn:
        task = make_task(conn, ana, "done")
        file_id = make_file(conn, installation.store, task, ana, tmp_path, "sales.pdf", b"%PDF-1.7")
        conn.execute(text("update file set media_type = 'application/pdf'"))
    assert admin.get(f"/files/{file_id}/view").status_code == 200
    assert newest(installation) == (ROOT, "viewed", "the file", "sales.pdf", ana.email)


@pytest.mark.parametrize("case", ["wrong", "unknown", "disabled"])
def test_a_refused_sign_in_says_why_and_shows_no_password(client, installation, root, ana, case):
    if case == "disabled":
        with installation.write() as conn:
            commands.disable(conn, ana)
    email = "my secret password" if case == "unknown" else ana.email
    client.post("/login", data={"email": email, "password": PASSWORD if case == "disabled" else "wr0ng pass phrase"})
    (entry,) = entries(installation)
    assert (entry.who, entry.action, entry.network) == ("not signed in", "was refused a sign-in as", "testclient")
    assert entry.subject == ("an unknown address" if case == "unknown" else ana.email)
    assert entry.details == ("disabled" if case == "disabled" else "wrong password")
    assert "secret" not in repr(entry)
    assert "wr0ng" not in repr(entry)


def test_refusals_for_too_many_tries_make_one_entry(client, installation, root, ana):
    for _ in range(12):
        client.post("/login", data={"email": ana.email, "password": "wr0ng pass phrase"})
    reasons = [entry.details for entry in entries(installation)]
    assert reasons.count("too many tries") == 1
    assert reasons.count("wrong password") < 12


def test_sign_in_and_sign_out_bear_the_same_session(client, installation, ana):
    client.post("/login", data={"email": ana.email, "password": PASSWORD})
    client.post("/logout")
    out, came = entries(installation)
    assert (came.action, out.action) == ("signed in", "signed out")
    assert came.session == out.session != ""
    assert came.who == out.who == "Ana Ruiz <ana@example.com>"


def test_a_wrong_token_makes_one_entry(stranger_program, installation):
    for number in range(3):
        stranger_program.get("/api/v1/tasks", headers={"Authorization": f"Bearer out_{number}"})
    stranger_program.get("/api/v1/tasks")
    assert [(entry.action, entry.details) for entry in entries(installation)] == [
        ("was refused a sign-in as", "wrong token")
    ]


@pytest.fixture
def stranger_program(client):
    return client


def test_a_hook_is_the_one_who_acts(client, installation, root):
    hook = IncomingWebhook(
        name="Backups", channels=["log"], people=[], priority="normal", title="", message="{{ text }}", per_minute=9,
        owner=root.id,
    )  # fmt: skip
    with installation.write() as conn:
        secret = webhooks.add(conn, hook)
    client.post(f"/hooks/{secret}", json={"text": "Done"})
    assert newest(installation)[:3] == ("webhook Backups", "started", "the task")
    assert entries(installation)[0].target_owner == root.email
    assert secret not in repr(entries(installation))


def test_a_link_in_an_email_is_not_the_command_line(client, installation, ana):
    with installation.write() as conn:
        task = make_task(conn, ana, "done", kind="email")
    token = installation.unsubscribe.token(task, "ben@example.com")
    client.post(f"/unsubscribe/{token}", data={"step": "2"})
    client.post(f"/unsubscribe/{token}/undo", data={"step": "2"})
    assert [(one.who, one.action, one.subject) for one in entries(installation)] == [
        ("recipient, by link", "subscribed again", "ben@example.com"),
        ("recipient, by link", "unsubscribed", "ben@example.com"),
    ]


def test_a_change_of_settings_shows_old_and_new_but_no_secret(admin, installation):
    admin.post("/settings/mail/servers", data=SERVER)
    admin.post("/settings/mail/servers/1", data={**SERVER, "port": "587", "password": "second-s3cret"})
    changed, added = entries(installation)
    assert changed.details.splitlines() == ["port: 25 → 587", "password: ••• → •••"]
    assert {"host: mail.example.com", "password: •••"} <= {*added.details.splitlines()}
    assert "s3cret" not in repr(entries(installation))


def test_a_command_names_the_user_of_the_system(installation, root, tmp_path):
    assert outtray(installation, "user", "add", "cleo@example.com", "--role", "staff", "--password-stdin")[0] == 0
    assert outtray(installation, "token", "add", "cleo@example.com", "--name", "Shop")[0] == 0
    assert outtray(installation, "backup", str(tmp_path / "b.tar.gz"))[0] == 0
    assert outtray(installation, "rotate-key")[0] == 0
    found = [(one.who, one.action, one.subject) for one in entries(installation)]
    me = origin.of_command().actor
    assert found == [
        (me, "encrypted the secrets with a new key", ""),
        (me, "made a backup", str(tmp_path / "b.tar.gz")),
        (me, "added", "Shop"),
        (me, "added", "cleo@example.com"),
    ]
    assert me.startswith("command line (")


def test_check_verifies_the_trail(installation, root):
    with installation.write() as conn:
        for number in range(3):
            trail.record(conn, AuditAction.ADD, Target(TargetKind.LIST, number, f"List {number}"))
    Sealing(installation).step()
    assert outtray(installation, "check", "--audit") == (0, "The audit trail is whole: 3 entries.\n", "")
    with installation.write() as conn:
        conn.execute(text("drop trigger audit_no_update"))
        conn.execute(text("update audit set subject = 'x' where id = 2"))
    code, out, _ = outtray(installation, "check", "--audit")
    assert (code, out) == (1, "Entries 1 to 3 were changed or moved, or their seal was.\n")


def test_the_page_finds_by_text_person_action_and_day(admin, installation, root, ana):
    with installation.write() as conn:
        with origin.acting(origin.of_person(ana)):
            trail.record(conn, AuditAction.ADD, Target(TargetKind.LIST, 1, "Clients"), "=1+1")
        with origin.acting(origin.of_person(root)):
            trail.record(conn, AuditAction.REMOVE, Target(TargetKind.LIST, 1, "Clients", ana.id))
            trail.record(conn, AuditAction.REMOVE, Target(TargetKind.LIST, 2, "Pupils"))

    def shown(query: str) -> list[str]:
        return [row.one("b").text for row in read(admin.get(f"/settings/audit?{query}").text).one("ol").all("li")]

    assert len(shown("")) == 3
    assert len(shown("q=clients")) == 2
    assert len(shown(f"person={ana.id}")) == 2  # what she did, and what was done to hers
    assert shown("action=add") == ["Ana Ruiz <ana@example.com>"]
    assert len(shown("since=2020-01-01&until=2999-01-01")) == 3
    for query in ("q=nothing", "since=2999-01-01", "until=2020-01-01", "person=99"):
        assert "No entry matches." in admin.get(f"/settings/audit?{query}").text
    assert "Write a day such as" in admin.get("/settings/audit?since=x").text

    answer = admin.get("/settings/audit/audit.csv?action=add")
    head, row = csv.reader(io.StringIO(answer.text))
    assert dict(zip(head, row, strict=True))["Details"] == "'=1+1"
    assert newest(installation)[:3] == (ROOT, "exported", "the audit trail")
    assert entries(installation)[0].details == "action: add"


def test_the_page_shows_fifty_at_a_time(admin, installation):
    with installation.write() as conn:
        for number in range(60):
            trail.record(conn, AuditAction.ADD, Target(TargetKind.LIST, number, f"List {number}"))
    page = read(admin.get("/settings/audit?q=List").text)
    assert len(page.one("ol").all("li")) == 50
    older = next(link["href"] for link in page.all("a") if link.text == "Older")
    rest = read(admin.get(older).text)
    assert len(rest.one("ol").all("li")) == 10
    assert "q=List" in older


def test_staff_see_none_of_it(signed_in):
    assert signed_in.get("/settings/audit").status_code == 403
    assert signed_in.get("/settings/audit/audit.csv").status_code == 403


def test_a_list_that_is_kept_from_a_form_is_recorded(signed_in, installation, ana, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\nben@example.com,Ben\n")
    with path.open("rb") as file:
        signed_in.post("/lists", data={"name": "Clients"}, files={"file": file})
    assert newest(installation)[1:4] == ("added", "the list", "Clients")


def test_a_person_who_takes_an_invitation_signs_in_by_link(client, installation, root):
    with installation.write() as conn:
        from webapp.accounts import links

        eve = make_person(conn, installation.settings, "eve@example.com", "Eve")
        secret = links.new_invite(conn, eve.id).secret
    client.post(f"/invite/{secret}", data={"name": "Eve", "zone": "UTC", "password": "a river of long words 7"})
    came, chose = entries(installation)
    assert (came.action, chose.action, chose.details) == ("signed in", "chose a password", "by link")
    assert came.who == chose.who == "Eve <eve@example.com>"
    assert chose.session == "link"
