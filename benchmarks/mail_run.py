"""A run of 10,000 emails with the ledger, compared with the article: a connection, STARTTLS and login per email."""

import contextlib
import multiprocessing
import os
import smtplib
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from benchmarks._load import hit
from tests.certificates import Certificate, make
from tests.servers import MailServer
from tests.serving import ENDED, Serving, start_task, task
from webapp.mail.compose import Letter
from webapp.mail.smtp import SmtpServer
from webapp.mail.url import read_url

NUMBER = int(os.environ.get("OUTTRAY_BENCH_EMAILS", "10000"))
ARTICLE = 300  # fewer messages, because they are slow; the time per message does not depend on the number
SUBJECT, BODY = "Opening hours", "Dear customer,\n\nfrom **Monday** on we open at nine.\n"
SENDER = "office@example.com"


def main() -> None:
    """Prints one line per figure."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url, certificate = stack.enter_context(_server(Path(folder)))
        os.environ["SSL_CERT_FILE"] = str(certificate.authority)
        stack.callback(os.environ.pop, "SSL_CERT_FILE")
        article = _article(url)
        print(f"the article's way              {1 / article:8.0f} a second, {ARTICLE} messages")
        bare = _bare(url)
        print(f"one connection, no ledger      {1 / bare:8.0f} a second, {NUMBER // 5:,} messages")
        ours, pages = _ours(url, Path(folder))
        print(f"a run with the ledger          {1 / ours:8.0f} a second, {NUMBER:,} recipients, from start to done")
        print(f"times the article's way        {article / ours:8.1f}")
        print(f"the ledger, for each           {(ours - bare) * 1000:8.2f} ms")
        print(f"the panel's page meanwhile     {pages}")


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[str, Certificate]]:
    """Runs the server in another process, so that it does not share an interpreter with the measured code."""
    certificate = make(folder)
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(its, certificate.chain), daemon=True)
    process.start()
    try:
        yield mine.recv(), certificate
    finally:
        mine.close()
        process.kill()
        process.join()


def _serve(pipe: Connection, chain: Path) -> None:
    with MailServer("starttls", chain, {"office": "secret"}, ("PIPELINING",), host="localhost") as server:
        pipe.send(server.url)
        with contextlib.suppress(EOFError):
            pipe.recv()


def _article(url: str) -> float:
    """Returns the seconds per message, sent as in the article."""
    server = read_url(url)
    began = time.perf_counter()
    for number in range(ARTICLE):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, _address(number), SUBJECT
        message.set_content(BODY)
        with smtplib.SMTP(server.host, server.port) as smtp:
            smtp.starttls(context=ssl.create_default_context())
            smtp.login(server.user, server.password)
            smtp.send_message(message)
    return (time.perf_counter() - began) / ARTICLE


def _bare(url: str) -> float:
    """Returns the seconds per message over one connection, without a database."""
    number = NUMBER // 5
    with SmtpServer(read_url(url), sender=SENDER) as server:
        server.ready()
        letter = Letter(subject=SUBJECT, body=BODY, sender=SENDER)
        began = time.perf_counter()
        for position in range(number):
            to = _address(position)
            message = letter.to(to, message_id=f"<{position}.bench@example.com>", date=datetime.now(UTC))
            assert server.send(message, to).state == "sent"
        return (time.perf_counter() - began) / number


def _ours(url: str, folder: Path) -> tuple[float, str]:
    """Returns the seconds per recipient, and how the page “Sign in” answered meanwhile."""
    serving = Serving(folder, OUTTRAY_SMTP_URL=url, OUTTRAY_MAIL_FROM=SENDER).start()
    try:
        client = serving.client()
        seconds = _run(client, NUMBER)
        # Requests for pages take the second core from the mail server; therefore they go with a separate run.
        pages: list[str] = []
        request = f"GET /login HTTP/1.1\r\nHost: localhost:{serving.port}\r\n\r\n"
        looking = threading.Thread(
            target=lambda: pages.append(str(hit(serving.port, request, 10, connections=2, gap=0.05)))
        )
        _run(client, max(NUMBER, 6_000), looking.start)
        looking.join()
        return seconds / NUMBER, pages[0]
    finally:
        serving.stop()


def _run(client: httpx.Client, number: int, meanwhile: Callable[[], None] = lambda: None) -> float:
    """Returns the seconds from the start of a run to its end. Polls rarely, so that polling does not slow it down."""
    form = {"to": [_address(index) for index in range(number)], "subject": SUBJECT, "body": BODY}
    run = start_task(client, "email", form)
    meanwhile()
    while (ended := task(client, run))["state"] not in ENDED:
        time.sleep(0.5)
    assert ended["state"] == "done", ended
    started, finished = (datetime.fromisoformat(ended[name]) for name in ("started", "finished"))
    return (finished - started).total_seconds()


def _address(number: int) -> str:
    return f"person{number}@example.com"


if __name__ == "__main__":
    main()
