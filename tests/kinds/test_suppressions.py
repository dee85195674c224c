"""Suppressed addresses: skipped when a run starts and while it runs, and the unsubscribe link that adds one."""

import email
import email.policy
import re
from email.message import EmailMessage

import pytest

from tests.conversation import Received
from tests.kinds.performing import deliveries, look, perform, start
from tests.servers import MailServer
from webapp.connections import suppressions
from webapp.errors import FormErrors
from webapp.installation import Installation
from webapp.kinds.email.form import EmailForm
from webapp.kinds.email.kind import KIND
from webapp.ports.people import Person
from webapp.tasks.cancellation import Control
from webapp.tasks.ledger.statements import SUPPRESSED
from webapp.tasks.model import State
from webapp.tasks.running import run

TWO = "ana@example.com, ben@example.com"


def forbid(installation: Installation, *addresses: str) -> None:
    with installation.write() as conn:
        suppressions.add(conn, addresses, "added")


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)  # type: ignore[return-value]


def test_suppressed_addresses_get_no_mail_and_each_is_named(mailing: Installation, server: MailServer, ana: Person):
    forbid(mailing, "BEN@Example.com")
    task = perform(mailing, ana, "email", to=TWO, subject="Hi", body="Hi")
    assert server.counts() == {"ana@example.com": 1}
    assert [(row.to, row.state, row.reply) for row in deliveries(mailing, ana, task)][1] == (
        "ben@example.com", "skipped", SUPPRESSED,
    )  # fmt: skip
    assert dict(task.counts) == {"sent": 1, "never": 1}
    assert (task.state, task.outcome) == (State.DONE, "1 sent, 1 left out: on the suppression list.")


def test_a_task_that_reached_no_recipient_is_not_done(mailing: Installation, server: MailServer, ana: Person):
    forbid(mailing, "ana@example.com", "ben@example.com")
    task = perform(mailing, ana, "email", to=TWO, subject="Hi", body="Hi")
    assert (task.state, task.outcome) == (State.ATTENTION, "2 left out: on the suppression list.")
    assert not server.messages


def test_a_person_who_unsubscribes_during_a_run_gets_no_mail_of_it(mailing, server, ana, monkeypatch):
    """Rows are read ahead, so only a check right before each message can notice."""
    to = ", ".join(f"p{number}@example.com" for number in range(5))
    task_id = start(mailing, ana, "email", to=to, subject="Hi", body="Hi")
    kept = server.keep

    def keep(message: Received) -> None:
        kept(message)
        if message.to == "p1@example.com":
            forbid(mailing, "p3@example.com")

    monkeypatch.setattr(server, "keep", keep)
    run.perform(mailing, run.claim(mailing, task_id, "test"), Control())
    task = look(mailing, ana, task_id)
    assert dict(task.counts) == {"sent": 4, "never": 1}
    assert "p3@example.com" not in server.counts()
    assert (task.progress.done, task.progress.total) == (5, 5)


def test_a_form_with_only_suppressed_addresses_is_refused(installation: Installation, ana: Person):
    forbid(installation, "ana@example.com")
    with pytest.raises(FormErrors) as raised:
        KIND.check(EmailForm(to="ana@example.com", subject="Hi", body="Hi"), installation.form_context(ana))
    assert "“ana@example.com” is on the suppression list “Never write to”." in raised.value.errors["to"]
    KIND.check(EmailForm(to=TWO, subject="Hi", body="Hi"), installation.form_context(ana))


@pytest.mark.parametrize(
    ("form", "has_link"),
    [
        ({"to": TWO, "unsubscribe": "several"}, True),
        ({"to": TWO}, False),
        ({"to": "ana@example.com", "unsubscribe": "several"}, False),
        ({"recipients": "u-1"}, True),
        ({"recipients": "u-1", "unsubscribe": "never"}, False),
    ],
)
def test_a_link_comes_with_lists_and_where_it_is_wanted(form, has_link):
    assert EmailForm(subject="Hi", body="Hi", **form).has_unsubscribe_link is has_link


def test_each_message_holds_the_link_of_its_recipient(mailing: Installation, server: MailServer, ana: Person):
    mailing.settings = mailing.settings.model_copy(update={"base_url": "https://post.example.com"})
    task = perform(mailing, ana, "email", to=TWO, subject="Hi", body="Hi **you**", unsubscribe="several")
    links = {}
    for received in server.messages:
        message = parsed(received.content)
        (link,) = re.findall(r"<(https://post\.example\.com/unsubscribe/\S+)>", message["List-Unsubscribe"])
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"To get no more of these emails: {link}" in message.get_body(("plain",)).get_content()
        assert f'href="{link}"' in message.get_body(("html",)).get_content()
        links[message["To"]] = mailing.unsubscribe.read(link.rpartition("/")[2])
    assert links == {to: (task.id, to) for to in ("ana@example.com", "ben@example.com")}


def test_without_a_link_nothing_says_so(mailing: Installation, server: MailServer, ana: Person):
    perform(mailing, ana, "email", to=TWO, subject="Hi", body="Hi")
    assert b"nsubscribe" not in server.messages[0].content
