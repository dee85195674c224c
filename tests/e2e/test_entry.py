"""Set-up, invitation and sign-in in a real browser, on plain http, with and without JavaScript."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.e2e.browsers import launched
from tests.e2e.live import serving
from tests.factories import PASSWORD
from webapp.accounts import links, people
from webapp.installation import Installation

# A name that no browser trusts over plain http, as on an office network: it then sends Origin and no Sec-Fetch-Site.
OFFICE = "--host-resolver-rules=MAP outtray.lan 127.0.0.1"


@pytest.fixture(scope="module")
def office_browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright, OFFICE) as browser:
        yield browser


@pytest.fixture
def office(installation: Installation) -> Iterator[str]:
    """The address that colleagues open."""
    with serving(installation) as address:
        yield address.replace("127.0.0.1", "outtray.lan")


@pytest.fixture(params=["live", "without JavaScript"])
def window(request: pytest.FixtureRequest, office_browser: Browser, office: str) -> Iterator[BrowserContext]:
    is_live = request.param == "live"
    context = office_browser.new_context(base_url=office, java_script_enabled=is_live, timezone_id="Asia/Tokyo")
    context.set_default_timeout(10_000)
    yield context
    context.close()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_on_plain_http_a_browser_sends_only_the_origin_header(installation, office, office_browser, root):
    page = office_browser.new_page(base_url=office)
    with page.expect_request(lambda request: request.method == "POST") as posted:
        sign_in(page, root.email)
    headers = posted.value.all_headers()
    assert headers["origin"] == office
    assert "sec-fetch-site" not in headers
    expect(page.get_by_role("heading", level=1)).to_have_text("What would you like to do?")
    page.close()


def test_the_link_makes_the_first_admin(installation, window):
    with installation.write() as conn:
        link = links.new_setup(conn)
    page = window.new_page()
    page.goto(f"/setup/{link}")
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("Rut Admin")
    page.get_by_label("Email").fill("rut@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin").click()
    page.wait_for_url("**/?first=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("What would you like to do?")
    with installation.read() as conn:
        zone = people.by_email(conn, installation.settings, "rut@example.com").zone.key
    # Without JavaScript the browser's time zone is unknown; people choose from the list.
    assert zone in ("Asia/Tokyo", "Europe/Madrid")


def test_the_browsers_time_zone_is_preselected_and_another_choice_survives_an_error(
    installation, office, office_browser
):
    with installation.write() as conn:
        link = links.new_setup(conn)
    page = office_browser.new_page(base_url=office, timezone_id="Asia/Tokyo")
    page.goto(f"/setup/{link}")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    page.get_by_label("Time zone").select_option("America/Lima")
    page.get_by_role("button", name="Create admin").click()
    expect(page.get_by_role("group", name="3 things to correct")).to_be_focused()
    expect(page.get_by_label("Time zone")).to_have_value("America/Lima")
    page.close()


def test_an_invited_person_joins(installation, window, root, office):
    page = window.new_page()
    sign_in(page, root.email)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Address that colleagues open").fill(office)
    page.get_by_role("button", name="Save address").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_role("link", name="People").click()
    expect(page.get_by_text("Only you so far.")).to_be_visible()
    page.get_by_label("Email").fill("ben@example.com")
    page.get_by_label("Name").fill("Ben Ito")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Link for ben@example.com")
    expect(link).to_have_value(re.compile(r"^http://outtray\.lan:\d+/invite/"))
    address = link.input_value()
    page.get_by_role("button", name="Sign out").click()
    page.goto(address)
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill("another good password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What would you like to do?")
    page.goto(address)
    expect(page.get_by_role("alert")).to_have_text("This link was used or is too old. Ask an admin for a new one.")


def test_copy_link_has_the_focus_and_works_without_a_clipboard(installation, office, office_browser, root):
    page = office_browser.new_page(base_url=office)
    sign_in(page, root.email)
    page.goto("/people")
    assert page.evaluate("navigator.clipboard === undefined")
    page.get_by_label("Email").fill("ben@example.com")
    page.get_by_label("Name").fill("Ben Ito")
    page.get_by_role("button", name="Invite").click()
    button = page.get_by_role("button", name="Copy link")
    expect(button).to_be_focused()
    button.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied")
    page.close()


def test_without_javascript_the_link_itself_has_the_focus(installation, office, office_browser, root):
    page = office_browser.new_page(base_url=office, java_script_enabled=False)
    sign_in(page, root.email)
    page.goto("/people")
    page.get_by_label("Email").fill("ben@example.com")
    page.get_by_label("Name").fill("Ben Ito")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_label("Link for ben@example.com")).to_be_focused()
    page.close()


def test_after_a_wrong_password_its_emptied_field_has_the_focus(installation, window, root):
    page = window.new_page()
    sign_in(page, root.email, "wrong password")
    field = page.get_by_label("Password")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(field).to_have_accessible_description("Email or password is not right.")
    expect(page).to_have_title("Error: Sign in – Outtray")
    field.fill(PASSWORD)
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What would you like to do?")


def test_the_requested_page_is_shown_after_sign_in(installation, window, root):
    page = window.new_page()
    page.goto("/account")
    page.get_by_label("Email").fill(root.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")
