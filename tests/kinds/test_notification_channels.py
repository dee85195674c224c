"""Notifications to channels and inboxes: a delivery for each, retried separately, and no secret URL in any output."""

import json

import pytest

from tests.factories import make_person
from tests.html import read
from tests.kinds.performing import deliveries, lines, look, perform, start
from tests.notify.targets import Hook
from webapp.connections import channels
from webapp.connections.channels import ChannelRecord
from webapp.db import schema
from webapp.errors import FormErrors
from webapp.kinds.notification.kind import KIND, check
from webapp.tasks import commands, inbox
from webapp.tasks.cancellation import Control
from webapp.tasks.model import State
from webapp.tasks.running import run

SECRET = "topsecret5f3a"


@pytest.fixture
def hook():
    with Hook() as running:
        yield running


def channel(installation, hook, path="/hook", name="Warehouse", **more):
    given = {"everyone": True, "people": (), "paused": False, **more}
    with installation.write() as conn:
        stored = ChannelRecord(name=name, service="Webhook (JSON)", internal=True, **given)
        return str(channels.save(conn, installation.secrets, stored, hook.url(f"{path}?key={SECRET}")))


def state_of(installation, ana, task):
    return {row.to: (row.state, row.reply) for row in deliveries(installation, ana, task)}


def test_each_channel_is_a_delivery_and_all_get_it(installation, ana, hook):
    one, two = channel(installation, hook, "/one", "One"), channel(installation, hook, "/two", "Two")
    task = perform(
        installation, ana, "notification", message="The parcel is here", title="Parcel", channels=[one, two, "log"]
    )
    assert (task.state, task.outcome) == (State.DONE, "3 sent.")
    assert (hook.count("/one"), hook.count("/two")) == (1, 1)
    assert state_of(installation, ana, task)["One"] == ("sent", "JSON accepted it.")
    assert "Parcel: The parcel is here" in (installation.data_dir / "log.txt").read_text()


def test_a_program_names_a_channel(installation, ana, hook):
    channel(installation, hook)
    task = perform(installation, ana, "notification", message="Hi", channels=["Warehouse"])
    assert (task.state, hook.count("/hook")) == (State.DONE, 1)


def test_only_what_failed_is_tried_again(installation, ana, hook):
    good, bad = channel(installation, hook, "/good", "Good"), channel(installation, hook, "/bad", "Bad")
    hook.on("/bad", status=404, times=1)
    task = perform(installation, ana, "notification", message="Hi", channels=[good, bad])
    assert task.state is State.ATTENTION
    assert state_of(installation, ana, task)["Bad"] == ("failed", "There is no such place any more.")
    with installation.write() as conn:
        commands.retry(conn, installation.engine, task, ana)
    run.perform(installation, run.claim(installation, task.id, "test"), Control())
    assert look(installation, ana, task.id).state is State.DONE
    assert (hook.count("/good"), hook.count("/bad")) == (1, 1)


def test_later_waits_as_long_as_the_channel_asks(installation, ana, hook):
    hook.on("/hook", status=429, headers={"Retry-After": "500"}, times=1)
    task = perform(installation, ana, "notification", message="Hi", channels=[channel(installation, hook)])
    assert task.state is State.WAITING
    (row,) = deliveries(installation, ana, task)
    assert 450 < (row.next_try - row.updated).total_seconds() < 510


def test_a_slow_channel_delays_no_other(installation, ana, hook):
    slow, quick = channel(installation, hook, "/slow", "Slow"), channel(installation, hook, "/quick", "Quick")
    hook.on("/slow", wait=1.5)
    task = perform(installation, ana, "notification", message="Hi", channels=[slow, quick])
    assert task.state is State.DONE
    assert [path for path, _ in hook.got] == ["/quick", "/slow"]


def test_people_find_it_in_their_inboxes(installation, ana, root):
    task = perform(
        installation, ana, "notification", message="At three", title="Meeting", channels=[], people=["everyone"]
    )
    assert (task.state, task.outcome) == (State.DONE, "2 sent.")
    with installation.read() as conn:
        (notice,) = inbox.listing(conn, root)
        assert (notice.title, notice.text, inbox.unread(conn, root)) == ("Meeting", "At three", 1)
        assert notice.html == "<p>At three</p>\n"
    only = perform(installation, ana, "notification", message="Hi", channels=[], people=["admins"])
    assert [row.to for row in deliveries(installation, ana, only)] == ["Rut Admin"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"channels": []}, "channels", "Choose a channel."),
        ({"channels": ["pigeon"]}, "channels", "There is no channel “pigeon”"),
        ({"channels": ["99"]}, "channels", "There is no channel “99”"),
        ({"channels": ["Nowhere"]}, "channels", "There is no channel “Nowhere”"),
        ({"people": ["99"]}, "people", "There is no active person “99”"),
        ({"attachments": ["f-1"]}, "attachments", "There is no such file."),
    ],
)
def test_what_is_not_there_is_explained_next_to_its_field(installation, ana, given, field, words):
    form = KIND.form.model_validate({"message": "Hi", **given})
    with pytest.raises(FormErrors) as raised:
        check(form, installation.form_context(ana))
    assert words in raised.value.errors[field]


