"""The article's log file, written by many processes at once."""

import errno
import multiprocessing
import os
import resource
from collections import Counter
from pathlib import Path

import pytest

from webapp.errors import TaskError
from webapp.notify import logfile
from webapp.notify.logfile import LogFile, one_line

WRITERS, LINES = 4, 1_000
LONG = 70_000  # more than a pipe takes at once


def write_lines(data_dir: Path, writer: int) -> None:
    target = LogFile(data_dir)
    for number in range(LINES):
        filling = str(writer) * (LONG if number % 100 == 0 else 30)
        if number % 10:
            logfile.write(data_dir / logfile.NAME, f"notification for {writer}@{number}: {filling}", sync=False)
        else:
            target.send(f"{writer}@{number}", filling)


def test_many_processes_write_whole_lines_and_none_is_lost(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_lines, args=(tmp_path, writer)) for writer in range(WRITERS)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
        assert process.exitcode == 0
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert len(lines) == WRITERS * LINES
    seen: Counter[str] = Counter()
    for line in lines:
        who, _, filling = line.removeprefix("notification for ").partition(": ")
        writer, _, number = who.partition("@")
        assert filling == writer * (LONG if int(number) % 100 == 0 else 30)
        seen[who] += 1
    assert len(seen) == WRITERS * LINES


def test_the_line_is_the_articles(tmp_path):
    reply = LogFile(tmp_path).send("ana@example.com", "Your report is ready")
    assert (reply.state, reply.words) == ("sent", "Written to the log file.")
    assert (tmp_path / "log.txt").read_text() == "notification for ana@example.com: Your report is ready\n"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("one\ntwo\r\nthree\rfour", "one ⏎ two ⏎ three ⏎ four"),
        ("a\u2028b\x85c\x0bd", "a ⏎ b ⏎ c ⏎ d"),
        ("red \x1b[31m\x07 tab\there", "red �[31m� tab here"),
        ("Grüße 😀 עברית", "Grüße 😀 עברית"),
    ],
)
def test_a_message_is_one_line_whatever_it_holds(tmp_path, message, line):
    assert one_line(message) == line
    LogFile(tmp_path).send("ana@example.com", message)
    assert (tmp_path / "log.txt").read_text().splitlines() == [f"notification for ana@example.com: {line}"]


def test_a_line_that_was_left_without_an_end_is_ended_first(tmp_path):
    (tmp_path / "log.txt").write_text("somebody was here")
    logfile.append(tmp_path, "error in task 17 “Self-test”: no")
    assert (tmp_path / "log.txt").read_text() == "somebody was here\nerror in task 17 “Self-test”: no\n"


def test_a_full_disk_leaves_no_half_line_and_is_tried_again_later(tmp_path, monkeypatch):
    LogFile(tmp_path).send("ana@example.com", "first")
    whole, write = (tmp_path / "log.txt").read_bytes(), os.write

    def nearly_full(handle: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data[:10])

    monkeypatch.setattr(os, "write", nearly_full)
    reply = LogFile(tmp_path).send("ana@example.com", "second, which does not fit")
    assert (reply.state, reply.words) == ("later", "There is no room left on the server’s disk.")
    assert (tmp_path / "log.txt").read_bytes() == whole


def test_a_limit_of_the_real_system_leaves_no_half_line(tmp_path):
    """A child may write 100 bytes to a file and no more."""
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_write_within_limit, args=(tmp_path,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert (tmp_path / "log.txt").read_text() == "notification for ana@example.com: fits\n"


def _write_within_limit(data_dir: Path) -> None:
    import signal

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where what does not fit is written instead; a file is limited too
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    target = LogFile(data_dir)
    assert target.send("ana@example.com", "fits").state == "sent"
    assert target.send("ana@example.com", "x" * 200).state == "later"
    logfile.append(data_dir, "y" * 200)


def test_a_file_that_cannot_be_written_ends_the_task_in_plain_words(tmp_path):
    (tmp_path / "log.txt").mkdir()
    with pytest.raises(TaskError, match="log file cannot be written"):
        LogFile(tmp_path).ready()


def test_a_failure_to_log_a_failure_is_only_reported(tmp_path, caplog):
    (tmp_path / "log.txt").mkdir()
    logfile.append(tmp_path, "error in task 17")
    assert "error in task 17" in caplog.text
