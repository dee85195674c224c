"""Incoming hooks: what other systems post becomes notifications; made and revoked by admins."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from tests.html import read
from tests.kinds.test_notification_channels import channel
from tests.notify.targets import Hook as Target
from webapp.connections import webhooks
from webapp.db import schema
from webapp.errors import UserError
from webapp.notify import template
from webapp.tasks import inbox
from webapp.tasks.cancellation import Control
from webapp.tasks.running import run

MAKE = {"name": "Backups", "channels": "log", "people": "admins", "priority": "high", "per_minute": "3"}


def make(admin, **more) -> str:
    """The path of a new hook."""
    answer = admin.post("/settings/hooks", data={**MAKE, **more})
    assert answer.status_code == 200, answer.text
    return urlsplit(str(read(answer.text).one(id="new-hook")["value"])).path


def told(installation, task_id: int) -> tuple[str, dict]:
    with installation.read() as conn:
        row = conn.execute(select(schema.task.c.title, schema.task.c.form).where(schema.task.c.id == task_id)).one()
    return row.title, row.form


@pytest.mark.parametrize(
    ("body", "title", "message"),
    [
        ("The backup is done.", "", "The backup is done."),
        ('{"text": "Done"}', "", "Done"),
        ('{"project": {"name": "Shop"}, "message": "It broke"}', "Shop", "It broke"),
        ('{"a": [1, {"b": "x"}]}', "", '{"a": [1, {"b": "x"}]}'),
        ("[not json", "", "[not json"),
        ("Zeile 1\nZeile 2 ä €", "", "Zeile 1\nZeile 2 ä €"),
    ],
)
def test_text_and_json_become_a_notification(admin, client, installation, body, title, message):
    path = make(admin, title="{{ project.name }}")
    answer = client.post(path, content=body.encode())
    assert answer.status_code == 202, answer.text
    named, form = told(installation, answer.json()["task"])
    assert (form["title"], form["message"], form["channels"], form["people"]) == (title, message, ["log"], ["admins"])
    assert form["priority"] == "high"
    assert named.startswith("Backups: ")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "text/plain", 422),
        (b"{nothing", "application/json", 422),
        (b"\xff\xfe", "text/plain", 422),
        (b'{"text": ""}', "application/json", 422),
        (b"[" * 40 + b"]" * 40, "application/json", 422),
        (b"x" * 70_000, "text/plain", 413),
        (b"x" * 60_000, "text/plain", 202),
    ],
)
def test_a_body_that_says_nothing_is_refused_in_plain_words(admin, client, body, kind, status):
    answer = client.post(make(admin), content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    if status != 202:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["instance"] == "/hooks/…"


def test_calls_beyond_its_number_are_put_off(admin, client):
    path = make(admin)
    assert [client.post(path, content="x").status_code for _ in range(4)] == [202, 202, 202, 429]
    refused = client.post(path, content="x")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_the_same_key_starts_nothing_twice(admin, client):
    path = make(admin)
    both = [client.post(path, content="x", headers={"Idempotency-Key": "a"}).json()["task"] for _ in range(2)]
    assert both[0] == both[1]


def test_a_secret_that_is_none_opens_nothing(admin, client, installation):
    path = make(admin)
    for wrong in ("/hooks/abc", path[:-1], f"{path}x", "/hooks/%00"):
        assert client.post(wrong, content="x").status_code == 404
    assert client.get(path).status_code == 405
    with installation.read() as conn:
        secret = path.rpartition("/")[2]
        assert secret not in str(conn.execute(webhooks.h.select()).all())
    assert secret not in admin.get("/settings/hooks").text


def test_revoked_is_revoked(admin, client):
    path = make(admin)
    number = read(admin.get("/settings/hooks").text).one("section", aria_label="Hooks").one("b")["id"].split("-")[1]
    assert admin.post(f"/settings/hooks/{number}/revoke").status_code == 303
    assert client.post(path, content="x").status_code == 404
    assert "None yet." in admin.get("/settings/hooks").text


def test_a_channel_that_is_gone_leaves_the_others(admin, client, installation):
    with Target() as target:
        number = channel(installation, target)
        path = make(admin, channels=[number, "log"])
        admin.post(f"/settings/channels/{number}/remove")
        assert told(installation, client.post(path, content="x").json()["task"])[1]["channels"] == ["log"]
    assert "removed" in read(admin.get("/settings/hooks").text).one("section", aria_label="Hooks").text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"channels": "", "people": ""}, "channels"),
        ({"channels": "77"}, "channels"),
        ({"people": "nobody"}, "people"),
        ({"per_minute": "0"}, "per_minute"),
        ({"per_minute": "many"}, "per_minute"),
        ({"message": "{{ text"}, "message"),
        ({"title": "a }} b"}, "title"),
        ({"priority": "x"}, "priority"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(admin, typed, field):
    answer = admin.post("/settings/hooks", data={**MAKE, **typed})
    assert answer.status_code == 422
    assert read(answer.text).one(id=f"{field}-error").text


def test_a_name_is_there_once(admin):
    make(admin)
    assert "already" in read(admin.post("/settings/hooks", data=MAKE).text).one(id="name-error").text


def test_staff_make_none(signed_in):
    assert signed_in.get("/settings/hooks").status_code in (403, 404)
    assert signed_in.post("/settings/hooks", data=MAKE).status_code in (403, 404)


def test_another_site_may_call_it_for_the_address_is_the_secret(admin, client):
    path = make(admin)
    assert client.post(path, content="x", headers={"Origin": "https://ci.example.com"}).status_code == 202


@pytest.mark.parametrize(
    ("text", "given", "filled"),
    [
        ("{{ a.b.1 }}", {"a": {"b": [1, "two"]}}, "two"),
        ("{{a}} and {{ b }}", {"a": 1, "b": True}, "1 and true"),
        ("{{ gone }}.", {}, "."),
        ("{{ a.b }}", {"a.b": "dotted"}, "dotted"),
        ("{{ a.9 }}", {"a": [1]}, ""),
        ("{{ text }}", "plain", "plain"),
        ("{{ text }}", {"message": "m"}, "m"),
        ("{{ text }}", {"text": None, "message": "m"}, ""),
        ("no part", {"a": 1}, "no part"),
        ("{{ a }}", {"a": "{{ b }}", "b": "never filled"}, "{{ b }}"),
    ],
)
def test_templates_take_their_parts(text, given, filled):
    assert template.fill(text, given) == filled


def test_a_brace_that_is_left_over_is_refused():
    with pytest.raises(UserError):
        template.check("{{ a", "title")


def test_people_find_it_in_their_inbox(admin, client, installation, root):
    task_id = client.post(make(admin, title="Backup"), content="Done.").json()["task"]
    run.perform(installation, run.claim(installation, task_id, "test"), Control())
    with installation.read() as conn:
        assert [(one.title, one.text) for one in inbox.listing(conn, root)] == [("Backup", "Done.")]
