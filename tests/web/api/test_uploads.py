"""POST /api/v1/uploads: a table that comes in, or the words why it does not."""

import pytest

from tests.web.programs import done, refused, start
from webapp.settings import Settings

CSV = "Name;Größe;Seit\nAna;1,75;2024-03-01\nBen;1,80;2025-01-15\n".encode("latin-1")


def send(program, name="people.csv", body=CSV, field="file"):
    return program.post("/api/v1/uploads", files={field: (name, body)})


def test_a_table_is_understood_and_named_in_a_form(program):
    upload = done(send(program), 201)
    assert upload.keys() == {"id", "name", "rows", "columns", "types", "notes"}
    assert (upload["name"], upload["rows"]) == ("people.csv", 2)
    assert upload["columns"] == ["Name", "Größe", "Seit"]
    assert upload["types"] == ["text", "number", "date"]
    done(start(program, {"kind": "report", "form": {"data": upload["id"], "columns": ["Größe"]}}), 201)


def test_an_upload_is_its_owners_alone(program, admin_program):
    upload = done(send(program), 201)
    form = {"data": upload["id"]}
    assert refused(start(admin_program, {"kind": "report", "form": form}), 422).keys() == {"data"}


def test_a_very_long_name_is_cut_and_keeps_its_ending(program):
    name = done(send(program, name=f"{'ä' * 1_000}.csv"), 201)["name"]
    assert name.endswith("ä.csv")
    assert len(name.encode()) < 256


def test_a_name_with_folders_stays_a_name(program):
    assert done(send(program, name="../../etc/people.csv"), 201)["name"] == "people.csv"


@pytest.mark.parametrize(
    ("name", "body"),
    [("empty.csv", b""), ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100)), ("broken.xlsx", b"PK\x03\x04 broken")],
)
def test_what_is_no_table_is_refused_beside_its_field(program, name, body):
    assert refused(send(program, name, body), 422)["file"]


@pytest.mark.parametrize("sent", [{"files": {"table": ("a.csv", CSV)}}, {"data": {"file": "a,b"}}, {}])
def test_a_call_without_a_file_is_refused_beside_its_field(program, sent):
    assert refused(program.post("/api/v1/uploads", **sent), 422).keys() == {"file"}


def test_of_two_tables_in_one_call_none_is_taken_silently(program):
    two = [("file", ("a.csv", CSV)), ("file", ("b.csv", CSV))]
    assert refused(program.post("/api/v1/uploads", files=two), 422) == {"file": "Send one file at a time."}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("text/csv", CSV),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"no part"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x--"),
        ("multipart/form-data; boundary=é".encode("latin-1"), b"--x--"),
    ],
)
def test_what_is_no_form_is_refused(program, kind, body):
    refused(program.post("/api/v1/uploads", content=body, headers={"Content-Type": kind}), 422)


class TestALimit:
    @pytest.fixture
    def settings(self, settings):
        return Settings(**settings.model_dump() | {"max_upload_mb": 1})

    def test_a_file_over_it_is_refused_and_nothing_of_it_kept(self, program, installation):
        before = installation.store.names()
        errors = refused(send(program, body=b"a,b\n" + b"1,2\n" * 300_000), 413)
        assert errors == {"file": "This file is larger than 1 MB, the limit of this panel."}
        assert installation.store.names() == before

    def test_a_file_below_it_is_taken(self, program):
        assert done(send(program, body=b"a,b\n" + b"1,2\n" * 250_000), 201)["rows"] == 250_000
