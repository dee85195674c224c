"""A notification from the filled form to its line in the log file."""

import errno
import os

import pytest
from pydantic import ValidationError

from tests.kinds.performing import deliveries, perform
from webapp.installation import Installation
from webapp.kinds.notification.kind import KIND, NotificationForm
from webapp.notify import logfile
from webapp.ports.people import Person
from webapp.tasks.model import State

ANA, BEN = "ana@example.com", "ben@example.com"


def form(**given: object) -> NotificationForm:
    return NotificationForm.model_validate({"message": "Hello", **given})


def log_of(installation: Installation) -> list[str]:
    return (installation.data_dir / "log.txt").read_text().splitlines()


def test_the_articles_line_is_written_for_each_person(installation: Installation, ana: Person):
    task = perform(installation, ana, "notification", to=[ANA, BEN], channels=["log"], message="Your report\nis ready")
    assert (task.state, task.outcome) == (State.DONE, "2 sent.")
    assert log_of(installation) == [
        f"notification for {ANA}: Your report ⏎ is ready",
        f"notification for {BEN}: Your report ⏎ is ready",
    ]
    assert [(row.to, row.state) for row in deliveries(installation, ana, task)] == [(ANA, "sent"), (BEN, "sent")]


def test_a_notification_without_recipients_is_for_everyone(installation, ana):
    task = perform(installation, ana, "notification", title="Lunch", message="Pizza is here")
    assert task.title == "Lunch for everyone"
    assert log_of(installation) == ["notification for everyone: Lunch: Pizza is here"]


def test_a_full_disk_fails_it_with_a_clear_message(installation, ana, monkeypatch):
    def full(_: int, __: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(logfile.os, "write", full)
    monkeypatch.setattr(installation, "settings", installation.settings.model_copy(update={"retry_seconds": ()}))
    task = perform(installation, ana, "notification", to=[ANA], message="Hello")
    assert task.state is State.FAILED
    assert deliveries(installation, ana, task)[0].reply.startswith("There is no room left on the server’s disk.")


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({}, "Notification for everyone"),
        ({"to": [ANA]}, f"Notification for {ANA}"),
        ({"to": f"{ANA}\n{BEN}"}, "Notification for 2 people"),
        ({"to": [ANA], "title": "Lunch"}, f"Lunch for {ANA}"),
    ],
)
def test_the_title_says_for_whom(given, title):
    assert KIND.title_of(form(**given)) == title


def test_there_is_one_delivery_for_each_channel_and_person():
    several = form(to=[ANA, BEN, ANA.upper()], channels=["log", "log"])
    assert KIND.total(several) == 2
    assert KIND.expand is not None
    found = [(delivery.to, delivery.data) for delivery in KIND.expand(several, None)]
    assert found == [(ANA, {"channel": "log"}), (BEN, {"channel": "log"})]
    assert KIND.queue(several) == "notify"


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"message": " "}, "message", "Write a message."),
        ({"message": None}, "message", "Write a message."),
        ({"message": "x" * 10_001}, "message", "At most 10,000 are possible."),
        ({"channels": None}, "channels", "Choose a channel."),
        ({"channels": [["log"]]}, "channels", "Choose a channel."),
        ({"title": "a\nb"}, "title", "must be one line"),
        ({"to": "ana"}, "to", "“ana” has no @."),
        ({"to": 7}, "to", "Give addresses such as ana@example.com."),
        ({"to": [f"{ANA}\nerror in task 1"]}, "to", "line break or an invisible character"),
    ],
)
def test_what_is_wrong_is_explained_next_to_its_field(given, field, said):
    with pytest.raises(ValidationError) as raised:
        form(**given)
    (error,) = raised.value.errors()
    assert error["loc"][0] == field
    assert said in str(error["ctx"]["error"])


def test_a_form_without_a_message_is_refused():
    with pytest.raises(ValidationError, match=r"Write a message\."):
        NotificationForm.model_validate({})
