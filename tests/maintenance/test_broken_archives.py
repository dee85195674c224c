"""Restore refuses every broken or hostile archive in one line, and leaves the target as it was."""

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import zlib
from collections import namedtuple
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Float, Integer, String, Table

from tests.factories import make_file, make_person, make_task
from tests.identity.conftest import outtray, refused, refused_process
from tests.serving import Serving
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.db.types import Json, Utc
from webapp.files import uploads
from webapp.installation import build
from webapp.maintenance import archive_rows
from webapp.maintenance.archive import LOG, LOST, MANIFEST, SUMS, TABLES, Writer
from webapp.settings import Settings

SECRET = "the key of the whole office"
Members = dict[str, bytes]
EMPTY = ("outtray.db", "write.gate")  # what a command leaves that only looks
MOMENT = "2026-01-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def _logs_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.logs.set_up", lambda form: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup with rows, a file, an upload with its typed copy, and a log."""
    home = tmp_path_factory.mktemp("origin")
    made = build(Settings(data_dir=home / "data", secret_key=SECRET))
    bring_up_to_date(made.database)
    with made.write() as conn:
        ana = make_person(conn, made.settings, "ana@example.com")
        make_file(conn, made.store, make_task(conn, ana), ana, home, body=os.urandom(3_000))
        (home / "list.csv").write_bytes(b"Name\nAna\n")
        (home / "list.parquet").write_bytes(os.urandom(700))
        stored = made.store.keep(home / "list.csv", {uploads.TYPED: home / "list.parquet"})
        uploads.add(conn, ana, "list.csv", stored)
    made.close()
    (home / "data" / LOG).write_text("a line\n")
    panel = Serving(home, OUTTRAY_SECRET_KEY=SECRET)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("webapp.logs.set_up", lambda form: None)
        outtray(panel, "backup", str(home / "backup.tar.gz"))
    return (home / "backup.tar.gz").read_bytes()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, whole: bytes) -> Iterator[Serving]:
    """One empty installation for all of them: at the end it still takes the whole archive."""
    panel = Serving(tmp_path_factory.mktemp("target"), OUTTRAY_SECRET_KEY=SECRET)
    yield panel
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("webapp.logs.set_up", lambda form: None)
        assert restored(panel, whole) == "Restored 1 task and 1 person. Waiting tasks are held."


def restored(panel: Serving, content: bytes) -> str:
    return outtray(panel, "restore", written(panel, content))


def written(panel: Serving, content: bytes) -> str:
    path = panel.data.parent / "broken.tar.gz"
    path.write_bytes(content)
    return str(path)


def refuse(panel: Serving, content: bytes) -> str:
    """Returns the line with which it is refused; the target holds no file and no table afterwards."""
    line = refused(panel, "restore", written(panel, content))
    assert "Traceback" not in line
    assert [path.name for path in panel.data.rglob("*") if path.is_file() and not path.name.startswith(EMPTY)] == []
    with closing(sqlite3.connect(panel.data / "outtray.db")) as conn:
        assert conn.execute("select name from sqlite_master").fetchall() == []
    return line


def members_of(whole: bytes) -> Members:
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}


@pytest.fixture
def members(whole: bytes) -> Members:
    """All members but the checksums, which `packed` computes."""
    return {name: content for name, content in members_of(whole).items() if name != SUMS}


def packed(members: Members, folder: Path) -> bytes:
    writer = Writer(folder / "packed.tar.gz")
    for name, content in members.items():
        writer.add_bytes(name, content)
    writer.close()
    return (folder / "packed.tar.gz").read_bytes()


def with_manifest(members: Members, **changed: Any) -> Members:
    return members | {MANIFEST: json.dumps(json.loads(members[MANIFEST]) | changed).encode()}


def lines_of(table: str) -> str:
    return f"tables/{table}.jsonl"


# Damage


def test_an_archive_that_is_cut_off_anywhere(target: Serving, whole: bytes):
    for end in {*range(0, len(whole), len(whole) // 40), len(whole) - 1, len(whole) - 8}:
        refuse(target, whole[:end])


def test_a_tar_that_is_cut_off_anywhere_inside_of_a_whole_gzip(target: Serving, whole: bytes):
    tar = gzip.decompress(whole)
    used = tar.rstrip(b"\0")
    for end in range(0, len(used), 512):
        refuse(target, gzip.compress(tar[:end], 1))
    for end in range(300, len(used), 3_001):
        refuse(target, gzip.compress(tar[:end], 1))


def test_a_byte_that_was_changed_anywhere(target: Serving, whole: bytes):
    for place in range(40, len(whole), len(whole) // 60):
        if not is_padding(whole, place):
            refuse(target, flipped(whole, place))


def is_padding(whole: bytes, place: int) -> bool:
    """True if the content is the same with this byte changed: deflate fills some bits up."""
    try:
        return gzip.decompress(flipped(whole, place)) == gzip.decompress(whole)
    except (OSError, EOFError, zlib.error):
        return False


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def test_a_byte_that_was_changed_in_any_member_or_its_header(target: Serving, whole: bytes):
    tar = gzip.decompress(whole)
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        entries = list(opened)
    for entry in entries:
        places = [entry.offset, entry.offset + 124, entry.offset + 156]
        places += [entry.offset_data, entry.offset_data + entry.size - 1] if entry.size else []
        for place in places:
            refuse(target, gzip.compress(flipped(tar, place), 1))


def test_something_else_than_an_archive(target: Serving, whole: bytes):
    for content in (
        b"",
        b"hello" * 99,
        gzip.compress(b""),
        gzip.compress(b"hello" * 999),
        gzip.compress(b"\0" * 10_240),
    ):
        refuse(target, content)
    refuse(target, whole + b"and more")
    refuse(target, whole + gzip.compress(b"and more"))
    refuse(target, whole + gzip.compress(bytes(1 << 20)))


def test_the_same_as_a_process(target: Serving, whole: bytes, members: Members, tmp_path: Path):
    hostile = packed(members | {lines_of("task"): b"[]\n"}, tmp_path)
    for content in (whole[: len(whole) // 2], b"hello", hostile):
        refused_process(target, "restore", written(target, content))


def test_a_file_that_is_not_there(target: Serving):
    assert "nowhere.tar.gz" in refused(target, "restore", str(target.data.parent / "nowhere.tar.gz"))


# Hostile content under right checksums


def test_each_member_is_needed(target: Serving, members: Members, tmp_path: Path):
    for name in members:
        if name != LOG and not name.endswith(uploads.TYPED):
            refuse(target, packed({one: content for one, content in members.items() if one != name}, tmp_path))


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 1}, {"format": 3}, {"format": "2"}, {"format": None}, {"format": 1, "version": "\n" * 5},
        {"revision": "9999"}, {"revision": None}, {"revision": ["0001"]}, {"key_check": ""}, {"key_check": "0" * 64},
        {"key_check": None}, {"last_ids": []}, {"last_ids": {"task": -1}}, {"last_ids": {"task": 2**63}},
        {"last_ids": {"task": "7"}}, {"last_ids": {"task": True}},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_that_says_nonsense(target: Serving, members: Members, tmp_path: Path, changed: dict[str, Any]):
    refuse(target, packed(with_manifest(members, **changed), tmp_path))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"1" * 9_999, b"\xff", b" " * 2_000_000])
def test_a_manifest_that_is_none(target: Serving, members: Members, tmp_path: Path, content: bytes):
    refuse(target, packed(members | {MANIFEST: content}, tmp_path))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'"x"', b"null", b"[" * 100_000])
def test_a_list_of_lost_files_that_is_none(target: Serving, members: Members, tmp_path: Path, content: bytes):
    refuse(target, packed(members | {LOST: content}, tmp_path))


def valid(column: Any) -> Any:
    """A value that fits a column."""
    kind = column.type
    if isinstance(kind, Json):
        shape = archive_rows.SHAPES[f"{column.table.name}.{column.name}"]
        return next(value for value in ({}, [], None) if shape(value))
    if isinstance(kind, Utc):
        return MOMENT
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer | Float):
        return 1
    closed = archive_rows.CLOSED.get(f"{column.table.name}.{column.name}")
    return "0" * 32 if column.name == "storage" else sorted(closed)[-1] if closed else "x"


def wrong(column: Any) -> Iterator[Any]:
    """Values that do not fit it."""
    kind = column.type
    if isinstance(kind, Json):
        if f"{column.table.name}.{column.name}" != "memory.value":
            yield 7
        yield {"\0": 1}
        yield {"x": "\ud800"}
        return
    yield {"x": 1}
    if not column.nullable:
        yield None
    if isinstance(kind, String):
        yield from (7, "\0", "\ud800")
        if kind.length:
            yield "x" * (kind.length + 1)
    if isinstance(kind, Integer):
        yield from (True, "1", 1.5, 2**63 if isinstance(kind, BigInteger) else 2**31)
    if isinstance(kind, Float):
        yield from ("1", float("nan"), float("inf"))
    if isinstance(kind, Utc):
        yield from ("2026-01-01", "2026-01-01T00:00:00", "yesterday", "0001-01-01T00:00:00+14:00", 5)
    if f"{column.table.name}.{column.name}" in archive_rows.CLOSED:
        yield "other"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_refuses_what_does_not_fit(target: Serving, members: Members, tmp_path: Path, table: Table):
    row = {column.name: valid(column) for column in table.c}
    assert archive_rows.fault_of(table, row) == ""
    for column in table.c:
        for value in wrong(column):
            line = json.dumps(row | {column.name: value}).encode() + b"\n"
            reading = archive_rows._Reader(table)
            with pytest.raises(ValueError, match=r"."):
                reading.read(line)
        changed = members | {lines_of(table.name): line}
        assert f"row 1 of the table {table.name} is wrong" in refuse(target, packed(changed, tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n", b"{}\n", b"{", b"\xff\n", b"\n", b'{"x": ' + b"[" * 99_999 + b"\n", b'{"nothing": 1}\n',
        b"7" * 9_999 + b"\n",
    ],
    ids=lambda line: str(line[:20]),
)  # fmt: skip
def test_lines_that_are_no_rows(target: Serving, members: Members, tmp_path: Path, line: bytes):
    for table in ("person", "file", "suppression"):
        refuse(target, packed(members | {lines_of(table): line}, tmp_path))


@pytest.mark.parametrize(
    "storage",
    [
        "../../../../../../etc/passwd", "/etc/passwd", "..", ".", "", "unfinished/" + "0" * 32, "0" * 31, "A" * 32,
        "0" * 32 + "/..", "0" * 32 + ".parquet/../x", "0" * 32 + "\n", "٠" * 32, "../outtray.db", "0" * 32 + ".csv",
    ],
)  # fmt: skip
@pytest.mark.parametrize("table", ["file", "upload"])
def test_a_name_that_the_store_did_not_give(
    target: Serving, members: Members, tmp_path: Path, table: str, storage: str
):
    row = json.loads(members[lines_of(table)])
    for more in ({}, {"deleted": MOMENT} if table == "file" else {}):
        line = json.dumps(row | {"storage": storage} | more).encode() + b"\n"
        assert "no name that the file store gave" in refuse(target, packed(members | {lines_of(table): line}, tmp_path))


@pytest.mark.parametrize("table", ["file", "upload"])
def test_files_that_are_not_those_of_their_rows(target: Serving, members: Members, tmp_path: Path, table: str):
    row = json.loads(members[lines_of(table)])
    member = f"files/{row['storage']}"
    other = flipped(members[member], 3)
    assert "was changed" in refuse(target, packed(members | {member: other}, tmp_path))
    line = json.dumps(row | {"sha256": hashlib.sha256(b"x").hexdigest()}).encode() + b"\n"
    assert "was changed" in refuse(target, packed(members | {lines_of(table): line}, tmp_path))
    line = json.dumps(row | {"storage": "0" * 32}).encode() + b"\n"
    assert "is not in it" in refuse(target, packed(members | {lines_of(table): line}, tmp_path))


# What only the database can notice: after everything else was right


@pytest.fixture
def another_target(tmp_path: Path) -> Serving:
    return Serving(tmp_path, OUTTRAY_SECRET_KEY=SECRET)


def test_rows_that_the_database_refuses(another_target: Serving, whole: bytes, members: Members, tmp_path: Path):
    person, task = (json.loads(members[lines_of(name)]) for name in ("person", "task"))
    twice = members[lines_of("person")] + json.dumps(person | {"id": 9}).encode() + b"\n"
    orphan = json.dumps(task | {"owner": 999}).encode() + b"\n"
    for name, content in (("person", twice), ("task", orphan)):
        archive = packed(members | {lines_of(name): content}, tmp_path)
        assert "the database refuses" in refused(another_target, "restore", written(another_target, archive))
        assert [path for path in (another_target.data / "files").rglob("*") if path.is_file()] == []
        assert not (another_target.data / LOG).exists()
    assert restored(another_target, whole).startswith("Restored 1 task")


# The tar itself


def tar_of(members: Members, *more: tarfile.TarInfo, at: int = 1) -> bytes:
    """The members, and after so many of them these further ones."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        for number, (name, content) in enumerate(members.items()):
            for one in more if number == at else ():
                tar.addfile(one, io.BytesIO(bytes(one.size)))
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, size
    return entry


