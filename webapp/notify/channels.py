"""Sends one notification to one channel through Apprise; imported in child processes only, because Apprise is large."""

import logging
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import escape
from pathlib import Path
from typing import Any

import requests
import requests.adapters
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, OverflowMode

from webapp import clock
from webapp.errors import UserError
from webapp.markup.clean import clean
from webapp.notify import guard
from webapp.notify.allowed_services import ALLOWED
from webapp.ports.channels import ChannelLimits
from webapp.ports.deliveries import LONGEST_AFTER, Reply, ReplyState

SECONDS = 15.0  # for a connection, for each read of an answer, and for a whole send
SECONDS_FOR_FILE = 15.0  # more for each
PRIORITIES = {
    "low": NotifyType.INFO,
    "normal": NotifyType.INFO,
    "high": NotifyType.WARNING,
    "urgent": NotifyType.FAILURE,
}
BROKE = "What speaks with this service broke down over it. An admin can choose another way in Settings → Channels."
# What services call them, of two names the first that one knows.
SERVICE_PRIORITIES = {"low": ("low", "low"), "high": ("high", "high"), "urgent": ("emergency", "max")}
SLOW = "It did not answer in time after it was handed over. It may have arrived."
_ASSET = AppriseAsset(app_id="Outtray", app_desc="Outtray", http_redirects=False, secure_logging=True, async_mode=False)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A notification as one channel gets it; the body is Markdown."""

    title: str
    body: str
    priority: str = "normal"
    files: Sequence[Path] = ()


@dataclass
class _Seen:
    """The result of the last HTTP request of one send, and how many requests were accepted."""

    answer: Any = None
    failure: BaseException | None = None
    accepted: int = 0


# Apprise sends in threads of its own, to which it passes the context.
_seen: ContextVar[_Seen | None] = ContextVar("seen", default=None)


class _Watching(requests.adapters.HTTPAdapter):
    """Keeps the last answer or error: Apprise only tells whether all went well."""

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        seen = _seen.get() or _Seen()
        seen.answer = seen.failure = None
        try:
            seen.answer = super().send(request, *args, **more)
        except requests.RequestException as error:
            seen.failure = error
            raise
        seen.accepted += seen.answer.ok
        return seen.answer


setattr(requests.sessions, "HTTPAdapter", _Watching)  # noqa: B010 - every session of Apprise takes it from there
logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it names addresses


def describe(url: str) -> tuple[str, ChannelLimits]:
    """Returns the name of a URL's service and its limits; raises UserError if it is unknown or not allowed."""
    plugin = _plugin(url)
    formats = plugin.notify_format if isinstance(plugin.notify_format, tuple) else (plugin.notify_format,)
    limits = ChannelLimits(
        body=int(plugin.body_maxlen or 0),
        title=int(plugin.title_maxlen or 0),
        markdown=NotifyFormat.MARKDOWN in formats,
        files=bool(plugin.attachment_support),
    )
    return str(plugin.service_name), limits


def _with_priority(plugin: Any, url: str, priority: str) -> Any:
    """Returns the plugin with this priority, if its service knows priorities and the URL names none."""
    if priority not in SERVICE_PRIORITIES or "priority" not in plugin.template_args or "priority=" in url:
        return plugin
    first, second = SERVICE_PRIORITIES[priority]
    name = first if first in str(plugin.template_args["priority"].get("values", "")) else second
    return _plugin(f"{url}{'&' if '?' in url else '?'}priority={name}")


def _plugin(url: str) -> Any:
    schema = url.partition("://")[0].lower()
    # A webhook's https:// is that of the service which Apprise knows it by.
    if schema not in ALLOWED | {"https"}:
        raise UserError("This kind of address is not allowed here.", "address")
    plugin = Apprise.instantiate(url, asset=_ASSET, suppress_exceptions=True)
    if plugin is None:
        raise UserError("Apprise does not understand this address. Compare it with the documentation.", "address")
    schemas: set[str] = plugin.schemas()  # type: ignore[no-untyped-call]
    if not ALLOWED.intersection(schemas):
        raise UserError("This kind of address is not allowed here.", "address")
    plugin.socket_connect_timeout = plugin.socket_read_timeout = SECONDS
    plugin.request_rate_per_sec = 0
    plugin.overflow_mode = OverflowMode.SPLIT  # what is too long for it comes in parts: nothing is cut off
    return plugin


