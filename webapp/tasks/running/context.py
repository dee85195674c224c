"""A running task, as its kind sees it: every write carries (task id, attempt)."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.errors import NotFound, TaskError, UserError
from webapp.files import queries as files
from webapp.files.store import safe_name
from webapp.ports import (
    Admission,
    Attachment,
    Channel,
    Delivery,
    MailTarget,
    NewDelivery,
    Person,
    Reply,
    SavedQuery,
    Table,
    Target,
    Understood,
)
from webapp.ports import Ledger as OneWay
from webapp.tasks import inbox
from webapp.tasks.cancellation import Control
from webapp.tasks.ledger.ledger import SHOWN_EVERY, Ledger, Shown
from webapp.tasks.ledger.parallel import together
from webapp.tasks.model import Task
from webapp.tasks.resources import Workshop
from webapp.tasks.transitions import add_line, fenced, skip_waiting
from webapp.tasks.views import past_runs

LONGEST_SLEEP = 5.0  # seconds


class Context:
    """ports.TaskContext over the database."""

    def __init__(self, shop: Workshop, task: Task, control: Control) -> None:
        self.id = task.id
        self.owner = shop.owner(task.owner)
        self.data_dir: Path = shop.data_dir
        self.most_rows = shop.settings.report_rows
        self.done = task.progress.done
        self.ledger = Ledger(shop, task, control)
        self._shop, self._task, self._control = shop, task, control
        self._shown = 0.0

    def log(self, words: str) -> None:
        with self._shop.write() as conn:
            wishes = fenced(conn, self.id, self._task.attempt)
            add_line(conn, self.id, words)
            mark_changed(conn)
        self._obey(wishes.asked)

    def progress(self, done: int, total: int | None = None, words: str = "") -> None:
        self._control.check()
        is_last = total is not None and done >= total
        if not is_last and time.monotonic() - self._shown < SHOWN_EVERY:
            return
        self._shown = time.monotonic()
        values = {"progress_done": done, "progress_total": total, "progress_words": words, "deaths": 0}
        with self._shop.write() as conn:
            wishes = fenced(conn, self.id, self._task.attempt, **values)
            mark_changed(conn)
        self._obey(wishes.asked)

    def sleep(self, seconds: float) -> None:
        self._control.check()
        end = time.monotonic() + min(seconds, LONGEST_SLEEP)
        while (left := end - time.monotonic()) > 0:
            self._control.wait(left)
            self._control.check()

    def table(self, upload_id: str) -> Table:
        try:
            return self._shop.table_of(self.owner.id, upload_id)
        except NotFound:
            words = "The file that this was to be made from is not here any more. Choose it again."
            raise TaskError(words, cause="upload-gone", fault="form") from None

    def attachment(self, file_id: str) -> Attachment:
        try:
            return self._shop.attachment_of(self.owner, file_id)
        except NotFound:
            raise TaskError(ATTACHED_GONE, cause="attachment-gone", fault="form") from None

    def reached(self, tasks: Sequence[int]) -> frozenset[str]:
        with self._shop.read() as conn:
            return past_runs.keys_of(conn, self.owner.id, tasks)

    def ask(self, query_id: str, values: Mapping[str, str], target: Path) -> tuple[SavedQuery, Understood]:
        try:
            return self._shop.ask(self.owner, query_id, values, target)
        except NotFound as error:
            raise TaskError(error.words, cause="query-gone", fault="form") from None
        except UserError as error:
            raise TaskError(f"{error.words} No file was made.", cause="query", fault="server") from None

    def records(self, name: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        return self._shop.records(self.owner, name)

    def made(self) -> Sequence[Attachment]:
        store = self._shop.store
        with self._shop.read() as conn:
            found = files.of_tasks(conn, [self.id]).get(self.id, [])
        made = [Attachment(one.id, one.name, one.media_type, one.size, store.path(one.storage)) for one in found]
        return [one for one in made if one.path.is_file()]

    def scratch(self) -> AbstractContextManager[Path]:
        return self._shop.store.unfinished()

    def keep_preview(self, name: str, data: Mapping[str, Any]) -> None:
        with self._shop.write() as conn:
            fenced(conn, self.id, self._task.attempt)
            files.keep_preview(conn, self.id, safe_name(name), data)

    def draw(self, chart: Mapping[str, Any]) -> None:
        with self._shop.write() as conn:
            fenced(conn, self.id, self._task.attempt, chart=dict(chart))
            mark_changed(conn)

    def pace(self, name: str) -> float | None:
        with self._shop.read() as conn:
            return past_runs.pace(conn, name)

    def keep_pace(self, name: str, seconds: float) -> None:
        with self._shop.write() as conn:
            past_runs.keep_pace(conn, name, seconds)

    def skip(self, words: str, why: str) -> None:
        with self._shop.write() as conn:
            fenced(conn, self.id, self._task.attempt)
            skip_waiting(conn, self.id, words, why)
            mark_changed(conn)

    def address(self) -> str:
        return self._shop.address

    @contextmanager
    def new_file(self, name: str, media_type: str) -> Iterator[Path]:
        self._require_room()
        with self._shop.store.unfinished() as path:
            yield path
            stored = self._shop.store.keep(path)
        try:
            with self._shop.write() as conn:
                fenced(conn, self.id, self._task.attempt)
                replaced = files.replace(conn, self.id, safe_name(name))
                files.add(conn, self.id, self.owner.id, safe_name(name), media_type, stored, self._shop.keep_files_days)
        except BaseException:
            self._shop.store.remove(stored.storage)
            raise
        for storage in replaced:
            self._shop.store.remove(storage)

    def mail_server(self, chosen: str = "") -> AbstractContextManager[MailTarget]:
        return self._shop.mail_server(chosen, is_urgent=self._task.queue != "mail")

    def unsubscribe_links(self) -> Callable[[str], str]:
        return self._shop.unsubscribe_links(self.id)

    def deliveries(self, target: Target) -> Iterator[Delivery]:
        return self.ledger.run(target)

    def settle(self, delivery: Delivery, reply: Reply) -> None:
        self.ledger.settle(delivery, reply)

    def ways(self) -> Sequence[str]:
        d = schema.delivery
        query = select(d.c.channel).where(d.c.task == self.id, d.c.state == "waiting").distinct()
        with self._shop.read() as conn:
            return list(conn.execute(query.order_by(d.c.channel)).scalars())

    def side_by_side(self, work: Callable[[str, OneWay], None], ways: Sequence[str]) -> None:
        shown = Shown()
        ledgers = {way: Ledger(self._shop, self._task, self._control, way, shown) for way in ways}
        try:
            together([partial(_work_on, work, way, ledger) for way, ledger in ledgers.items()])
        finally:
            self.ledger.show()

    def place(self, name: str, number: int) -> AbstractContextManager[Admission]:
        return self._shop.place(name, number)

    def channel(self, channel_id: str) -> Channel:
        return self._shop.channel(self.owner, channel_id)

    def channels(self) -> Sequence[Channel]:
        return self._shop.desk(self.owner).channels()

    def colleagues(self) -> Sequence[Person]:
        return self._shop.desk(self.owner).colleagues()

    def tell(self, person_id: int, title: str, text: str, key: str, priority: str = "normal") -> bool:
        with self._shop.write() as conn:
            return inbox.tell(
                conn, person_id, title, text, task=self.id, key=f"{self.id}.{key}", priority=priority,
            )  # fmt: skip

    def expand(self, new: Iterator[NewDelivery]) -> None:
        """Enters the deliveries of the form; repeatable."""
        self.ledger.expand(new)

    def _obey(self, wish: str | None) -> None:
        if wish in ("cancel", "pause"):
            self._control.ask(wish)  # type: ignore[arg-type]
            self._control.check()

    def _require_room(self) -> None:
        if self._shop.store.free_bytes() < 1 << 20:
            raise TaskError(NO_ROOM, cause="disk-full")


def _work_on(work: Callable[[str, OneWay], None], way: str, ledger: Ledger) -> None:
    try:
        work(way, ledger)
    finally:
        ledger.flush()


ATTACHED_GONE = "A file that was to be attached is not here any more. Nothing was sent. Choose it again."
NO_ROOM = "There is no room left on the server's disk. No file was made. Ask an admin to make room, then press Retry."