KINDS = [
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
    tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE,
    tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, b"Z",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_only_plain_files_have_a_place(target: Serving, whole: bytes, kind: bytes):
    entry = info(f"files/{'0' * 32}", kind, link="/etc/passwd")
    for place in (0, 1, 5):
        refuse(target, tar_of(members_of(whole), entry, at=place))


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/tmp/evil", "files/../../evil", "files/evil", "tables/../x", "tables/evil.jsonl", "secret.key", "x",
        "./outtray.json", f"files/{'0' * 32}/x", f"FILES/{'0' * 32}", "x" * 200, "outtray.db", "\udcff",
    ],
)  # fmt: skip
def test_only_known_names_have_a_place(target: Serving, whole: bytes, name: str):
    refuse(target, tar_of(members_of(whole), info(name)))


def test_no_member_comes_twice_or_after_the_checksums(target: Serving, whole: bytes):
    content = members_of(whole)
    refuse(target, tar_of(content, info("tables/task.jsonl"), at=len(content) - 1))
    refuse(target, tar_of(content | {f"files/{'0' * 32}": b""}))


def test_a_bomb_is_refused_by_its_header_before_it_is_unpacked(target: Serving, whole: bytes, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 1 << 20))
    entry = info(f"files/{'0' * 32}", size=2 << 20)
    assert "larger than the free space" in refuse(target, tar_of(members_of(whole), entry))
    header = info("x", tarfile.XHDTYPE)
    header.size = 8 << 30
    head = header.tobuf(tarfile.GNU_FORMAT)
    refuse(target, gzip.compress(head + bytes(1 << 20)))


def test_every_closed_set_and_shape_is_one_of_a_column():
    known = {f"{table.name}.{column.name}": column for table in schema.metadata.sorted_tables for column in table.c}
    assert {*archive_rows.CLOSED, *archive_rows.SHAPES} <= known.keys()
    json_columns = {name for name, column in known.items() if isinstance(column.type, Json)}
    assert json_columns == archive_rows.SHAPES.keys()
