"""What names a removed thing says so, and never means the thing that was added after it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Table, select

from tests.db.test_ids import insert_row
from tests.kinds.performing import deliveries, look, start
from tests.kinds.test_notification_channels import channel
from tests.notify.targets import Hook
from tests.web.api.test_incoming_webhooks import make
from webapp.accounts import saved_forms
from webapp.db import schema
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks.cancellation import Control
from webapp.tasks.model import State
from webapp.tasks.running import run


@pytest.fixture
def service():
    with Hook() as running:
        yield running


@pytest.mark.parametrize("named", [str, lambda number: "Other"], ids=["by its id as a name", "by another name"])
def test_a_waiting_task_for_a_removed_channel_fails_and_nobody_else_gets_it(
    admin, installation: Installation, root: Person, service: Hook, named: Callable[[str], str]
):
    board = channel(installation, service, "/board", "Board (confidential)")
    waiting = start(installation, root, "notification", message="Secret", channels=[board])
    assert admin.post(f"/settings/channels/{board}/remove").status_code == 303
    assert channel(installation, service, "/public", named(board)) != board
    run.perform(installation, run.claim(installation, waiting, "test"), Control())
    task = look(installation, root, waiting)
    assert task.state is State.FAILED
    (row,) = deliveries(installation, root, task)
    assert (row.state, row.reply) == ("failed", "This channel is not there any more, or not for you.")
    assert service.got == []


@pytest.mark.parametrize("named", [str, lambda number: "Other"], ids=["by its id as a name", "by another name"])
def test_a_hook_for_a_removed_channel_is_refused_with_a_message(
    admin, client, installation: Installation, service: Hook, named: Callable[[str], str]
):
    board = channel(installation, service, "/board", "Board (confidential)")
    path = make(admin, channels=board, people=[])
    assert client.post(path, content=b"Secret").status_code == 202
    admin.post(f"/settings/channels/{board}/remove")
    channel(installation, service, "/public", named(board))
    answer = client.post(path, content=b"Secret")
    assert answer.status_code == 422
    assert "There is no channel" in answer.text
    assert service.got == []


# Every Remove or Revoke button of a numbered thing, as an old page still shows it.
BUTTONS = {
    "channel": "/settings/channels/{}/remove",
    "hook": "/settings/hooks/{}/revoke",
    "source": "/settings/databases/{}/remove",
    "query": "/settings/databases/queries/{}/remove",
    "server": "/settings/mail/servers/{}/remove",
    "token": "/account/tokens/{}/revoke",
    "saved_list": "/lists/{}/remove",
    "kept": "/shortcuts/{}/remove",
}


@pytest.mark.parametrize("name", BUTTONS)
def test_an_old_pages_button_removes_nothing_newer(admin, installation: Installation, root: Person, name: str):
    table = schema.metadata.tables[name]
    with installation.write() as conn:
        first = added(conn, table, root)
    assert admin.post(BUTTONS[name].format(first)).status_code == 303
    with installation.write() as conn:
        second = added(conn, table, root)
    again = admin.post(BUTTONS[name].format(first))
    assert again.status_code == (303 if name == "kept" else 404)
    with installation.read() as conn:
        assert conn.execute(select(table.c.id)).scalars().all() == [second]


def added(conn: Connection, table: Table, root: Person) -> int:
    row_id = insert_row(conn, table)
    mine = {"person": root.id, "owner": root.id, "purpose": saved_forms.SHORTCUT if table.name == "kept" else "list"}
    if values := {name: value for name, value in mine.items() if name in table.c}:
        conn.execute(table.update().values(values))
    conn.execute(schema.upload.update().values(owner=root.id, understood={"rows": 1, "columns": [], "notes": []}))
    return row_id
