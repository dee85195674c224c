"""For every route, a request that it takes: what stands in its path, and one form for each way it reads one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.factories import PASSWORD
from tests.web.foreign.walk import Fields, Good, names_of
from webapp.kinds import KINDS

EMAIL = {"to": "ben@example.com", "subject": "Hello", "body": "Hi"}
REPORT = {
    "data": "sales", "format": "csv", "columns": "Region", "filters.column": "Region", "filters.test": "=",
    "filters.value": "North", "sums.column": "Amount", "sums.how": "sum", "sort.column": "Region",
    "sort.direction": "up", "names.column": "Region", "names.title": "Area", "group_by": "Region",
}  # fmt: skip
PROFILE = {"name": "Rut", "zone": "Europe/Madrid", "undo_seconds": "10", "notices": "all", "notice_ways": "inbox"}
SERVER = {
    "name": "Office", "host": "127.0.0.1", "port": "9", "scheme": "smtp", "from_address": "a@example.com",
    "from_name": "Office", "rate": "5", "per_connection": "10", "connections": "2", "user": "u", "password": "p",
    "is_default": "on",
}  # fmt: skip
QUERY = {
    "name": "Turnover", "text": "select region from sale where region = :region", "everyone": "on", "people": "2",
    "parameters.name": "region", "parameters.title": "Region", "parameters.type": "text", "parameters.choices": "",
    "parameters.query": "", "parameters.default": "North", "parameters.optional": "",
}  # fmt: skip
HOOK = {
    "name": "H", "channels": "log", "people": "admins", "priority": "normal", "title": "{{ a }}", "per_minute": "5",
    "message": "{{ text }}",
}  # fmt: skip

# Routes that take a file: the field of the file, and what is posted beside it.
FILES: Mapping[str, Sequence[tuple[str, Fields]]] = {
    "/lists": [("file", {"name": "More"})],
    "/lists/{list_id}": [("file", {"only_new": "on"})],
    "/settings/never": [("list", {"addresses": "max@example.com"})],
    "/api/v1/uploads": [("file", {}), ("file", {"use": "attachment"})],
}
# What stands in a path, by the name of the parameter, where the path itself has no row below.
PATHS = {
    "task_id": "task", "file_id": "file", "data_id": "data", "list_id": "list", "source_id": "source",
    "query_id": "query", "channel_id": "channel", "server_id": "server", "person_id": "person", "kept_id": "shortcut",
    "token": "unsubscribe", "hook_id": "old_hook", "token_id": "old_token",
}  # fmt: skip
LITERALS = {
    "kind_name": "email", "step": "mail", "action": "retry", "act": "pause", "notice_id": "1",
    "session_id": "0123456789abcdef", "email": "cleo@example.com",
}  # fmt: skip
ROWS: Mapping[str, Mapping[str, str]] = {
    "/setup/{secret}": {"secret": "setup"},
    "/invite/{secret}": {"secret": "invite"},
    "/hooks/{secret}": {"secret": "hook"},
    "/tasks/{task_id}/speed": {"task_id": "run"},
    "/files/{file_id}/delete": {"file_id": "old_file"},
    "/lists/{list_id}/remove": {"list_id": "old_list"},
    "/settings/mail/servers/{server_id}/remove": {"server_id": "old_server"},
    "/settings/databases/{source_id}/remove": {"source_id": "old_source"},
    "/settings/databases/queries/{query_id}/remove": {"query_id": "old_query"},
}
# How requests are answered that are as they should be, where that is neither a page nor a redirect.
STATUSES: Mapping[tuple[str, str], int] = {
    ("GET", "/setup/{secret}"): 410,  # there is an admin
    ("GET", "/files/{file_id}/view"): 404,  # it is no PDF
    ("GET", "/readyz"): 503,  # nothing runs tasks here
    ("POST", "/setup/{secret}"): 422,  # the password is too short, so that the link is not used up
    ("POST", "/invite/{secret}"): 422,
    ("POST", "/account/password"): 422,  # it is not the password
    ("POST", "/account/sessions/{session_id}/end"): 404,
    ("POST", "/settings/mail/test"): 409,
    ("POST", "/api/v1/tasks/{task_id}/retry"): 409,  # a page has done it by then
    ("POST", "/api/v1/tasks/{task_id}/release"): 409,
}


def paths_of(path: str, names: Mapping[str, str]) -> dict[str, str]:
    """Returns what stands in a path; raises KeyError for a parameter that nobody has filled."""
    rows = ROWS.get(path, {})
    return {
        name: LITERALS[name] if name in LITERALS else names[rows.get(name) or PATHS[name]] for name in names_of(path)
    }


def requests_of(method: str, path: str, names: Mapping[str, str]) -> list[Good]:
    """Returns the requests that this route takes; one without anything posted, if there is no row for it below."""
    base = Good(paths=paths_of(path, names), status=STATUSES.get((method, path), 200))
    if method == "GET" and path == "/new/{kind_name}":
        return [replace(base, paths={"kind_name": name}) for name in KINDS]
    if method == "POST" and path in (posted := _posted(names)):
        return [replace(base, fields=fields, paths={**base.paths, **more}) for fields, more in posted[path]]
    if method == "POST" and path in FILES:
        return [replace(base, fields=fields, file=field) for field, fields in FILES[path]]
    if method == "POST" and path in (bodies := dict(_bodies())):
        return [replace(base, body=body, form=form) for body, form in bodies[path]]
    return [base]


def _form(fields: Fields, **paths: str) -> tuple[Fields, Mapping[str, str]]:
    return fields, paths


def _posted(names: Mapping[str, str]) -> Mapping[str, Sequence[tuple[Fields, Mapping[str, str]]]]:
    note = {"message": "Hello", "title": "Hi", "channels": ["log", names["channel"]], "people": "1", "priority": "low"}
    asked = {"data": f"q-{names['query']}", "format": "csv", "values.name": "region", "values.value": "North"}
    listed = {"recipients": names["upload"], "address_column": "email", "subject": "Hi", "body": "{{ name }}"}
    query = {**QUERY, "source": names["source"], "id": names["query"]}
    channel = {
        "id": names["channel"], "service": "json", "name": "Warehouse", "internal": "on", "people": "2",
        "field.address": "http://127.0.0.1:9/x", "kept": "",
    }  # fmt: skip
    source = {"id": names["source"], "name": "Shop", "url": names["shop"], "seconds": "5"}
    return {
        "/new/{kind_name}": [
            _form(EMAIL),
            _form({**EMAIL, "intent": "test", "row": "1"}),
            _form({**EMAIL, "intent": "keep-template", "template_name": "T"}),
            _form({**EMAIL, "intent": "use-template", "template": names["template"]}),
            _form({**EMAIL, "intent": "keep-shortcut", "shortcut_name": "S"}),
            _form({**listed, "intent": "keep-list", "list_name": "L"}),
            _form({**REPORT, "moved.from": "Region", "moved.to": "Region"}, kind_name="report"),
            _form(asked, kind_name="report"),
            _form(note, kind_name="notification"),
            _form({"seconds": "1"}, kind_name="self-test"),
        ],
        "/new/email/check": [_form({"draft": "draft1", "number": "1", "confirmed": "1", "leave_out": "on"})],
        "/new/notification/preview": [_form(note)],
        "/new/email/preview": [_form({**listed, "row": "2", "step": "back", "who": "ben"})],
        "/new/report/preview": [_form(REPORT), _form(asked)],
        "/tasks/causes/retry": [_form({"cause": "mail-refused"})],
        "/tasks/{task_id}/speed": [_form({"rate": "5", "back": "/tasks?state=failed"})],
        "/tasks/{task_id}/{action}": [
            _form({"back": "/tasks?q=x&owner=1&before=9"}),
            _form({"back": f"/tasks/{names['task']}?to_state=failed&after=1"}),
        ],
        "/data/{data_id}": [
            _form({"intent": "reread", "sheet": "", "column": "name", "type": "text"}),
            _form({"intent": "keep", "name": "Kept"}, data_id=names["upload"]),
        ],
        "/login": [_form({"email": "ana@example.com", "password": PASSWORD, "next": "/tasks"})],
        "/setup/{secret}": [
            _form({"name": "Rut", "email": "rut@example.com", "zone": "UTC", "address": "x", "password": "p"})
        ],
        "/invite/{secret}": [_form({"name": "Eve", "zone": "UTC", "password": "p"})],
        "/account": [_form(PROFILE)],
        "/account/password": [_form({"current": "no", "password": "another long one"})],
        "/account/tokens": [_form({"token_name": "Shop"})],
        "/people": [_form({"email": "new@example.com", "name": "New", "role": "staff"})],
        "/people/{person_id}/role": [_form({"role": "staff"})],
        "/settings/mail/servers": [_form(SERVER), _form({**SERVER, "intent": "test"})],
        "/settings/mail/servers/{server_id}": [_form({**SERVER, "name": "A"})],
        "/settings/mail/retry": [_form({"server": names["server"]})],
        "/settings/address": [_form({"address": "http://outtray.office:8000"})],
        "/settings/never/remove": [_form({"key": "max@example.com", "q": "max"})],
        "/unsubscribe/{token}": [_form({"step": "2"}), _form({"List-Unsubscribe": "One-Click"})],
        "/unsubscribe/{token}/undo": [_form({"step": "2"})],
        "/settings/databases": [_form(source), _form({**source, "url": ""})],
        "/settings/databases/queries": [
            _form(query),
            _form({**query, "intent": "try"}),
            _form({**query, "intent": "remove-parameters-0"}),
        ],
        "/settings/channels": [_form(channel), _form({**channel, "intent": "test"})],
        "/settings/hooks": [_form(HOOK)],
        "/inbox/{notice_id}": [_form({"unread": "1"})],
    }


def _bodies() -> Iterator[tuple[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]]]:
    yield "/send-notification/{email}", [({"message": "Hi"}, {})]
    yield "/send-email/{email}", [({"subject": "Hi", "body": "Hello"}, {})]
    yield "/hooks/{secret}", [({"title": "Backup", "text": "Done"}, {})]
    given: dict[str, dict[str, Any]] = {name: dict(kind.example.get("form", {})) for name, kind in KINDS.items()}
    given["report"] |= {"filters": [{"column": "Region", "is": "=", "value": "North"}], "sort": ["-Amount"]}
    tasks = []
    for name, form in given.items():
        whole = {**dict.fromkeys(KINDS[name].form.model_fields), **form}
        tasks.append(({"kind": name, "form": form, "not_before": None, "undo": False}, whole))
    yield "/api/v1/tasks", tasks
