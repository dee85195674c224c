"""The article's own four calls."""

from io import BytesIO

import openpyxl
import pytest

from tests.waiting import until
from tests.web.programs import done, number_of_tasks, refused
from webapp.settings import Settings
from webapp.tasks import queries

CALLS = [
    ("POST", "/send-notification/ben@example.com"),
    ("POST", "/send-email/ben@example.com"),
    ("GET", "/generate-report"),
    ("POST", "/generate-report"),
    ("GET", "/run-task"),
    ("POST", "/run-task"),
]
MESSAGES = {
    "/send-notification/ben@example.com": "Notification sent in the background",
    "/send-email/ben@example.com": "Email sent in the background",
    "/generate-report": "Report generation started in the background",
    "/run-task": "Task started in the background",
}


def form_of(installation, person, answer):
    with installation.read() as conn:
        return queries.one(conn, done(answer)["task"]["id"], person).form


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_each_answers_in_the_articles_words_and_names_the_task(program, method, path):
    body = done(program.request(method, path))
    assert body == {"message": MESSAGES[path], "task": {"id": 1, "url": "http://localhost:8000/tasks/1"}}
    assert done(program.get("/api/v1/tasks/1"))["owner"] == "ana@example.com"


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_browsers_cookie_alone_starts_nothing(signed_in, stranger, installation, method, path):
    for client in (signed_in, stranger):
        refused(client.request(method, path), 401)
    assert number_of_tasks(installation) == 0


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_they_act_at_once(program, installation, ana, method, path):
    done(program.request(method, path))
    with installation.read() as conn:
        task = queries.one(conn, 1, ana)
    assert task.undo_until is None
    assert task.not_before == task.created


@pytest.mark.parametrize("path", ["/send-notification/ben@example.com", "/send-email/ben@example.com"])
def test_what_sends_something_is_never_done_by_get(program, installation, path):
    refused(program.get(path), 405)
    assert number_of_tasks(installation) == 0


@pytest.mark.parametrize(
    "sent",
    [{}, {"json": {}}, {"json": {"message": None}}, {"json": {"message": "  "}}, {"data": {"message": ""}},
     {"content": b" \n"}],
)  # fmt: skip
def test_a_notification_without_a_message_has_the_articles(program, installation, ana, sent):
    form = form_of(installation, ana, program.post("/send-notification/ben@example.com", **sent))
    assert (form["to"], form["channels"], form["message"]) == (["ben@example.com"], ["log"], "some notification")


@pytest.mark.parametrize(
    "sent",
    [{"json": {"message": "Ready ☕"}}, {"data": {"message": "Ready ☕"}},
     {"content": '{"message": "Ready ☕"}'.encode(), "headers": {"Content-Type": ""}},
     {"files": {"message": (None, "Ready ☕")}}],
    ids=["json", "form", "json without its type", "multipart"],
)  # fmt: skip
def test_a_message_comes_as_json_or_as_a_form(program, installation, ana, sent):
    assert form_of(installation, ana, program.post("/send-notification/b@example.com", **sent))["message"] == "Ready ☕"


def test_an_email_has_the_articles_words_unless_others_are_given(program, installation, ana):
    plain = form_of(installation, ana, program.post("/send-email/ben@example.com"))
    assert plain["subject"] == "Test Email"
    assert plain["body"] == "This is a test email sent in the background."
    own = form_of(installation, ana, program.post("/send-email/ben@example.com", json={"subject": "Hello"}))
    assert (own["subject"], own["body"]) == ("Hello", "This is a test email sent in the background.")


def test_the_report_is_the_articles_three_rows_in_excel(program, installation, ana):
    form = form_of(installation, ana, program.get("/generate-report"))
    assert (form["data"], form["format"], form["name"]) == ("people", "xlsx", "report")


@pytest.mark.parametrize("call", ["send-notification", "send-email"])
@pytest.mark.parametrize(
    "address",
    ["nobody", "a@b", "a@@example.com", "a@example.com,b@example.com", "a@exa%0Dmple.com",
     "ana@example.com%0ABcc: b@example.com", "%00@example.com", "a b@example.com", "@example.com", "%ff@example.com",
     "x" * 300 + "@example.com", "", "a/b", "ana@example.com%0A"],
)  # fmt: skip
def test_a_bad_address_is_refused_by_its_name(program, installation, call, address):
    assert refused(program.post(f"/{call}/{address}"), 422).keys() == {"email"}
    assert number_of_tasks(installation) == 0


