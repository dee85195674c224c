"""Reads what a form posts: files are written to disk while they stream in, everything else stays small."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

import anyio.to_thread
from fastapi import Depends, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from webapp.errors import TooLarge, UserError
from webapp.ports.values import storable_text
from webapp.web.http.budget import MB, Budget, body_pieces, budget_of, read_whole

T = TypeVar("T")
FLUSH_BYTES = MB
NOT_A_FORM = "What was sent is not a form. Try it once more."
TOO_MUCH_TEXT = "This form holds more text than a form may."
TOO_MANY_FIELDS = "This form has more fields than a form may."
TOO_MANY_FILES = {0: "This form takes no files.", 1: "Send one file at a time."}


@dataclass(frozen=True)
class Upload:
    """A file that came with a form, spooled to `path` until the answer is made."""

    name: str
    path: Path
    size: int


@dataclass
class FormData:
    """What was posted; `files` has the last of each name, `all_files` every one in its order.

    `refused`: fields of which a file is larger than the limit, with the words to say so. `values` are texts as they
    were typed; `one`, `all`, `read` and `read_all` raise UserError beside the field for what cannot be stored.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    all_files: dict[str, list[Upload]] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """Returns the last value of that name."""
        return self.read(name, storable_text) if self.values.get(name) else default

    def all(self, name: str) -> Sequence[str]:
        return self.read_all(name, storable_text)

    def read(self, name: str, rule: Callable[[str], T]) -> T:
        """Returns the last value of that name as `rule` reads it, which raises ValueError for a wrong one."""
        return _by_rule(name, (self.typed(name) or [""])[-1], rule)

    def read_all(self, name: str, rule: Callable[[str], T]) -> Sequence[T]:
        return [_by_rule(name, text, rule) for text in self.typed(name)]

    def typed(self, name: str) -> Sequence[str]:
        """Returns the values as they were typed, to be drawn again or judged by a form model."""
        return self.values.get(name, ())


def _by_rule(name: str, text: str, rule: Callable[[str], T]) -> T:
    try:
        return rule(storable_text(text))
    except ValueError as error:
        raise UserError(str(error), name) from None


async def read_posting(request: Request) -> AsyncIterator[FormData]:
    """Yields the posted form; its files are deleted once the answer has been made.

    Raises UserError for what is no form or more than the route's budget. A file above the limit is not stored any
    further, but read to its end, so that the fields behind it are not lost.
    """
    installation = request.app.state.installation
    with installation.store.scratch() as folder:
        yield await _read(request, folder, installation.settings.max_upload_mb * MB)


Posted = Annotated[FormData, Depends(read_posting)]


async def _read(request: Request, folder: Path, limit: int) -> FormData:
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    budget = budget_of(request)
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        return await _multipart(request, options[b"boundary"], MultipartSink(folder, limit, budget))
    if kind not in (b"application/x-www-form-urlencoded", b""):
        raise UserError(NOT_A_FORM)
    body = await read_whole(request, budget.body, TOO_MUCH_TEXT)
    posting = FormData()
    for name, value in _pairs(body, budget.parts):
        posting.values.setdefault(name, []).append(value)
    return posting


def _pairs(body: bytes, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        raise UserError(NOT_A_FORM) from None


async def _multipart(request: Request, boundary: bytes, sink: "MultipartSink") -> FormData:
    callbacks: Any = {name: getattr(sink, name) for name in MultipartSink.CALLBACKS}
    try:
        parser = MultipartParser(boundary, callbacks)
        async for piece in body_pieces(request, sink.most_bytes, sink.too_large):
            parser.write(piece)
            if sink.waiting >= FLUSH_BYTES:
                await anyio.to_thread.run_sync(sink.flush)
        parser.finalize()
    except FormParserError:
        raise UserError(NOT_A_FORM) from None
    finally:
        await anyio.to_thread.run_sync(sink.close)
    return sink.posting


def too_large_message(limit: int) -> str:
    """Returns the refusal of a file above this limit (bytes)."""
    return f"This file is larger than {limit // MB:,} MB, the limit of this panel."


class MultipartSink:
    """Takes the parser's calls: collects the parts of a form, files on disk."""

    CALLBACKS = (
        "on_part_begin",
        "on_part_data",
        "on_part_end",
        "on_header_field",
        "on_header_value",
        "on_header_end",
    )

    def __init__(self, folder: Path, limit: int, budget: Budget) -> None:
        self.posting = FormData()
        self.waiting = 0  # bytes of files that are not on disk yet
        self.most_bytes = budget.total(limit)
        self.too_large = too_large_message(limit) if budget.files else TOO_MUCH_TEXT
        self._folder, self._limit, self._budget = folder, limit, budget
        self._fields_bytes = self._fields = self._files = 0
        self._header_name = self._header_value = b""
        self._file: Any = None
        self._chunks: list[bytes] = []
        self._name, self._value, self._size = "", bytearray(), 0
        self._filename: str | None = None

    def on_part_begin(self) -> None:
        self._fields += 1  # first, because it names the part's file, which is opened before the part ends
        if self._fields > self._budget.parts:
            raise UserError(TOO_MANY_FIELDS)
        self._name, self._value, self._size = "", bytearray(), 0
        self._filename = None

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            self._name = options.get(b"name", b"").decode(errors="replace")
            if b"filename" in options:
                self._filename = options[b"filename"].decode(errors="replace")
                self._count_file()
        self._header_name = self._header_value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._filename is None:
            self._fields_bytes += end - start
            if self._fields_bytes > self._budget.body:
                raise TooLarge(TOO_MUCH_TEXT)
            self._value += data[start:end]
            return
        self._size += end - start
        if self._size > self._limit:
            self.posting.refused[self._name] = too_large_message(self._limit)
        else:
            self._chunks.append(bytes(data[start:end]))
            self.waiting += end - start

    def on_part_end(self) -> None:
        if self._filename is None:
            self.posting.values.setdefault(self._name, []).append(self._value.decode(errors="replace"))
        elif self._filename and self._name not in self.posting.refused:
            self._keep(self._filename)
        self.close()

    def flush(self) -> None:
        """Writes what waits to disk; too slow for the event loop."""
        if self._file is None:
            self._file = self._path().open("wb")
        self._file.writelines(self._chunks)
        self._chunks, self.waiting = [], 0

    def close(self) -> None:
        """Closes the file of the current part."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._chunks, self.waiting = [], 0

    def _count_file(self) -> None:
        self._files += bool(self._filename)  # an empty file field comes as a part without a name
        if self._files > self._budget.files:
            message = TOO_MANY_FILES.get(most := self._budget.files, f"Send at most {most} files at a time.")
            raise UserError(message, self._name)

    def _keep(self, name: str) -> None:
        self.flush()
        upload = Upload(name, self._path(), self._size)
        self.posting.files[self._name] = upload
        self.posting.all_files.setdefault(self._name, []).append(upload)

    def _path(self) -> Path:
        return self._folder / str(self._fields)
