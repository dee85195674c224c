"""An email to each row of an uploaded list: recipients, skipped rows and their reasons, and the merged messages."""

import email
import email.policy
from pathlib import Path

import pytest

from tests.kinds.performing import deliveries, look, perform
from webapp import ingest
from webapp.errors import FormErrors
from webapp.installation import Installation
from webapp.kinds.email.form import EmailForm
from webapp.kinds.email.kind import KIND
from webapp.kinds.email.recipients import GONE
from webapp.ports.people import Person
from webapp.tasks import commands
from webapp.tasks.cancellation import Control
from webapp.tasks.model import State
from webapp.tasks.running import run

CLIENTS = """E-mail,Name,Since,Number
maria@example.com,Maria Lopez,2026-11-03,007
ben@,Ben,2026-11-04,008
MARIA@example.com,Maria again,2026-11-05,009
,Nobody,2026-11-05,010
Ana <ana@example.com>,,2026-11-06,011
"""


def uploaded(
    installation: Installation, ana: Person, tmp_path: Path, text: str = CLIENTS, name: str = "clients.csv"
) -> str:
    path = tmp_path / "sent"
    path.write_text(text)
    return ingest.receive(installation, ana, name, path).id


def read(message) -> tuple[str, str]:
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    return parsed["Subject"], parsed.get_body(("plain",)).get_content().strip()


def test_each_row_is_one_delivery_and_the_merged_message_is_its_own(mailing, server, ana, tmp_path):
    given = {"subject": "For {{ name }}", "body": "Client {{ NUMBER }} since {{ since }}, {{ email }}"}
    given["unsubscribe"] = "never"
    task = perform(mailing, ana, "email", recipients=uploaded(mailing, ana, tmp_path), **given)
    assert [(row.to, row.state, row.reply) for row in deliveries(mailing, ana, task)] == [
        ("maria@example.com", "sent", "The mail server accepted it."),
        ("ben@", "skipped", "Row 3: “ben@” has nothing after the @."),
        ("MARIA@example.com", "skipped", "Row 4 has the same address as row 2."),
        ("", "skipped", "Row 5 has no address."),
        ("ana@example.com", "sent", "The mail server accepted it."),
    ]
    assert [read(message) for message in server.messages] == [
        ("For Maria Lopez", "Client 007 since 3 November 2026, maria@example.com"),
        ("For", "Client 011 since 6 November 2026, ana@example.com"),
    ]
    assert dict(task.counts) == {"sent": 2, "bad": 2, "duplicate": 1}
    assert (task.state, task.progress.total) == (State.ATTENTION, 5)
    assert task.outcome == "2 sent, 2 had no valid address, 1 left out as duplicates."


def test_a_list_that_is_only_shortened_by_duplicates_is_done(mailing, ana, tmp_path):
    upload = uploaded(mailing, ana, tmp_path, "mail\na@example.com\na@example.com\nb@example.com\n")
    task = perform(mailing, ana, "email", recipients=upload, subject="Hi", body="Hi")
    assert (task.state, task.outcome) == (State.DONE, "2 sent, 1 left out as duplicates.")


def test_one_for_each_row_on_request(mailing, server, ana, tmp_path):
    upload = uploaded(mailing, ana, tmp_path, "mail,n\na@example.com,1\nA@example.com,2\n")
    perform(mailing, ana, "email", recipients=upload, subject="{{ n }}", body="Hi", duplicates=True)
    assert [read(message)[0] for message in server.messages] == ["1", "2"]


def test_retry_never_writes_to_those_who_were_left_out(mailing, server, ana, tmp_path):
    server.on("rcpt", to="ana@example.com", say="550 5.1.1 Who?")
    task = perform(mailing, ana, "email", recipients=uploaded(mailing, ana, tmp_path), subject="Hi", body="Hi")
    assert (task.failed_count, task.retryable) == (1, 1)
    with mailing.write() as conn:
        commands.retry(conn, mailing.engine, task, ana)
    run.perform(mailing, run.claim(mailing, task.id, "test"), Control())
    assert dict(look(mailing, ana, task.id).counts) == {"sent": 2, "bad": 2, "duplicate": 1}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (
            {"address_column": "Mail"},
            "address_column",
            "“Mail” is not a column of this list. Its columns are E-mail, N",
        ),
        (
            {"subject": "Dear {{ naem }}"},
            "subject",
            "{{ naem }} is not a column of the list. It can be {{ email }}, {{ E",
        ),
        ({"body": "Dear {{ x }}"}, "body", "{{ x }} is not a column of the list."),
        ({"to": ["a@example.com"]}, "to", "Give addresses or a list, not both."),
        ({"recipients": "u-nothing"}, "recipients", "This list no longer exists."),
    ],
)
def test_what_is_wrong_with_a_list_is_explained_next_to_its_field(installation, ana, tmp_path, given, field, words):
    upload = uploaded(installation, ana, tmp_path)
    form = EmailForm.model_validate({"recipients": upload, "subject": "Hi", "body": "Hi", **given})
    with pytest.raises(FormErrors) as raised:
        KIND.check(form, installation.form_context(ana))
    assert list(raised.value.errors) == [field]
    assert words in raised.value.errors[field]


def test_a_list_without_addresses_names_its_columns(installation, ana, tmp_path):
    upload = uploaded(installation, ana, tmp_path, "Name,Date\nAna,2026-11-03\n")
    with pytest.raises(FormErrors) as raised:
        KIND.check(EmailForm(recipients=upload, subject="Hi", body="Hi"), installation.form_context(ana))
    assert raised.value.errors == {"recipients": "This list has no column of addresses. Its columns are Name, Date."}


def test_a_field_in_a_message_to_single_addresses_can_only_be_the_address(installation, ana):
    with pytest.raises(FormErrors):
        KIND.check(
            EmailForm(to=["a@example.com"], subject="Hi", body="Dear {{ name }}"), installation.form_context(ana)
        )
    KIND.check(
        EmailForm(to=["a@example.com"], subject="Hi", body="You are {{ email }}"), installation.form_context(ana)
    )


def test_a_list_that_is_deleted_before_its_turn_fails_with_a_clear_message(mailing, ana, tmp_path):
    upload = uploaded(mailing, ana, tmp_path)
    for file in mailing.store._folder.rglob("*.parquet"):
        file.unlink()
    task = perform(mailing, ana, "email", recipients=upload, subject="Hi", body="Hi")
    assert (task.state, task.outcome) == (State.FAILED, GONE)
