"""A mail server that answers as a test says, and one claimed email task, run by hand."""

from collections.abc import Callable

from webapp.installation import House
from webapp.ports import Person, Reply, Target
from webapp.tasks import queries
from webapp.tasks.cancellation import Control
from webapp.tasks.model import Task
from webapp.tasks.running import run
from webapp.tasks.running.context import Context

SENT = Reply("sent", "The mail server accepted it.")


class Server(Target):
    """A target that answers as a test says; `seen` are the addresses that it was given."""

    def __init__(self, answer: Callable[[str], Reply] = lambda to: SENT) -> None:
        self.name, self.rate, self.sender = "test", None, "office@example.com"
        self.answer, self.seen = answer, []

    def ready(self) -> None: ...

    def send(self, to: str) -> Reply:
        self.seen.append(to)
        return self.answer(to)


class Run:
    """One claimed email task, and what its kind would do with it."""

    def __init__(self, house: House, task_id: int) -> None:
        self.house, self.control = house, Control()
        self.task = run.claim(house, task_id, "test")
        self.context = Context(house, self.task, self.control)

    def deliver(self, server: Server) -> None:
        kind = self.house.kind("email")
        self.context.expand(iter(kind.expand(kind.form.model_validate(self.task.form), self.context)))
        try:
            for delivery in self.context.deliveries(server):
                self.context.settle(delivery, server.send(delivery.to))
        finally:
            self.context.ledger.flush()

    def finish(self, server: Server) -> None:
        """Delivers and writes the ending, as tasks/run.py does."""
        original = self.house.kind("email")
        kind = type(original)(**{**vars(original), "run": lambda form, context: self.deliver_again(context, server)})
        run.end(self.house, run._work(self.house, kind, self.task, self.context))

    def deliver_again(self, context: Context, server: Server) -> None:
        for delivery in context.deliveries(server):
            context.settle(delivery, server.send(delivery.to))


def task_of(house: House, task_id: int, owner: Person) -> Task:
    with house.read() as conn:
        return queries.one(conn, task_id, owner)
