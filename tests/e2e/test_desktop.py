"""Counts in the tab's title, notices on the desktop, and a page that is shown while the panel is not running."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from tests.e2e.browsers import launched, window
from tests.e2e.live import serving
from tests.e2e.pages.home import Home
from tests.factories import make_task
from tests.waiting import until
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.tasks import inbox

# Records the notices that the browser shows.
RECORD = """
window.__shown = [];
const Own = window.Notification;
window.Notification = class extends Own {
  constructor(title, how) { super(title, how); window.__shown.push(this); }
};
"""
SHOWN = "window.__shown.map((one) => [one.title, one.body])"
SWITCH = "Show notices on this desktop"


@pytest.fixture
def settings(settings):
    """Nothing runs here: tasks are in the state that a test puts them in."""
    return settings.model_copy(update={"engine": "local"})


@pytest.fixture
def noticing(open_window, ana):
    """Ana's window, with permission to show notices."""
    page = open_window(ana, permissions=["notifications"])
    page.add_init_script(RECORD)
    return page


LOOK_AGAIN = "document.querySelector('#task-log')?.dispatchEvent(new Event('look-again'))"


def look(page) -> None:
    """Makes the log poll now instead of after 20 s."""
    page.evaluate(LOOK_AGAIN)


def shown_at_last(page) -> bool:
    """Polls, and returns whether a notice was shown; the server draws a log at most once per second."""
    look(page)
    return page.evaluate("window.__shown.length") > 0


def notify(installation, person, title: str, **more) -> None:
    with installation.write() as conn:
        inbox.notify(conn, inbox.NewNotice(person=person.id, title=title, text="At nine.", key=title, **more))
        mark_changed(conn)


def test_the_title_counts_running_tasks_and_unread_notices(page, installation, ana):
    home = Home(page).open()
    expect(page).to_have_title("What would you like to do? – Outtray")
    with installation.write() as conn:
        task = make_task(conn, ana, "running", kind="self-test", title="Self-test")
    notify(installation, ana, "Meeting")
    look(page)
    expect(page).to_have_title("1 running, 1 unread · What would you like to do? – Outtray")
    with installation.write() as conn:
        conn.execute(update(schema.task).where(schema.task.c.id == task).values(state="done"))
        inbox.mark(conn, ana)
        mark_changed(conn)
    expect(page).to_have_title("What would you like to do? – Outtray")
    assert home.page.url.endswith("/")


def test_the_title_of_a_refused_form_begins_with_error(page, installation, ana):
    notify(installation, ana, "Meeting")
    page.goto("/new/notification")
    expect(page).to_have_title("1 unread · Send a notification – Outtray")
    page.get_by_role("button", name="Send notification", exact=True).click()
    expect(page).to_have_title("Error: 1 unread · Send a notification – Outtray")


def test_with_permission_a_notice_is_shown_once_and_a_click_opens_its_task(noticing, installation, ana):
    page = noticing
    notify(installation, ana, "Before consent")
    page.goto("/account")
    page.get_by_role("button", name=SWITCH).click()
    expect(page.get_by_role("button", name="Show no more")).to_be_visible()
    page.goto("/")
    with installation.write() as conn:
        task = make_task(conn, ana, title="Stock report")
    notify(installation, ana, "Stock report: done", task=task, is_own=True)
    until(lambda: shown_at_last(page), 25)
    assert page.evaluate(SHOWN) == [["Stock report: done", "At nine."]]
    page.reload()
    assert page.evaluate(SHOWN) == []
    notify(installation, ana, "Again: done", task=task, is_own=True)
    until(lambda: shown_at_last(page), 25)
    page.evaluate("window.__shown[0].onclick()")
    page.wait_for_url(f"**/tasks/{task}")


def test_without_permission_no_notice_is_shown(noticing, installation, ana):
    noticing.goto("/")
    notify(installation, ana, "Meeting")
    look(noticing)
    expect(noticing).to_have_title("1 unread · What would you like to do? – Outtray")
    assert noticing.evaluate(SHOWN) == []


def test_a_page_without_a_log_polls_the_bell(noticing, installation, ana):
    page = noticing
    page.add_init_script("localStorage.setItem('outtray.desktop', 'on')")
    page.clock.install()
    page.goto("/files")
    notify(installation, ana, "Meeting")
    page.clock.fast_forward(11_000)
    until(lambda: page.evaluate("window.__shown.length"), 25)
    expect(page.locator("#unread")).to_contain_text("1 unread")


def test_a_page_with_a_log_gets_the_bell_with_the_log(page, installation, ana):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    Home(page).open()
    page.clock.fast_forward(60_000)
    notify(installation, ana, "Meeting")
    page.clock.fast_forward(21_000)
    expect(page.locator("#unread")).to_contain_text("1 unread")
    assert not [url for url in asked if "/inbox/bell" in url]


def test_a_browser_that_blocks_notices_is_explained(open_window, ana):
    page = open_window(ana)
    page.add_init_script("Object.defineProperty(Notification, 'permission', {get: () => 'denied'})")
    page.goto("/account")
    section = page.get_by_role("region", name="Notices on this desktop")
    expect(section).to_contain_text("was told not to show notices")
    expect(section.get_by_role("button")).to_have_count(0)


def test_an_insecure_address_is_given_as_the_reason(playwright, installation, ana, address):
    port = address.rpartition(":")[2]
    with launched(playwright, "--host-resolver-rules=MAP office.test 127.0.0.1") as browser:
        page = window(browser, f"http://office.test:{port}", installation, ana).new_page()
        page.goto("/account")
        expect(page.get_by_role("region", name="Notices on this desktop")).to_contain_text("not secure")


def test_an_offline_page_is_shown_until_the_panel_is_back(browser, installation, root, ana):
    with serving(installation) as address:
        context = window(browser, address, installation, ana, service_workers="allow")
        page = context.new_page()
        page.goto("/files")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        until(lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"))
        page.goto("/")
        expect(page.get_by_role("heading", name="What would you like to do?")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()  # a form and a redirect pass through it as well
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/tasks")
    expect(page.get_by_role("heading", name="Outtray is not running")).to_be_visible()
    kept = page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((n) => caches.open(n).then((c) => c.keys()))))"
        ".then((found) => found.flat().map((one) => new URL(one.url).pathname).sort())"
    )
    assert kept == ["/static/icon.svg", "/static/offline.css", "/static/offline.html", "/static/offline.js"]
    with serving(installation, int(address.rpartition(":")[2])):
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        context.close()


def test_the_panel_can_be_installed(page, address):
    page.goto("/")
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((one) => one.json())")
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/")
    sizes = page.evaluate(
        """(icons) => Promise.all(icons.map(async (icon) => {
          const image = new Image(); image.src = icon.src; await image.decode();
          return [icon.type, icon.sizes, `${image.naturalWidth}x${image.naturalHeight}`];
        }))""",
        manifest["icons"],
    )
    assert all(wanted == found for kind, wanted, found in sizes if kind == "image/png")
    assert {"192x192", "512x512"} <= {found for kind, _, found in sizes if kind == "image/png"}
    assert [page.request.get(one["url"]).status for one in manifest["shortcuts"]] == [200, 200, 200]
