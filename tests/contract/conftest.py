"""A house per engine and database, and slots that run in this process's threads."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests import postgres
from tests.factories import make_person
from tests.waiting import until
from webapp.db.migrate import bring_up_to_date
from webapp.engine.in_process import working
from webapp.engine.slot import ProcessSlot
from webapp.engine.worker_locks import WorkerLock, new_worker
from webapp.installation import Installation, build
from webapp.ports.people import Person
from webapp.settings import Settings
from webapp.tasks import commands, queries
from webapp.tasks.model import State, Task

CASES = ["local-sqlite", "background-sqlite", "local-postgresql", "background-postgresql"]


class Panel:
    """A house, a person, and as many slots as a test starts."""

    def __init__(self, installation: Installation, ana: Person) -> None:
        self.installation, self.ana = installation, ana

    def start(self, seconds: float = 0, fail: bool = False, **more: object) -> int:
        kind = self.installation.kind("self-test")
        form = kind.form(seconds=seconds, fail=fail)
        with self.installation.write() as conn:
            return commands.start(conn, self.installation.engine, kind, form, self.ana, **more).id

    def task(self, task_id: int) -> Task:
        with self.installation.read() as conn:
            return queries.one(conn, task_id, self.ana)

    def wait_for(self, task_id: int, *states: State, seconds: float = 30) -> Task:
        try:
            until(lambda: self.task(task_id).state in states, seconds)
        except AssertionError:
            task = self.task(task_id)
            raise AssertionError(f"{task.state}: {task.outcome} {task.technical} {self.lines(task_id)}") from None
        return self.task(task_id)

    def lines(self, task_id: int) -> list[str]:
        with self.installation.read() as conn:
            return [line.words for line in queries.lines(conn, task_id)]

    @contextmanager
    def slots(self, number: int = 1) -> Iterator[None]:
        """Runs tasks for as long as the block lasts, and then stops as a server stops."""
        if self.installation.settings.engine == "background":
            with working(self.installation, build):
                yield
            return
        with ExitStack() as stack:
            for _ in range(number):
                stack.enter_context(self._slot())
            yield

    @contextmanager
    def _slot(self) -> Iterator[None]:
        installation = build(self.installation.settings)
        worker = new_worker("quick")
        lock = WorkerLock(installation.run_dir, worker)
        lock.take()
        slot = ProcessSlot(build, installation, ["quick", "reports"], worker)
        work = threading.Thread(
            target=installation.engine.work,
            args=(slot, lambda task_id: slot.run_one(task_id, lambda: None)),
        )
        work.start()
        yield
        slot.stop()
        work.join(15)
        assert not work.is_alive()
        slot.close()
        lock.release()
        installation.close()


@pytest.fixture(params=CASES)
def panel(request: pytest.FixtureRequest, tmp_path) -> Iterator[Panel]:
    engine, database = request.param.split("-")
    url = postgres.new_database() if database == "postgresql" else ""
    settings = Settings(data_dir=tmp_path / "data", engine=engine, database_url=url, retry_seconds=(0, 0))
    installation = build(settings)
    bring_up_to_date(installation.database)
    with installation.write() as conn:
        ana = make_person(conn, settings, email="ana@example.com")
    yield Panel(installation, ana)
    installation.close()
