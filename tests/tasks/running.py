"""A mail server that answers as a test says, and one claimed email task, run by hand."""

from collections.abc import Callable

from webapp.installation import Installation
from webapp.ports.deliveries import Reply, ReplyState, Target
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.cancellation import Control
from webapp.tasks.model import Task
from webapp.tasks.running import run
from webapp.tasks.running.context import DbTaskContext

SENT = Reply(ReplyState.SENT, "The mail server accepted it.")


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

    def __init__(self, installation: Installation, task_id: int) -> None:
        self.installation, self.control = installation, Control()
        self.task = run.claim(installation, task_id, "test")
        self.context = DbTaskContext(installation, self.task, self.control)

    def deliver(self, server: Server) -> None:
        kind = self.installation.kind("email")
        self.context.ledger.expand(iter(kind.expand(kind.form.model_validate(self.task.form), self.context)))
        try:
            for delivery in self.context.ledger.deliveries(server):
                self.context.ledger.settle(delivery, server.send(delivery.to))
        finally:
            self.context.ledger.flush()

    def finish(self, server: Server) -> None:
        """Delivers and writes the ending, as tasks/run.py does."""
        original = self.installation.kind("email")
        kind = type(original)(**{**vars(original), "run": lambda form, context: self.deliver_again(context, server)})
        self.installation.find_kind = lambda name: kind
        run.end(self.installation, self.task, self.control, run._work(self.installation, self.task, self.control))

    def deliver_again(self, context: DbTaskContext, server: Server) -> None:
        for delivery in context.ledger.deliveries(server):
            context.ledger.settle(delivery, server.send(delivery.to))


def task_of(installation: Installation, task_id: int, owner: Person) -> Task:
    with installation.read() as conn:
        return queries.one(conn, task_id, owner)
