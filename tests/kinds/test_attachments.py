"""Files that go with an email: uploads of any type, and files that tasks made."""

import email
import email.policy
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.factories import make_file, make_person, make_task
from tests.kinds.performing import perform
from webapp import ingest
from webapp.errors import FormErrors
from webapp.kinds.email import kind
from webapp.kinds.email.form import EmailForm
from webapp.ports import attachments
from webapp.tasks.model import State
from webapp.tasks.running.task_files import ATTACHED_GONE

BYTES = bytes(range(256)) * 40 + b"\r\n.\r\n..dots"
TO = "ana@example.com, ben@example.com"


def attached(installation, person, tmp_path: Path, name: str = "photo ü.png", content: bytes = BYTES) -> str:
    path = tmp_path / "came"
    path.write_bytes(content)
    return ingest.receive_attachment(installation, person, name, path).id


def files_of(content: bytes) -> list[tuple[str, str, bytes]]:
    message = email.message_from_bytes(content, policy=email.policy.default)
    return [(part.get_filename(), part.get_content_type(), part.get_content()) for part in message.iter_attachments()]


def test_all_recipients_get_the_same_bytes_under_the_same_name(mailing, server, ana, tmp_path):
    ids = [attached(mailing, ana, tmp_path), attached(mailing, ana, tmp_path, "empty.bin", b"")]
    task = perform(mailing, ana, "email", to=TO, subject="Hi", body="**Hi** {{ email }}", attachments=ids)
    assert task.outcome == "2 sent."
    for received in server.messages:
        assert files_of(received.content) == [
            ("photo ü.png", "image/png", BYTES),
            ("empty.bin", "application/octet-stream", b""),
        ]
        assert b"<strong>Hi</strong>" in received.content


def test_a_file_that_a_task_made_is_attached(mailing, server, ana, tmp_path):
    with mailing.write() as conn:
        file_id = make_file(conn, mailing.store, make_task(conn, ana), ana, tmp_path, "sales.csv", b"a,b\n1,2\n")
    perform(mailing, ana, "email", to=TO, subject="Hi", body="Hi", attachments=[file_id])
    ((name, media_type, content),) = files_of(server.messages[0].content)
    assert (name, media_type) == ("sales.csv", "text/csv")
    assert (content if isinstance(content, bytes) else content.encode()).split() == [b"a,b", b"1,2"]


def test_a_table_that_was_uploaded_is_attached_as_it_came(mailing, server, ana, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("Größe;Wert\n1;2\n".encode("latin-1"))
    table = ingest.receive(mailing, ana, "list.csv", path)
    perform(mailing, ana, "email", to=TO, subject="Hi", body="Hi", attachments=[table.id])
    assert "Größe;Wert\n1;2\n".encode("latin-1") in email.message_from_bytes(server.messages[0].content).get_payload()[
        1
    ].get_payload(decode=True)


def test_another_persons_files_cannot_be_attached(installation, ana, tmp_path):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
        made = make_file(conn, installation.store, make_task(conn, ben), ben, tmp_path)
    for file_id in (made, attached(installation, ben, tmp_path), "u-nothing", "f-nothing", "../secret.key", ""):
        form = EmailForm(to=TO, subject="Hi", body="Hi", attachments=[file_id])
        with pytest.raises(FormErrors) as raised:
            kind.check(form, installation.form_context(ana))
        assert list(raised.value.errors) == ["attachments"]


def test_what_no_server_takes_is_refused_before_it_is_sent(installation, ana, tmp_path, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_BYTES", 15_000)
    ids = [attached(installation, ana, tmp_path), attached(installation, ana, tmp_path)]
    with pytest.raises(FormErrors) as raised:
        kind.check(EmailForm(to=TO, subject="Hi", body="Hi", attachments=ids), installation.form_context(ana))
    assert "Together they have 0.0 MB." in raised.value.errors["attachments"]
    kind.check(EmailForm(to=TO, subject="Hi", body="Hi", attachments=ids[:1]), installation.form_context(ana))
    with pytest.raises(ValidationError):
        EmailForm(to=TO, subject="Hi", body="Hi", attachments=["f"] * (attachments.MOST_FILES + 1))


def test_a_file_that_is_gone_by_its_turn_fails_with_a_clear_message_and_nothing_is_sent(mailing, server, ana, tmp_path):
    file_id = attached(mailing, ana, tmp_path)
    mailing.form_context(ana).attachment(file_id).path.unlink()
    task = perform(mailing, ana, "email", to=TO, subject="Hi", body="Hi", attachments=[file_id])
    assert (task.state, task.fault) == (State.FAILED, "form")
    assert ATTACHED_GONE.split(". ")[0] in task.outcome
    assert server.messages == []
