"""Whatever a program sends, the answer is never an error of ours, and a refusal is always a problem document."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_task
from webapp.kinds import KINDS

FIELDS = sorted({name for kind in KINDS.values() for name in kind.form.model_fields} | {"nothing"})
TEXT = st.text(st.characters(codec=None), max_size=30)  # NUL and lone surrogates too
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from([10**400, -(2**70), 1e308])
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))
FORM = st.dictionaries(st.sampled_from(FIELDS) | TEXT, VALUE, max_size=6)
TIME = TEXT | st.datetimes(timezones=st.timezones() | st.none()).map(lambda moment: moment.isoformat())
BODY = VALUE | st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(KINDS)) | VALUE},
    optional={"form": FORM | VALUE, "not_before": TIME | VALUE, "undo": st.booleans() | VALUE},
)
HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=300)
SEGMENT = TEXT | st.integers().map(str)
FILTERS = st.dictionaries(st.sampled_from(["state", "kind", "q", "owner", "before", "limit"]), SEGMENT, max_size=4)
PARTS = st.sampled_from(["", "/lines", "/deliveries", "/files"])
TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", ""]
POSTS = [
    "/api/v1/tasks", "/api/v1/uploads", "/send-email/a@example.com", "/send-notification/a@example.com", "/run-task",
    "/api/v1/tasks/1/retry",
]  # fmt: skip

fuzz = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def fuzzed(program, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, "attention")
    return program


def is_well(answer):
    assert answer.status_code < 500, (answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        body = json.loads(answer.content.decode())
        assert body["status"] == answer.status_code
        assert all(one["message"] for one in body.get("errors", []))


def escaped(text):
    return quote(text.encode(errors="surrogatepass"), safe="")


@fuzz
@given(body=BODY, key=st.none() | HEADER)
def test_any_json_starts_a_task_or_is_refused(fuzzed, body, key):
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key.encode("latin-1")})
    is_well(fuzzed.post("/api/v1/tasks", content=json.dumps(body), headers=headers))


@fuzz
@given(body=st.binary(max_size=200), kind=st.sampled_from(TYPES), path=st.sampled_from(POSTS))
def test_any_bytes_are_taken_or_refused(fuzzed, body, kind, path):
    is_well(fuzzed.post(path, content=body, headers={"Content-Type": kind}))


@settings(fuzz, max_examples=12)  # each is read in a child of its own
@given(name=TEXT, body=st.binary(max_size=200))
def test_any_file_is_understood_or_refused(fuzzed, name, body):
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + '"\r\n\r\n'
    sent = head.encode(errors="replace") + body + b"\r\n--b--\r\n"
    is_well(fuzzed.post("/api/v1/uploads", content=sent, headers={"Content-Type": "multipart/form-data; boundary=b"}))


@fuzz
@given(email=SEGMENT, fields=st.dictionaries(st.sampled_from(["message", "subject", "body"]) | TEXT, VALUE, max_size=3))
def test_any_address_and_message_are_taken_or_refused(fuzzed, email, fields):
    for call in ("send-notification", "send-email"):
        is_well(fuzzed.post(f"/{call}/{escaped(email)}", content=json.dumps(fields)))


@fuzz
@given(number=SEGMENT | st.just("1"), part=PARTS, file=SEGMENT, query=FILTERS)
def test_any_question_is_answered_or_refused(fuzzed, number, part, file, query):
    params = {name: value.encode(errors="surrogatepass") for name, value in query.items()}
    is_well(fuzzed.get("/api/v1/tasks", params=params))
    is_well(fuzzed.get(f"/api/v1/tasks/{escaped(number)}{part}", params=params))
    is_well(fuzzed.get(f"/api/v1/tasks/{escaped(number)}/files/{escaped(file)}"))
    is_well(fuzzed.post(f"/api/v1/tasks/{escaped(number)}/cancel"))
