"""Messages kept as files where there is no mail server."""

import email
import email.policy
import errno
import os
from pathlib import Path

import pytest

from tests.mail.conftest import letter
from webapp.errors import TaskError
from webapp.mail.outbox import Outbox, file_name

ANA = "ana@example.com"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    outbox = Outbox(tmp_path, "Office <office@example.com>")
    outbox.ready()
    return outbox


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "outbox").iterdir())


def test_a_message_is_saved_as_a_file_that_mail_programs_open(tmp_path, outbox):
    reply = outbox.send(letter(ANA, "Grüße", "Hällo"), ANA)
    assert (reply.state, reply.words) == ("saved", "Saved to the outbox, not sent.")
    (path,) = files(tmp_path)
    assert path.name == reply.technical == "0.test@example.com.eml"
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (message["To"], message["Subject"]) == (ANA, "Hällo")


def test_the_same_message_again_is_the_same_file(tmp_path, outbox):
    outbox.send(letter(body="one"), ANA)
    outbox.send(letter(body="two"), ANA)
    (path,) = files(tmp_path)
    assert b"two" in path.read_bytes()


def test_other_messages_are_other_files(tmp_path, outbox):
    for number in range(5):
        outbox.send(letter(number=number), ANA)
    assert len(files(tmp_path)) == 5


@pytest.mark.parametrize(
    "message_id", ["<../../etc/passwd>", "<a/b@c>", "<.hidden@c>", "<" + "x" * 500 + "@c>", "<Ä@c>", "<>"]
)
def test_a_file_name_stays_in_its_folder(message_id):
    name = file_name(message_id)
    assert name.isascii()
    assert "/" not in name
    assert not name.startswith(".")
    assert len(name) < 200


def test_names_that_a_file_system_takes_for_one_are_kept_apart():
    alike = ["<a@c>", "<A@c>", "<a_b@c>", "<a/b@c>", "<a b@c>"]
    assert len({file_name(message_id).lower() for message_id in alike}) == len(alike)


def test_an_address_with_letters_of_all_kinds_is_saved_as_it_is(tmp_path, outbox):
    assert outbox.send(letter("josé@example.com"), "josé@example.com").state == "saved"
    assert "josé@example.com".encode() in files(tmp_path)[0].read_bytes()


def test_a_full_disk_leaves_no_half_file_and_is_tried_again_later(tmp_path, outbox, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    reply = outbox.send(letter(), ANA)
    assert (reply.state, reply.words) == ("later", "There is no room left on the server’s disk.")
    assert files(tmp_path) == []


def test_an_outbox_that_cannot_be_made_ends_the_task_in_plain_words(tmp_path):
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(TaskError, match="outbox cannot be written"):
        Outbox(tmp_path).ready()
