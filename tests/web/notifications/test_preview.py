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


def test_a_message_of_many_marks_is_drawn(signed_in, channels):
    pane = preview(signed_in, message="![" * 4_900, channels=["1"], people=["everyone"])
    assert pane.one("section", aria_label="Chat").text.count("![") == 4_900


def test_what_is_too_long_to_be_sent_is_not_drawn(signed_in, channels):
    words = "The message has 10,001 characters. At most 10,000 are possible."
    assert preview(signed_in, message="x" * 10_001, channels=["1"]).text == words
    words = "The title has 201 characters. At most 200 are possible."
    assert preview(signed_in, message="x", title="x" * 201, channels=["1"]).text == words


def test_an_image_in_a_preview_is_a_link(signed_in, channels):
    pane = preview(signed_in, message="![our cat](/files/1/download)", channels=["1"], people=["everyone"])
    assert [link["href"] for link in pane.all("a")] == ["/files/1/download"] * 2
    assert not pane.all("img")
