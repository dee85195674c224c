"""Forty people at the same moment: everybody's file is read, or they are told the truth; and pages go on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import func, select

from tests.durability import soak
from tests.factories import make_person
from tests.serving import Serving
from tests.waiting import until
from webapp.accounts import sessions, tokens
from webapp.db import schema
from webapp.installation import build
from webapp.sandbox_permits import BUSY
from webapp.settings import Settings
from webapp.web.http.cookies import COOKIE

PEOPLE = 40
ROWS = "".join(f"person{n}@example.com;Person {n};{n * 1.5:.2f};2026-11-{n % 28 + 1:02}\n" for n in range(1_600))
CSV = f"Email;Name;Amount;Day\n{ROWS}".encode()


def make_people(serving: Serving) -> list[tuple[httpx.Client, httpx.Client]]:
    """A program and a browser of each."""
    installation = build(Settings(data_dir=serving.data))
    found = []
    with installation.write() as conn:
        for number in range(PEOPLE):
            person = make_person(conn, installation.settings, f"person{number}@example.com")
            headers = {"Authorization": f"Bearer {tokens.add(conn, person.id, 'tests')}"}
            cookies = {COOKIE: sessions.start(conn, person.id)}
            program = httpx.Client(base_url=serving.url, headers=headers, timeout=120)
            found.append(
                (program, httpx.Client(base_url=serving.url, cookies=cookies, headers=origin(serving), timeout=120))
            )
    installation.close()
    return found


def origin(serving: Serving) -> dict[str, str]:
    return {"Origin": serving.url}


def uploads(serving: Serving) -> int:
    installation = build(Settings(data_dir=serving.data))
    with installation.read() as conn:
        number: int = conn.execute(select(func.count()).select_from(schema.upload)).scalar_one()
    installation.close()
    return number


def upload(program: httpx.Client) -> httpx.Response:
    return program.post("/api/v1/uploads", files={"file": ("people.csv", CSV)})


def at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """What they answer, all begun at the same moment."""
    gate = threading.Barrier(len(calls))

    def begin(call: Callable[[], httpx.Response]) -> httpx.Response:
        gate.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def require_truth(answer: httpx.Response) -> bool:
    """Whether the file was read; if not, the answer says so and when to try again."""
    if answer.status_code == 201:
        assert answer.json()["rows"] == 1_600
        return True
    assert (answer.status_code, answer.json()["detail"]) == (503, BUSY)
    assert answer.headers["Retry-After"] == "60"
    return False


def test_forty_people_who_upload_at_the_same_moment_are_served_or_told_and_pages_go_on(serving: Serving):
    people = make_people(serving)
    assert 70_000 < len(CSV) < 90_000
    ended = threading.Event()
    pages: list[int] = []

    def look() -> None:
        while not ended.is_set():
            pages.append(people[0][1].get("/tasks").status_code)

    looking = threading.Thread(target=look)
    looking.start()
    answers = at_once([lambda program=program: upload(program) for program, _ in people])
    ended.set()
    looking.join(120)

    read = sum(require_truth(answer) for answer in answers)
    assert read >= 2
    assert uploads(serving) == read
    assert set(pages) == {200}
    assert len(pages) > 5
    assert until(lambda: upload(people[0][0]).status_code == 201, 60)


def test_forms_with_a_file_are_served_or_told_beside_the_field(serving: Serving):
    people = make_people(serving)

    def post(browser: httpx.Client) -> httpx.Response:
        files = {"recipients-file": ("people.csv", CSV)}
        data = {"key": "k", "intent": "columns", "subject": "Hello", "body": "Hi"}
        return browser.post("/new/email", data=data, files=files)

    answers = at_once([lambda browser=browser: post(browser) for _, browser in people[:15]])
    read = [answer for answer in answers if "people.csv" in answer.text]
    told = [answer for answer in answers if BUSY in answer.text]
    assert len(read) + len(told) == 15
    assert uploads(serving) == len(read) >= 2
    assert not [answer for answer in answers if answer.status_code >= 500 and BUSY not in answer.text]


@pytest.mark.skipif(not soak.IS_LONG, reason="a long storm; tests/test_sandbox.py tests the queue itself")
def test_one_persons_many_uploads_shut_out_nobody(serving: Serving):
    people = make_people(serving)
    (greedy, _), (other, browser) = people[:2]
    with ThreadPoolExecutor(60) as pool:
        many = [pool.submit(upload, greedy) for _ in range(60)]
        until(lambda: any(one.done() for one in many), 60)
        assert browser.get("/tasks").status_code == 200
        assert sum(one.done() for one in many) < 15  # with as many threads as connections, 20 would have to end first
        assert upload(other).status_code == 201
        assert not all(one.done() for one in many)
        for one in many:
            require_truth(one.result())
