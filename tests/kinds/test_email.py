"""An email from the filled form to the mail server, or to the outbox."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tests.kinds.performing import deliveries, perform
from tests.servers import MailServer
from webapp.installation import Installation, build
from webapp.kinds import KINDS
from webapp.kinds.email.form import MOST, EmailForm
from webapp.kinds.email.kind import KIND
from webapp.ports.people import Person
from webapp.settings import Settings
from webapp.tasks.model import State

ANA, BEN = "ana@example.org", "ben@example.org"


def form(**given: object) -> EmailForm:
    return EmailForm.model_validate({"to": [ANA], "subject": "Hello", "body": "Hi", **given})


def words(**given: object) -> dict[str, str]:
    """Returns the error of each field."""
    with pytest.raises(ValidationError) as raised:
        form(**given)
    return {str(error["loc"][0]): str(error["ctx"]["error"]) for error in raised.value.errors()}


def test_replies_go_to_the_address_that_was_given(mailing: Installation, server: MailServer, ana: Person):
    perform(mailing, ana, "email", to=ANA, subject="Hi", body="Hi", reply_to="Desk <desk@example.org>")
    assert b"Reply-To: desk@example.org\r\n" in server.messages[0].content


@pytest.mark.parametrize("wrong", ["desk@", "a@example.com, b@example.com", "desk", "a@example.com\nBcc: x@e.com"])
def test_where_replies_go_is_one_address(wrong):
    assert list(words(reply_to=wrong)) == ["reply_to"]


def test_each_person_gets_an_email_of_their_own(mailing: Installation, server: MailServer, ana: Person):
    task = perform(mailing, ana, "email", to=f"{ANA}, Ben <{BEN}>\n{ANA}", subject="Grüße", body="**Hällo**")
    assert (task.state, task.outcome) == (State.DONE, "2 sent.")
    assert server.counts() == {ANA: 1, BEN: 1}
    first, second = server.messages
    assert BEN.encode() not in first.content
    assert ANA.encode() not in second.content
    assert first.sender == "office@example.com"
    rows = deliveries(mailing, ana, task)
    assert [(row.to, row.state, row.reply) for row in rows] == [
        (ANA, "sent", "The mail server accepted it."),
        (BEN, "sent", "The mail server accepted it."),
    ]
    assert all(row.message_id.encode() in message.content for row, message in zip(rows, server.messages, strict=True))


def test_a_refused_address_needs_attention_and_the_others_get_it(mailing, server, ana):
    server.on("rcpt", to=ANA, say="550 5.1.1 No such user")
    task = perform(mailing, ana, "email", to=[ANA, BEN], subject="Hello", body="Hi")
    assert (task.state, task.fault) == (State.ATTENTION, "form")
    rows = deliveries(mailing, ana, task)
    assert (rows[0].state, rows[0].reply) == ("failed", "There is no such mailbox.")
    assert server.counts() == {BEN: 1}


def test_a_message_that_was_deferred_is_sent_in_the_end_and_once(mailing, server, ana):
    server.on("rcpt", to=ANA, say="450 4.2.1 Greylisted")
    task = perform(mailing, ana, "email", to=[ANA], subject="Hello", body="Hi")
    assert (task.state, server.counts()) == (State.DONE, {ANA: 1})


def test_what_perhaps_arrived_is_not_sent_again(mailing, server, ana):
    server.on("end", to=ANA, drop=True, taken=True)
    task = perform(mailing, ana, "email", to=[ANA, BEN], subject="Hello", body="Hi")
    assert [row.state for row in deliveries(mailing, ana, task)] == ["unknown", "sent"]
    assert server.counts() == {ANA: 1, BEN: 1}


def test_a_wrong_password_fails_the_task_and_nothing_is_sent(installation, ana):
    with MailServer(users={"office@example.com": "right"}) as server:
        wrong = installation.settings.model_copy(update={"smtp_url": server.url.replace("right", "wrong")})
        task = perform(build(wrong), ana, "email", to=[ANA, BEN], subject="Hello", body="Hi")
    assert task.state is State.FAILED
    assert task.outcome == (
        "The mail server did not accept the password. 0 of 2 emails were sent. "
        "Ask an admin to check Settings → Mail, then press Retry."
    )


def test_without_a_server_emails_are_saved_to_the_outbox(installation, ana):
    task = perform(installation, ana, "email", to=[ANA], subject="Hello", body="Hi")
    assert (task.state, task.outcome) == (State.ATTENTION, "Saved to the outbox, not sent.")
    assert len(list((installation.data_dir / "outbox").glob("*.eml"))) == 1


def test_a_single_mail_never_waits_behind_a_run():
    assert (KIND.queue(form()), KIND.queue(form(to=[ANA, BEN]))) == ("quick", "mail")
    assert KIND.total(form(to=[ANA, BEN])) == 2


def test_the_title_says_to_whom():
    assert KIND.title_of(form()) == f"Email to {ANA}"
    assert KIND.title_of(form(to=[f"p{number}@example.org" for number in range(1240)])) == "Hello to 1,240 people"


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"to": []}, "to", "Give an address."),
        ({"to": " , "}, "to", "Give an address."),
        ({"to": None}, "to", "Give an address."),
        ({"to": "bob@example"}, "to", "“bob@example” has no ending such as .com."),
        ({"to": [7]}, "to", "Give an address such as ana@example.com."),
        ({"to": {"a": 1}}, "to", "Give an address."),
        ({"to": [f"{ANA}\r\nBcc: x@example.org"]}, "to", "line break or an invisible character"),
        ({"to": "\n".join(f"p{n}@example.org" for n in range(MOST + 1))}, "to", "20,001 addresses are too many."),
        ({"subject": " "}, "subject", "Write a subject."),
        ({"subject": "x" * 201}, "subject", "The subject has 201 characters. At most 200 are possible."),
        ({"subject": "x\r\nBcc: x@example.org"}, "subject", "must be one line"),
        ({"subject": "x\u2028y"}, "subject", "must be one line"),
        ({"subject": 7}, "subject", "The subject must be a text."),
        ({"body": "\n"}, "body", "Write a message."),
        ({"body": None}, "body", "Write a message."),
        ({"body": "x" * 200_001}, "body", "At most 200,000 are possible."),
    ],
)
def test_what_is_wrong_is_explained_next_to_its_field(given, field, said):
    found = words(**given)
    assert list(found) == [field]
    assert said in found[field]


def test_a_form_without_anything_is_refused_field_by_field():
    with pytest.raises(ValidationError) as raised:
        EmailForm.model_validate({})
    said = [str(error["ctx"]["error"]) for error in raised.value.errors()]
    assert said == ["Give an address.", "Write a subject.", "Write a message."]


def test_a_stored_form_is_read_again_as_it_was():
    stored = form(to=f'"a b"@example.org, josé@müller.de, {ANA}').model_dump(mode="json")
    assert EmailForm.model_validate(stored).model_dump(mode="json") == stored


def test_the_list_of_kinds_loads_nothing_heavy():
    heavy = "pandas pyarrow markdown_it nh3 css_inline email_validator jinja2 smtplib fastapi"
    look = f"import sys, webapp.kinds; print([name for name in {heavy.split()} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    assert [*KINDS] == ["notification", "email", "report", "self-test"]


@pytest.mark.parametrize(
    ("sender", "takes_utf8", "state"),
    [
        ("post@bücher.example", False, "sent"),
        ("post@bücher.example", True, "sent"),
        ("grüße@bücher.example", True, "sent"),
        ("grüße@bücher.example", False, "failed"),
    ],
)
def test_a_sender_that_cannot_be_written_fails_each_message_and_leaves_none_unknown(
    settings: Settings, ana: Person, sender: str, takes_utf8: bool, state: str
):
    with MailServer(extensions=("8BITMIME", "SMTPUTF8") if takes_utf8 else ("8BITMIME",)) as server:
        settings = settings.model_copy(update={"smtp_url": server.url, "mail_from": sender})
        installation = build(settings)
        task = perform(installation, ana, "email", to=[ANA, BEN], subject="Hello", body="Hi")
        rows = deliveries(installation, ana, task)
        assert [row.state for row in rows] == [state, state], [row.reply for row in rows]
        assert len(server.messages) == (2 if state == "sent" else 0)
        assert "unknown" not in task.outcome
        installation.close()