def test_only_those_whom_the_admin_named_use_a_channel(installation, ana, hook):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
    number = channel(installation, hook, everyone=False, people=(ben.id,))
    with pytest.raises(FormErrors):
        check(KIND.form.model_validate({"message": "Hi", "channels": [number]}), installation.form_context(ana))
    assert perform(installation, ana, "notification", message="Hi", channels=[number]).state is State.FAILED
    assert perform(installation, ben, "notification", message="Hi", channels=[number]).state is State.DONE
    assert hook.count("/hook") == 1


def test_a_channel_that_had_trouble_rests_for_all_tasks(installation, ana, hook):
    hook.on("/hook", status=503, headers={"Retry-After": "60"}, times=1)
    number = channel(installation, hook)
    other = channel(installation, hook, "/other", "Other")
    for _ in range(2):
        task = perform(installation, ana, "notification", message="Hi", channels=[number, other])
        assert task.state is State.WAITING
    assert (hook.asked.count("/hook"), hook.count("/other")) == (1, 2)


def test_a_paused_channel_waits_and_says_so(installation, ana, hook):
    task = perform(installation, ana, "notification", message="Hi", channels=[channel(installation, hook, paused=True)])
    assert task.state is State.WAITING
    assert "The channel “Warehouse” is paused." in task.outcome
    assert hook.asked == []


def test_a_channel_that_is_removed_fails_with_a_clear_message(installation, ana, hook):
    number = channel(installation, hook)
    task_id = start(installation, ana, "notification", message="Hi", channels=[number])
    with installation.write() as conn:
        channels.remove(conn, int(number))
    run.perform(installation, run.claim(installation, task_id, "test"), Control())
    task = look(installation, ana, task_id)
    assert task.state is State.FAILED
    assert [row.reply for row in deliveries(installation, ana, task)] == [
        "This channel is not there any more, or not for you."
    ]


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 404}, {"drop": True}, {"status": 302}, {"status": 200}])
def test_an_address_appears_nowhere(installation, ana, admin, signed_in, hook, caplog, how):
    hook.on("/hook", **how)
    number = channel(installation, hook)
    task = perform(installation, ana, "notification", message="Hi", channels=[number])
    pages = [
        signed_in.get(path).text
        for path in ("/", "/new/notification", f"/tasks/{task.id}", f"/new/notification?from={task.id}")
    ]
    pages += [
        admin.get(path).text
        for path in (f"/tasks/{task.id}", "/settings", "/settings/channels", f"/settings/channels?channel={number}")
    ]
    with installation.read() as conn:
        stored = [str(row) for table in schema.metadata.sorted_tables for row in conn.execute(table.select())]
    log = installation.data_dir / "log.txt"
    texts = [*pages, *stored, *lines(installation, task), caplog.text, log.read_text() if log.exists() else ""]
    texts.append(json.dumps(str(task)))
    assert not [text for text in texts if SECRET in text]


def test_an_admin_adds_tests_pauses_and_removes_a_channel(admin, installation, hook, root):
    address = f"http://127.0.0.1:{hook.port}/hook?key={SECRET}"
    fields = {"service": "json", "name": "Warehouse", "field.address": address, "everyone": "on"}
    refused = admin.post("/settings/channels", data={**fields, "intent": "test"})
    assert "own network" in refused.text
    assert hook.asked == []
    tried = admin.post("/settings/channels", data={**fields, "internal": "on", "intent": "test"})
    assert "accepted it" in tried.text
    assert admin.post("/settings/channels", data={**fields, "internal": "on", "intent": "save"}).status_code == 303
    page = read(admin.get("/settings/channels").text)
    assert "Warehouse" in page.text
    said = admin.get(admin.post("/settings/channels/1/test").headers["location"]).text
    assert "accepted it" in read(said).one(id="status").text
    admin.post("/settings/channels/1/pause")
    assert "paused" in read(admin.get("/settings/channels").text).one("section", aria_label="Channels").text
    renamed = {"id": "1", "name": "Dock", "everyone": "on", "internal": "on", "intent": "save"}
    assert admin.post("/settings/channels", data=renamed).status_code == 303
    assert perform(installation, root, "notification", message="Hi", channels=["Dock"]).state is State.WAITING
    admin.post("/settings/channels/1/remove")
    assert "None yet." in read(admin.get("/settings/channels").text).text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"field.address": ""}, "address"),
        ({"field.address": "nonsense"}, "address"),
        ({"service": "other", "field.address": "file:///etc/passwd"}, "address"),
    ],
)
def test_what_is_wrong_with_a_channel_is_explained_next_to_its_field(admin, fields, field):
    given = {"service": "json", "name": "X", "field.address": "https://example.com/x", "intent": "save", **fields}
    answer = admin.post("/settings/channels", data=given)
    assert answer.status_code == 422
    assert read(answer.text).one(id=f"{field}-error").text