def send(url: str, outgoing: Outgoing, *, internal: bool) -> Reply:
    """Sends one notification; never raises for what a service may do, and no reply contains the URL."""
    try:
        plugin = _with_priority(_plugin(url), url, outgoing.priority)
    except UserError as error:
        return Reply(ReplyState.FAILED, error.message)
    seen = _Seen()
    _seen.set(seen)
    sender = Apprise(asset=_ASSET)
    sender.add(plugin)
    title, body, body_format = content(plugin, outgoing)
    attached = [str(path) for path in outgoing.files] if plugin.attachment_support else []
    with guard.watching(internal=internal, seconds=SECONDS + SECONDS_FOR_FILE * len(attached)) as watch:
        try:
            is_sent = sender.notify(
                body=body,
                title=title,
                notify_type=PRIORITIES.get(outgoing.priority, NotifyType.INFO),
                body_format=body_format,
                attach=attached or None,
            )
        except Exception as error:  # noqa: BLE001 - its text may name the address
            state = ReplyState.UNKNOWN if seen.answer or seen.accepted else ReplyState.FAILED
            return Reply(state, BROKE, type(error).__name__)
    if is_sent:
        return Reply(ReplyState.SENT, f"{plugin.service_name} accepted it.")
    if seen.accepted - bool(seen.answer is not None and seen.answer.ok):
        return Reply(ReplyState.UNKNOWN, "It accepted a part of it, not all. Look there before you send it again.")
    if watch.refused:
        return Reply(ReplyState.FAILED, guard.REFUSED)
    return _reply(seen.answer, seen.failure, is_over=watch.is_over)


def content(plugin: Any, outgoing: Outgoing) -> tuple[str, str, NotifyFormat]:
    """Returns the title, the body and its format, for a service that takes HTML and no Markdown as HTML.

    Apprise's own converter, Python-Markdown, is quadratic: 10,000 times “[” took it 15 seconds.
    """
    if plugin.resolve_format(NotifyFormat.MARKDOWN) != NotifyFormat.HTML:
        return outgoing.title, outgoing.body, NotifyFormat.MARKDOWN
    is_in_body = plugin.title_maxlen <= 0
    return escape(outgoing.title) if is_in_body else outgoing.title, clean(outgoing.body), NotifyFormat.HTML


def _reply(answer: Any, failure: BaseException | None, *, is_over: bool) -> Reply:
    if answer is not None:
        return _of_status(answer.status_code, answer.headers)
    if isinstance(failure, requests.exceptions.SSLError):
        return Reply(ReplyState.FAILED, "Its certificate is not valid, so nothing was sent.")
    if isinstance(failure, requests.exceptions.ConnectTimeout):
        return Reply(ReplyState.LATER, "It did not answer within 15 seconds.")
    if "NewConnectionError" in repr(failure) or "NameResolutionError" in repr(failure):
        return Reply(ReplyState.LATER, "There is no connection to it.")
    if is_over or isinstance(failure, requests.exceptions.ReadTimeout):
        return Reply(ReplyState.UNKNOWN, SLOW)
    if isinstance(failure, requests.exceptions.ConnectionError):
        return Reply(ReplyState.UNKNOWN, "The connection broke after it was handed over. It may have arrived.")
    return Reply(ReplyState.FAILED, "It could not be reached, or did not accept the notification.")


def _of_status(status: int, headers: Any) -> Reply:
    technical = f"HTTP {status}"
    if 200 <= status < 300:
        return Reply(ReplyState.FAILED, "It answered, but did not accept the notification.", technical)
    if 300 <= status < 400:
        return Reply(ReplyState.FAILED, "It sends on to another address, which is not followed.", technical)
    if status in (408, 425, 429) or status >= 500:
        message = "It has too much to do" if status == 429 else "It has trouble of its own"
        wait = _wait(headers.get("Retry-After", ""))
        return Reply(ReplyState.LATER, f"{message}: try again later.", technical, wait)
    message = {
        401: "It did not accept the key of the channel.",
        403: "It did not accept the key of the channel.",
        404: "There is no such place any more.",
        410: "There is no such place any more.",
        413: "The message or its files are too large for it.",
    }.get(status, "It refused the notification.")
    return Reply(ReplyState.FAILED, message, technical)


def _wait(text: str) -> float | None:
    """Seconds of a Retry-After header (RFC 9110): a number, or a date."""
    if text.strip().isdecimal():
        return min(float(text), LONGEST_AFTER)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - clock.seconds()), LONGEST_AFTER)
    except (TypeError, ValueError):
        return None
