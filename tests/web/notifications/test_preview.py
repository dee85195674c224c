"""The preview beside the form of a notification."""

import pytest

from tests.html import read
from webapp.connections import channels as store
from webapp.ports.channels import ChannelLimits
from webapp.web.notifications.preview import EMPTY, NOWHERE


@pytest.fixture
def channels(installation) -> None:
    with installation.write() as conn:
        for name, everyone, takes in (("Chat", True, ChannelLimits()), ("Boss", False, ChannelLimits())):
            stored = store.ChannelRecord(name=name, service="Slack", everyone=everyone, takes=takes)
            store.save(conn, installation.secrets, stored, "json://example.com/secret-path")


def preview(browser, **typed):
    answer = browser.post("/new/notification/preview", data=typed, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    assert "secret-path" not in answer.text
    return read(answer.text).one(id="preview")


def test_every_chosen_place_shows_the_message(signed_in, channels):
    pane = preview(signed_in, message="At **nine**", title="Delivery", channels=["1", "log"], people=["everyone"])
    assert pane.one("section", aria_label="Chat").one("strong").text == "nine"
    assert "Everyone" in pane.one("section", aria_label="Inbox").text
    assert "notification for everyone: Delivery: At **nine**" in pane.one("section", aria_label="Log file").text


def test_a_place_that_is_not_for_this_person_is_not_shown(signed_in, channels):
    assert preview(signed_in, message="Hi", channels=["2", "77"]).text == NOWHERE


def test_nothing_written_yet_says_what_will_stand_there(signed_in):
    assert preview(signed_in, channels="log").text == EMPTY


def test_without_javascript_a_button_shows_it(signed_in, channels):
    form = {"key": "k", "intent": "preview", "message": "At nine", "channels": ["1"]}
    page = read(signed_in.post("/new/notification?press=1", data=form).text)
    assert "At nine" in page.one(id="preview").one("section", aria_label="Chat").text