def test_what_is_typed_hidden_is_kept_for_the_next_press_without_standing_in_the_page(admin, installation, hook):
    fields = {"service": "json", "name": "", "internal": "on", "field.address": hook.url(f"/{SECRET}", "http")}
    tried = admin.post("/settings/channels", data={**fields, "intent": "test"})
    refused = admin.post("/settings/channels", data={**fields, "intent": "save"})
    assert ("accepted it" in tried.text, refused.status_code) == (True, 422)
    assert SECRET not in tried.text + refused.text
    kept = read(refused.text).one("input", name="kept")["value"]
    again = {**fields, "name": "Dock", "field.address": "", "kept": kept, "everyone": "on", "intent": "save"}
    assert admin.post("/settings/channels", data=again).status_code == 303
    assert admin.post("/settings/channels/1/test").status_code == 303
    assert hook.count(f"/{SECRET}") == 2
    other = {**again, "service": "slack", "name": "Other"}
    assert admin.post("/settings/channels", data=other).status_code == 422


def test_a_channel_gets_a_new_address(admin, installation, root, hook):
    number = channel(installation, hook, "/old")
    page = read(admin.get(f"/settings/channels?channel={number}&service=json").text)
    assert page.one("input", name="field.address")
    form = {"id": number, "service": "json", "name": "Warehouse", "internal": "on", "intent": "save"}
    assert admin.post("/settings/channels", data={**form, "field.address": hook.url("/new", "http")}).status_code == 303
    assert admin.post("/settings/channels", data={**form, "field.address": ""}).status_code == 303
    perform(installation, root, "notification", message="Hi", channels=[number])
    assert (hook.count("/old"), hook.count("/new")) == (0, 1)


def test_staff_reach_no_channels_page(signed_in):
    assert signed_in.get("/settings/channels").status_code in (403, 404)
    assert signed_in.post("/settings/channels", data={"name": "x"}).status_code in (403, 404)


class TestInbox:
    @pytest.mark.parametrize("called", ["ANA@example.com", "ana ruiz", "Everyone"])
    def test_a_program_names_people(self, installation, ana, called):
        task = perform(installation, ana, "notification", message="At three", channels=[], people=[called])
        assert state_of(installation, ana, task)[ana.name] == ("sent", "In the inbox.")

    def test_an_unknown_name_is_refused_next_to_its_field(self, installation, ana):
        form = KIND.form(message="Hi", people=["zoe@example.com"])
        with pytest.raises(FormErrors) as raised:
            check(form, installation.form_context(ana))
        assert "zoe@example.com" in raised.value.errors["people"]

    def test_the_bell_counts_what_is_unread_and_a_press_marks_it(self, signed_in, installation, ana):
        perform(
            installation, ana, "notification", message="At three", title="Meeting", channels=[], people=[str(ana.id)]
        )
        assert read(signed_in.get("/").text).one(id="unread").text == "1 1 unread"
        page = read(signed_in.get("/inbox").text)
        assert "Meeting" in page.one("section", aria_label="Inbox").text
        assert signed_in.post("/inbox/1").status_code == 303
        assert "hidden" in read(signed_in.get("/").text).one(id="unread")
        signed_in.post("/inbox/1", data={"unread": "1"})
        signed_in.post("/inbox/read")
        assert "hidden" in read(signed_in.get("/").text).one(id="unread")

    def test_it_is_searched_and_filtered(self, signed_in, installation, ana):
        for title in ("Meeting", "Lunch"):
            perform(installation, ana, "notification", message="Soon", title=title, channels=[], people=[str(ana.id)])
        found = read(signed_in.get("/inbox?q=lun").text).one("section", aria_label="Inbox").text
        assert ("Lunch" in found, "Meeting" in found) == (True, False)
        assert "Nothing matches." in signed_in.get("/inbox?only=tasks").text

    def test_tasks_that_failed_land_there_and_others_depending_on_preferences(self, signed_in, installation, ana):
        perform(installation, ana, "self-test", fail=True)
        perform(installation, ana, "self-test", seconds=0)
        with installation.read() as conn:
            assert [one.title for one in inbox.listing(conn, ana)] == ["Self-test: failed"]
        form = {"name": "Ana", "zone": "Europe/Madrid", "undo_seconds": "10", "notices": "all", "notice_ways": "inbox"}
        assert signed_in.post("/account", data=form).status_code == 303
        perform(installation, ana, "self-test", seconds=0)
        with installation.read() as conn:
            assert inbox.listing(conn, ana)[0].title.endswith("done")

    def test_people_cannot_read_or_mark_notices_of_others(self, signed_in, admin, installation, ana):
        perform(
            installation, ana, "notification", message="Private", title="For Ana", channels=[], people=[str(ana.id)]
        )
        assert "For Ana" not in admin.get("/inbox").text
        admin.post("/inbox/1")
        with installation.read() as conn:
            assert inbox.unread(conn, ana) == 1
