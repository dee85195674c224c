"""Sends a notification to places and people: the article's log file, chats and webhooks, inboxes in the panel."""

from collections.abc import Iterator, Sequence

from webapp.errors import FormErrors, NotFound
from webapp.kinds.notification import announcement
from webapp.kinds.notification.form import NotificationForm
from webapp.ports.attachments import require_attachable
from webapp.ports.channels import AUDIENCES, BUILT_IN, Channel
from webapp.ports.deliveries import Delivery, NewDelivery, Reply, ReplyState, Target
from webapp.ports.form_context import FormContext
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.ports.task_context import Ledger, Permit, TaskContext

EVERYONE = "everyone"
INBOX = "inbox"
AT_ONCE = 2  # notifications that one machine hands to the same channel at the same time
PAUSED = "The channel “{}” is paused. An admin can let it go on in Settings → Channels."


def check(form: NotificationForm, form_context: FormContext) -> None:
    """Places, people and files are there, and this person may use them."""
    wrong = {}
    known = {*BUILT_IN, *(name for one in form_context.channels() for name in (one.id, one.name))}
    if not form.channels and not form.people:
        wrong["channels"] = "Choose a place."
    elif unknown := [one for one in form.channels if one not in known]:
        wrong["channels"] = f"There is no place “{unknown[0]}”, or it is not for you. Choose a place."
    if unknown := _unknown(form.people, form_context.colleagues()):
        wrong["people"] = f"“{unknown[0]}” is nobody here, or not any more. Choose people."
    try:
        require_attachable(form.attachments, form_context)
    except FormErrors as error:
        wrong |= error.errors
    if wrong:
        raise FormErrors(wrong)


def _unknown(chosen: Sequence[str], colleagues: Sequence[Person]) -> list[str]:
    known = {*AUDIENCES}.union(*(_called(one) for one in colleagues))
    return [one for one in chosen if one.casefold() not in known]


def _called(person: Person) -> set[str]:
    """By what one may name somebody: pages by the number, programs also by address or name."""
    return {str(person.id), person.email.casefold(), person.name.casefold()} - {""}


def expand(form: NotificationForm, task: TaskContext) -> Iterator[NewDelivery]:
    """One delivery for each place; to the log file one for each person, to inboxes one for each of them."""
    for channel in form.channels:
        if channel in BUILT_IN:
            for to in form.to or [EVERYONE]:
                yield NewDelivery(to, {"channel": channel}, channel=channel)
        else:
            name, number = _named(task, channel)
            yield NewDelivery(name, {"channel": number}, channel=number)
    for one in task.people.colleagues() if form.people else ():
        if _is_meant(form.people, one):
            yield NewDelivery(one.name or one.email, {"channel": INBOX, "person": one.id}, channel=INBOX)


def _named(task: TaskContext, channel: str) -> tuple[str, str]:
    """The name and the number of a channel; what is gone keeps what it was called by."""
    known = task.connections.channels()
    found = next((one for one in known if channel in (one.id, one.name)), None)
    return (found.name, found.id) if found else (channel, channel)


def _is_meant(people: Sequence[str], person: Person) -> bool:
    groups = {EVERYONE, "admins" if person.is_admin else "staff"}
    return bool((groups | _called(person)) & {one.casefold() for one in people})


def run(form: NotificationForm, task: TaskContext) -> None:
    """Hands it to all places at the same time: a slow one delays no other."""

    def work(way: str, ledger: Ledger) -> None:
        if way in ("", "log"):
            _to_log(form, task, ledger)
        elif way == INBOX:
            _to_inboxes(form, task, ledger)
        else:
            _to_channel(form, task, way, ledger)

    task.ledger.each_channel(work, task.ledger.channels())


def _to_log(form: NotificationForm, task: TaskContext, ledger: Ledger) -> None:
    target = task.connections.log_file()
    for delivery in ledger.deliveries(target):
        ledger.settle(delivery, target.send(delivery.to, form.words))


class Place(Target):
    """ports.Target for what needs no connection before."""

    rate: float | None = None
    rests = True

    def __init__(self, name: str, closed: str = "", admission: Permit | None = None) -> None:
        self.name, self._closed, self._admission = name, closed, admission

    def ready(self) -> None:
        """Always: a connection is made for each message."""
        return None

    def closed(self) -> str:
        return self._closed

    def admit(self) -> bool:
        return self._admission is None or self._admission.take()


def _to_inboxes(form: NotificationForm, task: TaskContext, ledger: Ledger) -> None:
    for delivery in ledger.deliveries(Place(INBOX)):
        title = form.title or f"From {task.owner.name or task.owner.email}"
        went = task.people.notify(delivery.data["person"], title, form.message, str(delivery.position), form.priority)
        words = "In the inbox." if went else "This person is not here any more."
        ledger.settle(delivery, Reply(ReplyState.SENT if went else ReplyState.FAILED, words))


def _to_channel(form: NotificationForm, task: TaskContext, way: str, ledger: Ledger) -> None:
    try:
        channel = task.connections.channel(way)
    except NotFound as error:
        for delivery in ledger.deliveries(Place(f"channel:{way}")):
            ledger.settle(delivery, Reply(ReplyState.FAILED, error.words))
        return
    closed = PAUSED.format(channel.name) if channel.paused else ""
    with task.connections.permit(f"channel:{way}", AT_ONCE) as admission:
        for delivery in ledger.deliveries(Place(f"channel:{way}", closed, admission)):
            ledger.settle(delivery, _handed_over(form, task, channel, delivery))


def _handed_over(form: NotificationForm, task: TaskContext, channel: Channel, delivery: Delivery) -> Reply:
    from webapp.notify import channels  # Apprise is large, and only what sends to a channel needs it

    for_whom = f"For {', '.join(form.to)}\n\n" if form.to else ""
    files = [task.files.attachment(file_id).path for file_id in form.attachments]
    body = for_whom + form.message
    return channels.send(channel.url, form.title, body, form.priority, files, internal=channel.internal)


def _title(form: NotificationForm) -> str:
    match form.to:
        case []:
            whom = EVERYONE
        case [one]:
            whom = one
        case many:
            whom = f"{len(many):,} people"
    return f"{form.title} for {whom}" if form.title else f"Notification for {whom}"


def _total_at(form: NotificationForm, form_context: FormContext) -> int:
    in_log = max(1, len(form.to)) * sum(channel in BUILT_IN for channel in form.channels)
    elsewhere = sum(channel not in BUILT_IN for channel in form.channels)
    inboxes = sum(_is_meant(form.people, one) for one in form_context.colleagues()) if form.people else 0
    return in_log + elsewhere + inboxes


KIND = Kind(
    name="notification",
    title="Send a notification",
    about="To chats, to colleagues’ inboxes, to the log file. A few words, at once.",
    verb="Send notification",
    icon="bell",
    form=NotificationForm,
    run=run,
    title_of=_title,
    queue=lambda form: "notify",
    check=check,
    expand=expand,
    total=lambda form: max(1, len(form.to)) if set(form.channels) <= set(BUILT_IN) and not form.people else None,
    total_at=_total_at,
    template=("title", "message", "priority"),
    undoable=True,
    pausable=True,
    grace=10.0,
    noun="notifications",
    announcement_form=announcement.form_of,
    example={
        "form": {"to": ["ana@example.com"], "channels": ["log"], "title": "Orders", "message": "Order 17 is ready."}
    },
)