@pytest.mark.parametrize("address", ["o'brien@example.com", "a%2Fb@example.com", "ana+news@example.com"])
def test_an_unusual_address_is_taken(program, address):
    done(program.post(f"/send-email/{address}"))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"json": {"subject": "a\r\nBcc: b@example.com"}}, "subject"),
        ({"json": {"subject": 5}}, "subject"),
        ({"json": {"subject": ["a"]}}, "subject"),
        ({"json": {"body": "x" * 200_001}}, "body"),
        ({"json": {"body": "a\0b"}}, "body"),
        ({"json": {"to": "c@example.com"}}, "to"),
        ({"data": {"text": "Hi"}}, "text"),
        ({"files": {"body": ("body.txt", b"Hi")}}, "body"),
    ],
)
def test_what_is_wrong_in_the_body_is_named(program, installation, sent, field):
    assert refused(program.post("/send-email/ben@example.com", **sent), 422).keys() == {field}
    assert number_of_tasks(installation) == 0


@pytest.mark.parametrize("body", [b"[]", b"{", b'"Hi"', b"5", b"\xff", b"[" * 100_000])
def test_a_body_that_is_neither_is_refused(program, installation, body):
    headers = {"Content-Type": "application/json"}
    refused(program.post("/send-notification/ben@example.com", content=body, headers=headers), 422)
    assert number_of_tasks(installation) == 0


def test_a_body_over_the_limit_is_refused(program):
    refused(program.post("/send-email/ben@example.com", json={"body": "x" * (3 << 20)}), 413)
    refused(program.post("/send-email/ben@example.com", data={"body": "x" * (3 << 20)}), 413)


def test_the_task_is_named_by_the_address_that_the_settings_know(program, installation):
    object.__setattr__(
        installation, "settings", Settings(**installation.settings.model_dump() | {"base_url": "https://out.example"})
    )
    assert done(program.get("/run-task"))["task"]["url"] == "https://out.example/tasks/1"


@pytest.mark.parametrize("host", ["[", "a b", 'x"y', "evil.example/path", ""])
def test_a_host_that_is_none_is_not_repeated(program, host):
    assert done(program.get("/run-task", headers={"Host": host}))["task"]["url"] == "http://localhost:8000/tasks/1"


class TestAtWork:
    """The same with somebody at work: the engine of the article, in this process."""

    @pytest.fixture
    def settings(self, settings):
        return Settings(**settings.model_dump() | {"engine": "background"})

    def ended(self, program, answer):
        path = f"/api/v1/tasks/{done(answer)['task']['id']}"
        until(lambda: done(program.get(path))["finished"])
        return done(program.get(path))

    def test_a_notification_is_a_line_of_the_log_file(self, program, installation):
        task = self.ended(program, program.post("/send-notification/ben@example.com", json={"message": "Ready"}))
        assert task["state"] == "done"
        assert (installation.data_dir / "log.txt").read_text() == "notification for ben@example.com: Ready\n"

    def test_an_email_without_a_server_is_saved_and_says_so(self, program, installation):
        task = self.ended(program, program.post("/send-email/ben@example.com"))
        assert (task["state"], task["outcome"]) == ("attention", "Saved to the outbox, not sent.")

    def test_the_report_opens_in_excel(self, program):
        task = self.ended(program, program.get("/generate-report"))
        (file,) = task["files"]
        assert file["name"] == "report.xlsx"
        answer = program.get(f"/api/v1/tasks/{task['id']}/files/{file['id']}")
        rows = openpyxl.load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True)
        assert list(rows)[:4] == [("Name", "Age"), ("John", 25), ("Jane", 30), ("Doe", 35)]

    def test_the_task_that_raises_fails_and_its_error_is_logged(self, program, installation):
        task = self.ended(program, program.get("/run-task"))
        assert task["state"] == "failed"
        assert task["reference"] in (installation.data_dir / "log.txt").read_text()
        assert "An error occurred in the background task" in (installation.data_dir / "log.txt").read_text()
