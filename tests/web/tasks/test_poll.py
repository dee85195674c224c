"""Polls: 204 while nothing is new, one drawing for many readers, 401 for who was signed out."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, event

from tests.factories import make_person, make_task
from tests.html import Element, read
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.web.tasks.poll import KEPT, Fragment, FragmentCache


@pytest.fixture
def statements(installation):
    """What the database is asked from now on."""
    asked: list[str] = []
    event.listen(installation.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    return asked


def new(installation, owner, state: str = "done", **columns) -> int:
    with installation.write() as conn:
        return make_task(conn, owner, state, **columns)


def log_of(html: str) -> Element:
    return read(html).one("section", id="task-log")


def test_an_unchanged_log_is_204_without_asking_the_database(signed_in, installation, ana, statements):
    new(installation, ana)
    poll = log_of(signed_in.get("/").text)["hx-get"]
    installation.look_for_changes()
    statements.clear()
    answer = signed_in.get(poll)
    assert (answer.status_code, answer.content) == (204, b"")
    # The watcher of the version may have looked meanwhile; the poll itself may not.
    assert [one for one in statements if "version" not in one and not one.startswith("BEGIN")] == []


def test_a_change_is_shown_with_the_next_poll(signed_in, installation, ana):
    poll = log_of(signed_in.get("/").text)["hx-get"]
    task_id = new(installation, ana, "running")
    answer = signed_in.get(poll)
    log = log_of(answer.text)
    assert answer.status_code == 200
    assert log.one("li", id=f"task-{task_id}")
    assert log["hx-get"] != poll
    assert signed_in.get(log["hx-get"]).status_code == 204


def test_the_count_in_the_rail_comes_with_the_log(signed_in, installation, ana):
    new(installation, ana, "failed")
    partial = read(signed_in.get("/tasks/log?seen=0").text).one("hx-partial", hx_target="#need-you")
    assert partial["hx-target"] == "#need-you"
    assert "1 need you" in partial.text


def test_filter_and_page_stay_in_the_poll(signed_in, installation, ana):
    ids = [new(installation, ana, "failed") for _ in range(3)]
    new(installation, ana, "done")
    log = log_of(signed_in.get(f"/tasks/log?seen=0&state=failed&before={ids[2]}").text)
    assert {row["id"] for row in log.all("li", class_="row")} == {f"task-{ids[0]}", f"task-{ids[1]}"}
    assert log["hx-get"].endswith(f"&state=failed&before={ids[2]}")


def test_a_row_whose_undo_is_over_is_drawn_anew_though_nothing_has_changed(signed_in, installation, ana):
    task_id = new(
        installation, ana, "waiting", undo_until=now() + timedelta(hours=1), not_before=now() + timedelta(hours=1)
    )
    poll = log_of(signed_in.get("/").text)["hx-get"]
    assert signed_in.get(poll).status_code == 204
    version, _, stale_at = poll.partition("seen=")[2].partition("-")
    assert int(stale_at) > now().timestamp()
    answer = signed_in.get(f"/tasks/log?seen={version}-{int(now().timestamp()) - 1}")
    assert answer.status_code == 200
    assert f"task-{task_id}-undo" in answer.text


def test_nobody_sees_anothers_log(signed_in, admin, installation, ana):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
        make_task(conn, ben, title="Secret of Ben")
    assert "Secret of Ben" in admin.get("/tasks/log?seen=0").text
    assert "Secret of Ben" not in signed_in.get("/tasks/log?seen=0").text


def test_a_session_that_has_ended_is_401_and_never_a_page(signed_in, installation):
    poll = log_of(signed_in.get("/").text)["hx-get"]
    with installation.write() as conn:
        conn.execute(delete(schema.session))
        mark_changed(conn)
    answer = signed_in.get(poll, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text) == (401, "")


def test_a_signed_out_browser_gets_nothing(client, installation):
    installation.look_for_changes()
    assert client.get(f"/tasks/log?seen={installation.version}").status_code == 401


@pytest.mark.parametrize("seen", ["", "x", "-", "1-x", "99999999999", "½"])
def test_a_strange_seen_gets_the_log(signed_in, seen):
    assert signed_in.get("/tasks/log", params={"seen": seen}).status_code == 200


def test_the_page_of_a_task_polls_in_the_same_way(signed_in, installation, ana):
    task_id = new(installation, ana, "running")
    poll = read(signed_in.get(f"/tasks/{task_id}").text).one(id="task-live")["hx-get"]
    assert poll.startswith(f"/tasks/{task_id}/live?")
    assert signed_in.get(poll).status_code == 204
    new(installation, ana)
    assert signed_in.get(poll).status_code == 200


class TestFragments:
    """The store of what was drawn."""

    def test_one_drawing_serves_all_who_ask_for_the_same(self):
        fragments, drawn = FragmentCache(), []

        def build() -> Fragment:
            drawn.append(1)
            return Fragment("7", "html", 0.0)  # long ago: only its version makes it good

        for _ in range(5):
            fragments.get(("ana",), 7, build)
        assert len(drawn) == 1
        fragments.get(("ben",), 7, build)
        fragments.get(("ana",), 8, build)
        assert len(drawn) == 3

    def test_a_busy_house_is_drawn_once_a_second_at_the_most(self):
        from time import monotonic

        fragments, drawn = FragmentCache(), []
        for version in range(50):
            fragments.get(("ana",), version, lambda: drawn.append(1) or Fragment("0", "html", monotonic() + 60))
        assert len(drawn) == 1

    def test_it_does_not_grow_for_ever(self):
        fragments = FragmentCache()
        for number in range(KEPT + 50):
            fragments.get((number,), 1, lambda: Fragment("1", "html", 0.0))
        assert len(fragments._kept) == KEPT
