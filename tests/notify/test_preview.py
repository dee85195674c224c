"""How a notification looks in each place, and how its length is counted."""

import pytest

from webapp.notify import limits, preview
from webapp.ports.channels import Channel, ChannelLimits


@pytest.mark.parametrize(
    ("text", "parts", "wide"),
    [
        ("", 1, ""), ("a" * 160, 1, ""), ("a" * 161, 2, ""), ("a" * 306, 2, ""), ("a" * 307, 3, ""),
        ("€" * 80, 1, ""), ("€" * 81, 2, ""), ("é" * 160, 1, ""), ("ő" * 70, 1, "ő"), ("ő" * 71, 2, "ő"),
        ("😀" * 35, 1, "😀"), ("😀" * 36, 2, "😀"), ("a" * 134 + "—", 3, "—"),
    ],
)  # fmt: skip
def test_text_messages_are_counted_as_telephones_count(text, parts, wide):
    assert limits.sms_parts(text) == (parts, wide)


@pytest.mark.parametrize(("length", "limit", "parts"), [(10, 0, 1), (10, 10, 1), (11, 10, 2), (0, 10, 1)])
def test_what_is_too_long_comes_in_parts(length, limit, parts):
    assert limits.parts("x" * length, limit) == parts


def shown(message: str = "Since **nine**", title: str = "", files: int = 0, *, takes: ChannelLimits | None = None):
    channel = Channel(id="1", name="Chat", service="Slack", takes=takes or ChannelLimits())
    return preview.in_channel(channel, preview.Draft(title=title, message=message, files=files))


def test_markdown_is_drawn_where_the_place_can():
    assert "<strong>nine</strong>" in shown().html
    plain = shown(takes=ChannelLimits(markdown=False))
    assert (plain.text, plain.html) == ("Since nine", "")


def test_nothing_runs_in_it():
    assert "<script" not in shown("<script>alert(1)</script>").html


def test_a_place_says_what_does_not_fit():
    assert shown("a" * 401, takes=ChannelLimits(body=200)).notes == ["Longer than 200 letters: it arrives in 3 parts."]
    assert "its end is cut off" in shown(title="Opening", takes=ChannelLimits(title=5)).notes[0]
    assert shown(files=1, takes=ChannelLimits(files=False)).notes == ["It takes no files: the message goes alone."]
    assert shown("a" * 200, takes=ChannelLimits(body=160, markdown=False)).length == "200 letters, 2 text messages"


def test_a_title_without_a_place_of_its_own_counts_as_letters():
    assert shown("Now", "Fire", takes=ChannelLimits(body=200)).length == "8 letters of 200"
