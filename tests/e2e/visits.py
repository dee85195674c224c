"""Every page in every state that matters: how to reach it, and as which person."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page

STAFF, ADMIN, SIGNED_OUT = "ana@example.com", "rut@example.com", ""
Steps = Callable[[Page], object]


@dataclass(frozen=True)
class Visit:
    """One page; `{running}` in its path is the id of that task (tests/e2e/stage.py)."""

    name: str
    path: str
    who: str = STAFF
    stage: str = "full"
    steps: Steps = lambda page: None

    def go(self, page: Page, tasks: dict[str, int | str]) -> None:
        page.goto(self.path.format(**tasks))
        self.steps(page)


def _press(name: str) -> Steps:
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def _refused(button: str, **typed: str) -> Steps:
    def steps(page: Page) -> None:
        for field, text in typed.items():
            page.fill(f"[name={field}]", text)
        _press(button)(page)
        page.wait_for_selector("[aria-invalid]")

    return steps


def _choose_data(page: Page) -> None:
    page.set_input_files(
        "input[type=file]",
        {"name": "clients.csv", "mimeType": "text/csv", "buffer": b"Name;City;Amount\nAna;Lugo;12,50\nBob;Bonn;7,25\n"},
    )
    page.get_by_role("group", name="Columns").wait_for()


CLIENTS = "E-mail;Name\nana@example.com;Ana\nben@;Ben\nana@example.com;Ana again\n" + "".join(
    f"p{n}@example.com;{'' if n == 7 else f'Person {n}'}\n" for n in range(30)
)


def _choose_list(page: Page) -> None:
    page.set_input_files(
        "input[type=file]", {"name": "clients.csv", "mimeType": "text/csv", "buffer": CLIENTS.encode()}
    )
    page.get_by_role("button", name="Change", exact=True).wait_for()


def _written(page: Page) -> None:
    _choose_list(page)
    page.fill("[name=subject]", "Opening hours for {{ Name }}")
    page.fill("[name=body]", "Dear {{ Name }},\n\nwe open at **nine**:\n\n- Monday to Friday\n- Saturday")
    page.get_by_text("Opening hours for Ana").wait_for()
    page.get_by_text("Templates").click()


def _said_everywhere(page: Page) -> None:
    page.fill("[name=message]", "The lorry comes **at nine**, not at eight — please open gate 4.")
    page.fill("[name=title]", "Delivery")
    for target in ("Sales team", "Night watch", "Everyone"):
        page.get_by_label(target).check()
    page.get_by_text("text message").first.wait_for()


def _open_first(page: Page) -> None:
    page.get_by_role("link", name="Open").first.click()
    page.wait_for_url("**/data/**")


def _make_hook(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill(f"Backups {id(page)}")
    page.get_by_label("Sales team").check()
    page.get_by_label("All admins").check()
    _press("Make hook")(page)
    page.get_by_role("button", name="Copy address").wait_for()


def _unsubscribe(page: Page) -> None:
    button = page.get_by_role("button", name="Unsubscribe", exact=True)
    if button.count():  # once is for all
        button.click()
    page.get_by_role("button", name="Write to me again").wait_for()


def _check(page: Page) -> None:
    _choose_list(page)
    page.fill("[name=subject]", "Opening hours for {{ Name }}")
    page.fill("[name=body]", "Dear {{ Name }},\n\nfrom **Monday** on we open at nine.")
    _press("Send email")(page)
    page.get_by_role("heading", name="Check before sending").wait_for()


def _check_unconfirmed(page: Page) -> None:
    _check(page)
    _press("Send 31 emails")(page)
    page.wait_for_selector("[aria-invalid]")


def _test_server(page: Page) -> None:
    page.fill("[name=host]", "127.0.0.1")
    page.fill("[name=port]", "9")
    page.fill("[name=from_address]", "office@example.com")
    page.get_by_text("Speed and name").click()
    _press("Test")(page)
    page.get_by_role("heading", name="The test failed").wait_for()


SHAPED = "/new/report?" + urlencode(
    [
        ("data", "sales"),
        ("group_by", "Region"),
        ("total_row", "on"),
        ("chart", "bar"),
        ("filters", '{"column":"Date","test":"=","value":"2024"}'),
        ("sums", '{"column":"Amount","how":"sum"}'),
        ("sums", '{"column":"Amount","how":"mean"}'),
    ]
)

VISITS = [
    Visit("home", "/"),
    Visit("home-admin", "/", ADMIN),
    Visit("home-open-row", "/", steps=lambda page: page.locator("summary").nth(3).click()),
    Visit("tasks", "/tasks"),
    Visit("tasks-causes", "/tasks", ADMIN),
    Visit("tasks-search", "/tasks?q=people", ADMIN),
    Visit("tasks-none", "/tasks?q=lopes"),
    *[
        Visit(f"task-{name}", f"/tasks/{{{name}}}")
        for name in ("waiting", "running", "done", "attention", "unknown", "failed", "paused", "held", "undone")
    ],
    Visit(
        "task-failed-admin", "/tasks/{failed}", ADMIN, steps=lambda page: page.get_by_text("Technical details").click()
    ),
    Visit("task-cancel", "/tasks/{running}/cancel"),
    Visit("files", "/files"),
    Visit("file", "/files", steps=lambda page: page.get_by_role("link", name="Look inside").first.click()),
    Visit("file-delete", "/files", steps=lambda page: page.get_by_role("link", name="Delete").first.click()),
    Visit("notifications", "/notifications"),
    Visit("notifications-search", "/notifications?q=nobody&since=2026-13-40"),
    Visit("hooks", "/settings/hooks", ADMIN),
    Visit("hooks-made", "/settings/hooks", ADMIN, steps=_make_hook),
    Visit("new-notification", "/new/notification"),
    Visit("new-notification-filled", "/new/notification", steps=_said_everywhere),
    Visit("new-notification-refused", "/new/notification", steps=_refused("Send notification")),
    Visit("new-email", "/new/email"),
    Visit("new-email-list", "/new/email", steps=_choose_list),
    Visit("new-email-written", "/new/email", steps=_written),
    Visit("new-email-check", "/new/email", steps=_check),
    Visit("new-email-check-unconfirmed", "/new/email", steps=_check_unconfirmed),
    Visit("new-email-refused", "/new/email", steps=_refused("Send email", to="bob@example")),
    Visit("new-report", "/new/report"),
    Visit("new-report-columns", "/new/report", steps=_choose_data),
    Visit("new-report-shaped", SHAPED, steps=lambda page: page.get_by_text("4 rows, 3 columns").wait_for()),
    Visit("new-report-ordering", SHAPED, steps=lambda page: page.get_by_text("Order and other names").click()),
    Visit(
        "new-report-query",
        "/new/report?data=q-1",
        steps=lambda page: page.locator("#preview-counts", has_text="2 rows").wait_for(),
    ),
    Visit("data", "/data"),
    Visit("data-shown", "/data", steps=_open_first),
    Visit("inbox", "/inbox"),
    Visit("channels", "/settings/channels", ADMIN),
    Visit("channel-new", "/settings/channels?service=ntfy", ADMIN),
    Visit("databases", "/settings/databases", ADMIN),
    Visit("query", "/settings/databases/queries/1", ADMIN, steps=_press("Try")),
    Visit("new-report-refused", "/new/report", steps=_refused("Make report")),
    Visit("new-self-test", "/new/self-test", ADMIN),
    Visit("account", "/account"),
    Visit("people", "/people", ADMIN),
    Visit("settings", "/settings", ADMIN),
    Visit("settings-tested", "/settings", ADMIN, steps=_test_server),
    Visit("settings-refused", "/settings", ADMIN, steps=_refused("Save", host="smtp://mail", port="x")),
    Visit("audit", "/settings/audit", ADMIN),
    Visit("audit-filtered", "/settings/audit?q=Office&since=x", ADMIN),
    Visit("never-write", "/settings/never", ADMIN),
    Visit("never-write-refused", "/settings/never", ADMIN, steps=_refused("Add", addresses="ana@")),
    Visit("lists", "/lists"),
    Visit("list", "/lists", steps=lambda page: page.get_by_role("link", name="Update").first.click()),
    Visit("unsubscribe", "/unsubscribe/{link}", SIGNED_OUT),
    Visit("unsubscribed", "/unsubscribe/{link}", SIGNED_OUT, steps=_unsubscribe),
    Visit("not-found", "/tasks/999999"),
    Visit("login", "/login", SIGNED_OUT),
    Visit("login-refused", "/login", SIGNED_OUT, steps=_refused("Sign in", email="ana@example.com", password="wrong")),
    Visit("setup-closed", "/setup", SIGNED_OUT, "empty"),
]
