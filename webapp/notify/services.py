"""The common services, and the URL that Apprise takes for each, made of plain fields; other schemas on a list."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

from webapp.errors import UserError
from webapp.ports.urls import split_url


@dataclass(frozen=True)
class Field:
    """A field of a service's form; `secret` is typed hidden."""

    name: str
    label: str
    hint: str = ""
    _: KW_ONLY
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Service:
    """A service; `build` makes the URL from its fields and raises ValueError with a message for people."""

    name: str
    fields: Sequence[Field]
    build: Callable[[Mapping[str, str]], str]


def _q(text: str) -> str:
    return quote(text.strip(), safe="")


def _webhook(host: str, pattern: str, form: str, *others: str) -> Callable[[Mapping[str, str]], str]:
    """Returns an address that a service shows; `others` are further names of its host."""

    def build(typed: Mapping[str, str]) -> str:
        url = split_url(typed["address"].strip())
        match = re.fullmatch(pattern, url.path)
        named = f".{url.hostname or ''}"
        if url.scheme != "https" or not match or not named.endswith(tuple(f".{one}" for one in (host, *others))):
            raise ValueError(f"This is no webhook of {host}. Copy the whole address, from https:// on.")
        return form.format(*map(_q, match.groups()))

    return build


def _server(scheme: str, secure: str, path: str) -> Callable[[Mapping[str, str]], str]:
    """Returns the address of a self-hosted server, and the path behind it."""

    def build(typed: Mapping[str, str]) -> str:
        url = split_url(typed["address"].strip())
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("Write the whole address, from https:// on.")
        port = f":{url.port}" if url.port else ""
        host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        values = {name: _q(value) for name, value in typed.items()}
        return f"{secure if url.scheme == 'https' else scheme}://{host}{port}" + path.format(
            **values, under=url.path.rstrip("/")
        )

    return build


def _json(typed: Mapping[str, str]) -> str:
    url = split_url(typed["address"].strip())
    if url.scheme not in ("http", "https") or not url.hostname or url.username:
        raise ValueError("Write the whole address, from https:// on.")
    query = f"?{url.query}" if url.query else ""
    # A parameter of the address goes out as it stands: Apprise takes it for one of its own without the dash.
    query = re.sub(r"([?&])([^&=]+)", r"\1-\2", query)
    return f"{'jsons' if url.scheme == 'https' else 'json'}://{url.netloc}{url.path or '/'}{query}"


def _teams(typed: Mapping[str, str]) -> str:
    address = typed["address"].strip()
    if split_url(address).scheme != "https" or "sig=" not in address:
        raise ValueError("This is no webhook of Teams. Copy the whole address of the workflow, from https:// on.")
    return address


def _mattermost(typed: Mapping[str, str]) -> str:
    url = split_url(typed["address"].strip())
    match = re.fullmatch(r"(.*)/hooks/([A-Za-z0-9]+)/?", url.path)
    if url.scheme not in ("http", "https") or not url.hostname or not match:
        raise ValueError("This is no webhook of Mattermost: https://chat.example.com/hooks/….")
    port = f":{url.port}" if url.port else ""
    return f"{'mmosts' if url.scheme == 'https' else 'mmost'}://{url.hostname}{port}{match[1]}/{match[2]}"


def _email(typed: Mapping[str, str]) -> str:
    user, _, host = typed["user"].strip().rpartition("@")
    if not user or not host:
        raise ValueError("Write the whole address of the sender, such as office@example.com.")
    server = f"&smtp={_q(typed['server'])}" if typed["server"].strip() else ""
    return f"mailtos://{_q(user)}:{_q(typed['password'])}@{_q(host)}?to={_q(typed['to'])}{server}"


ADDRESS = Field("address", "Address of the webhook", secret=True)
SERVICES: dict[str, Service] = {
    "slack": Service(
        "Slack",
        [ADDRESS],
        _webhook("hooks.slack.com", r"/services/([A-Z0-9]+)/([A-Z0-9]+)/([A-Za-z0-9]+)", "slack://{}/{}/{}"),
    ),
    "teams": Service("Microsoft Teams", [ADDRESS], _teams),
    "discord": Service(
        "Discord",
        [ADDRESS],
        _webhook("discord.com", r"/api/webhooks/(\d+)/([\w-]+)", "discord://{}/{}?format=markdown", "discordapp.com"),
    ),
    "telegram": Service(
        "Telegram",
        [Field("token", "Token of the bot", secret=True), Field("chat", "Number of the chat")],
        lambda typed: f"tgram://{typed['token'].strip()}/{_q(typed['chat'])}?format=markdown",
    ),
    "googlechat": Service(
        "Google Chat",
        [ADDRESS],
        lambda typed: typed["address"].strip(),
    ),
    "mattermost": Service("Mattermost", [ADDRESS], _mattermost),
    "ntfy": Service(
        "ntfy",
        [
            Field("address", "Address of the server", "https://ntfy.sh, or one of your own."),
            Field("topic", "Topic", secret=True),
            Field("token", "Access token", secret=True, optional=True),
        ],
        lambda typed: (
            _server("ntfy", "ntfys", "/{topic}")(typed)
            + (f"?token={_q(typed['token'])}" if typed["token"].strip() else "")
        ),
    ),
    "gotify": Service(
        "Gotify",
        [Field("address", "Address of the server"), Field("token", "Token of the application", secret=True)],
        _server("gotify", "gotifys", "{under}/{token}"),
    ),
    "pushover": Service(
        "Pushover",
        [Field("user", "User key", secret=True), Field("token", "Token of the application", secret=True)],
        lambda typed: f"pover://{_q(typed['user'])}@{_q(typed['token'])}",
    ),
    "email": Service(
        "Email",
        [
            Field("user", "Sender"),
            Field("password", "Password", secret=True),
            Field("to", "To"),
            Field("server", "Mail server", "Empty: as the sender's address says.", optional=True),
        ],
        _email,
    ),
    "json": Service("Webhook (JSON)", [ADDRESS], _json),
    "twilio": Service(
        "SMS through Twilio",
        [
            Field("account", "Account SID"),
            Field("token", "Auth token", secret=True),
            Field("sender", "From number", "Such as +15551234567."),
            Field("to", "To number"),
        ],
        lambda typed: f"twilio://{_q(typed['account'])}:{_q(typed['token'])}@{_q(typed['sender'])}/{_q(typed['to'])}",
    ),
    "other": Service(
        "Another service",
        [Field("address", "Apprise URL", "One of over a hundred: see the list of services of Apprise.", secret=True)],
        lambda typed: typed["address"].strip(),
    ),
}


def url_of(service: str, typed: Mapping[str, str]) -> str:
    """Returns the URL for these fields; raises UserError beside the wrong field."""
    known = SERVICES.get(service)
    if known is None:
        raise UserError("Choose the service.", "service")
    for one in known.fields:
        value = typed.get(one.name, "").strip()
        if not value and not one.optional:
            raise UserError(f"Fill in “{one.label}”.", one.name)
        if len(value) > 2_000 or any(not letter.isprintable() or letter.isspace() for letter in value):
            raise UserError(f"“{one.label}” holds a space or an invisible character.", one.name)
    try:
        return known.build({one.name: typed.get(one.name, "") for one in known.fields})
    except ValueError as error:
        raise UserError(str(error), known.fields[0].name) from None
