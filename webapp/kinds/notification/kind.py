"""Sends a notification to channels and people: the article's log file, chats and webhooks, inboxes in the panel."""

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
PAUSED = "The channel “{}” is paused. An admin can resume it in Settings → Channels."


def check(form: NotificationForm, form_context: FormContext) -> None:
    """Raises FormErrors if a channel, a person or a file does not exist or is not for this person."""
    errors = {}
    known = {*BUILT_IN, *(name for one in form_context.channels() for name in _names(one))}
    if not form.channels and not form.people:
        errors["channels"] = "Choose a channel."
    elif unknown := [one for one in form.channels if one not in known]:
        errors["channels"] = f"There is no channel “{unknown[0]}”, or you may not use it. Choose a channel."
    if unknown := _unknown(form.people, form_context.colleagues()):
        errors["people"] = f"There is no active person “{unknown[0]}”. Choose people."
    try:
        require_attachable(form.attachments, form_context)
    except FormErrors as error:
        errors |= error.errors
    if errors:
        raise FormErrors(errors)


def _names(channel: Channel) -> set[str]:
    """Returns the identifiers accepted for a channel: id (pages), or name (API); a name of digits would be an id."""
    return {channel.id} | ({channel.name} if not channel.name.isdecimal() else set())


def _unknown(chosen: Sequence[str], colleagues: Sequence[Person]) -> list[str]:
    known = {*AUDIENCES}.union(*(_called(one) for one in colleagues))
    return [one for one in chosen if one.casefold() not in known]


def _called(person: Person) -> set[str]:
    """Returns the identifiers accepted for a person: id (pages); address or name too (API)."""
    names = {person.email.casefold(), person.name.casefold()} - {""}
    return {str(person.id)} | {name for name in names if not name.isdecimal()}


def expand(form: NotificationForm, task: TaskContext) -> Iterator[NewDelivery]:
    """Yields one delivery for each channel; for the log file and the inboxes one for each person."""
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
    """Returns the name and the id of a channel; for a deleted one both are what the form calls it."""
    known = task.connections.channels()
    found = next((one for one in known if channel in _names(one)), None)
    return (found.name, found.id) if found else (channel, channel)


def _is_meant(people: Sequence[str], person: Person) -> bool:
    groups = {EVERYONE, "admins" if person.is_admin else "staff"}
    return bool((groups | _called(person)) & {one.casefold() for one in people})


def run(form: NotificationForm, task: TaskContext) -> None:
    """Sends to all channels at the same time, so that a slow one delays no other."""

    def work(channel: str, ledger: Ledger) -> None:
        if channel in ("", "log"):
            _to_log(form, task, ledger)
        elif channel == INBOX:
            _to_inboxes(form, task, ledger)
        else:
            _to_channel(form, task, channel, ledger)

    task.ledger.each_channel(work, task.ledger.channels())


def _to_log(form: NotificationForm, task: TaskContext, ledger: Ledger) -> None:
    target = task.connections.log_file()
    for delivery in ledger.deliveries(target):
        ledger.settle(delivery, target.send(delivery.to, form.line))


class ConnectionlessTarget(Target):
    """ports.Target for a channel that needs no open connection."""

    rate: float | None = None
    rests = True

    def __init__(self, name: str, closed: str = "", permit: Permit | None = None) -> None:
        self.name, self._closed, self._permit = name, closed, permit

    def ready(self) -> None:
        """Does nothing: each message has its own connection."""

    def closed(self) -> str:
        return self._closed

    def admit(self) -> bool:
        return self._permit is None or self._permit.take()


def _to_inboxes(form: NotificationForm, task: TaskContext, ledger: Ledger) -> None:
    for delivery in ledger.deliveries(ConnectionlessTarget(INBOX)):
        title = form.title or f"From {task.owner.name or task.owner.email}"
        is_delivered = task.people.notify(
            delivery.data["person"], title, form.message, str(delivery.position), form.priority
        )
        message = "In the inbox." if is_delivered else "This person is no longer active."
        ledger.settle(delivery, Reply(ReplyState.SENT if is_delivered else ReplyState.FAILED, message))


def _to_channel(form: NotificationForm, task: TaskContext, channel_id: str, ledger: Ledger) -> None:
    try:
        channel = task.connections.channel(channel_id)
    except NotFound as error:
        for delivery in ledger.deliveries(ConnectionlessTarget(f"channel:{channel_id}")):
            ledger.settle(delivery, Reply(ReplyState.FAILED, error.message))
        return
    closed = PAUSED.format(channel.name) if channel.paused else ""
    with task.connections.permit(f"channel:{channel_id}", AT_ONCE) as permit:
        for delivery in ledger.deliveries(ConnectionlessTarget(f"channel:{channel_id}", closed, permit)):
            ledger.settle(delivery, _send(form, task, channel, delivery))


def _send(form: NotificationForm, task: TaskContext, channel: Channel, delivery: Delivery) -> Reply:
    from webapp.notify import channels  # Apprise is large; only a send to a channel needs it

    for_whom = f"For {', '.join(form.to)}\n\n" if form.to else ""
    files = [task.files.attachment(file_id).path for file_id in form.attachments]
    outgoing = channels.Outgoing(title=form.title, body=for_whom + form.message, priority=form.priority, files=files)
    return channels.send(channel.url, outgoing, internal=channel.internal)


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
    about="A short message, at once: to chats, to colleagues’ inboxes, to the log file.",
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
