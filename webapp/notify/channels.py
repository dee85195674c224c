"""Sends one notification to one place through Apprise; imported in slots and children only, for Apprise is large."""

import logging
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
import requests.adapters
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, OverflowMode

from webapp import clock
from webapp.errors import UserError
from webapp.notify import guard
from webapp.notify.allowed_services import ALLOWED
from webapp.ports.channels import ChannelLimits
from webapp.ports.deliveries import LONGEST_AFTER, Reply, ReplyState

SECONDS = 15.0  # for a connection, for each wait within an answer, and for a whole sending
SECONDS_FOR_FILE = 15.0  # more for each
PRIORITIES = {
    "low": NotifyType.INFO,
    "normal": NotifyType.INFO,
    "high": NotifyType.WARNING,
    "urgent": NotifyType.FAILURE,
}
BROKE = "What speaks with this service broke down over it. An admin can choose another way in Settings → Channels."
OWN_PRIORITIES = {"low": ("low", "low"), "high": ("high", "high"), "urgent": ("emergency", "max")}  # of services
SLOW = "It did not answer in time after it was handed over. It may have arrived."
_ASSET = AppriseAsset(app_id="Outtray", app_desc="Outtray", http_redirects=False, secure_logging=True, async_mode=False)


@dataclass
class _Seen:
    """What came of the last request of one sending, and how many were accepted."""

    answer: Any = None
    failure: BaseException | None = None
    accepted: int = 0


# Apprise sends in threads of its own, to which it hands the context on.
_seen: ContextVar[_Seen | None] = ContextVar("seen", default=None)


class _Watching(requests.adapters.HTTPAdapter):
    """Keeps the last answer, and how far it came: Apprise only says whether it went well."""

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


def look_at(url: str) -> tuple[str, ChannelLimits]:
    """What people call a URL's service, and what it takes; UserError where it is not known or may not be used."""
    place = _place(url)
    formats = place.notify_format if isinstance(place.notify_format, tuple) else (place.notify_format,)
    takes = ChannelLimits(
        int(place.body_maxlen or 0),
        int(place.title_maxlen or 0),
        NotifyFormat.MARKDOWN in formats,
        bool(place.attachment_support),
    )
    return str(place.service_name), takes


def _urgent(place: Any, url: str, priority: str) -> Any:
    """The same place, told how much it matters in its own way, where it has one and the address says nothing of it."""
    if priority not in OWN_PRIORITIES or "priority" not in place.template_args or "priority=" in url:
        return place
    first, second = OWN_PRIORITIES[priority]
    name = first if first in str(place.template_args["priority"].get("values", "")) else second
    return _place(f"{url}{'&' if '?' in url else '?'}priority={name}")


def _place(url: str) -> Any:
    schema = url.partition("://")[0].lower()
    # A webhook's https:// is that of the service which Apprise knows it by.
    if schema not in ALLOWED | {"https"}:
        raise UserError("This kind of address is not allowed here.", "address")
    place = Apprise.instantiate(url, asset=_ASSET, suppress_exceptions=True)
    if place is None:
        raise UserError("Apprise does not understand this address. Compare it with the documentation.", "address")
    schemas: set[str] = place.schemas()  # type: ignore[no-untyped-call]
    if not ALLOWED.intersection(schemas):
        raise UserError("This kind of address is not allowed here.", "address")
    place.socket_connect_timeout = place.socket_read_timeout = SECONDS
    place.request_rate_per_sec = 0
    place.overflow_mode = OverflowMode.SPLIT  # what is too long for it comes in parts: nothing is cut off
    return place


def send(url: str, title: str, body: str, priority: str, files: Sequence[Path], *, internal: bool) -> Reply:
    """Hands it over; never raises for what a place may do, and no word of it names the address."""
    try:
        place = _urgent(_place(url), url, priority)
    except UserError as error:
        return Reply(ReplyState.FAILED, error.message)
    seen = _Seen()
    _seen.set(seen)
    sender = Apprise(asset=_ASSET)
    sender.add(place)
    kind = PRIORITIES.get(priority, NotifyType.INFO)
    attached = [str(path) for path in files] if place.attachment_support else None
    seconds = SECONDS + SECONDS_FOR_FILE * len(attached or [])
    with guard.watching(internal=internal, seconds=seconds) as watch:
        try:
            went_well = sender.notify(
                body=body, title=title, notify_type=kind, body_format=NotifyFormat.MARKDOWN, attach=attached or None
            )
        except Exception as error:  # noqa: BLE001 - its text may name the address
            state = ReplyState.UNKNOWN if seen.answer or seen.accepted else ReplyState.FAILED
            return Reply(state, BROKE, type(error).__name__)
    if went_well:
        return Reply(ReplyState.SENT, f"{place.service_name} accepted it.")
    if seen.accepted - bool(seen.answer is not None and seen.answer.ok):
        return Reply(ReplyState.UNKNOWN, "It accepted a part of it, not all. Look there before you send it again.")
    if watch.refused:
        return Reply(ReplyState.FAILED, guard.REFUSED)
    return _reply(seen.answer, seen.failure, is_over=watch.is_over)


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
        words = (
            "It has too much to do: try again later."
            if status == 429
            else "It has trouble of its own: try again later."
        )
        return Reply(ReplyState.LATER, words, technical, _wait(headers.get("Retry-After", "")))
    words = {
        401: "It did not accept the key of the channel.",
        403: "It did not accept the key of the channel.",
        404: "There is no such place any more.",
        410: "There is no such place any more.",
        413: "The message or its files are too large for it.",
    }.get(status, "It refused the notification.")
    return Reply(ReplyState.FAILED, words, technical)


def _wait(text: str) -> float | None:
    """Seconds of a Retry-After header (RFC 9110): a number, or a date."""
    if text.strip().isdecimal():
        return min(float(text), LONGEST_AFTER)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - clock.seconds()), LONGEST_AFTER)
    except (TypeError, ValueError):
        return None
