"""The email form in a browser: preview, test email, template, attachments."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.pages.forms import EmailForm

CLIENTS = b"E-mail,Name\nana@example.com,Ana\nben@,Ben\ncleo@example.com,Cleo\n"
LIST = {"name": "clients.csv", "mimeType": "text/csv", "buffer": CLIENTS}
PHOTO = {"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}


@pytest.fixture
def form(page) -> EmailForm:
    opened = EmailForm(page)
    opened.open()
    return opened


def test_the_preview_follows_typing_and_keeps_the_focus(form, page):
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Write a subject and a message")
    form.field("Subject").press_sequentially("Hello Ana", delay=20)
    expect(preview).to_contain_text("Hello Ana")
    expect(form.field("Subject")).to_be_focused()
    form.field("Message").fill("We open at **nine**.")
    expect(preview.locator("strong")).to_have_text("nine")


def test_the_preview_can_show_each_recipient_of_a_list(form, page):
    form.choose_list(LIST)
    form.fill(Subject="Dear {{ Name }}", Message="Hi")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Dear Ana")
    page.get_by_role("button", name="Next").click()
    expect(preview).to_contain_text("Dear Cleo")
    form.field("Message").fill("Still Cleo")
    expect(preview).to_contain_text("Still Cleo")
    expect(preview).to_contain_text("To cleo@example.com, row 4")
    page.get_by_role("button", name="Previous").click()
    expect(preview).to_contain_text("Dear Ana")
    page.get_by_label("Preview for").fill("cleo")
    expect(preview).to_contain_text("Dear Cleo")


def test_the_preview_can_be_as_narrow_as_a_phone(form, page):
    form.fill(Subject="Hi", Message="Hi")
    paper = page.locator(".paper")
    wide = paper.bounding_box()["width"]
    page.get_by_label("Phone").check()
    assert paper.bounding_box()["width"] <= 320 < wide


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_a_test_email_goes_to_the_sender_and_the_form_stays(request, window):
    page = request.getfixturevalue(window)
    form = EmailForm(page)
    form.open()
    form.fill(Subject="Hello", Message="Hi")
    page.get_by_role("button", name="Send a test to me").click()
    done = page.locator("#done")
    expect(done).to_contain_text("A test is on its way to ana@example.com.")
    expect(done).to_be_focused()
    expect(form.field("Message")).to_have_value("Hi")
    done.get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Test of “Hello”")


def test_a_template_is_saved_and_used(form, page):
    form.fill(Subject="Hello", Message="We open at nine.")
    page.get_by_text("Templates", exact=True).click()
    page.get_by_label("Keep as a template").fill("Hours")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#done")).to_have_text("Kept as the template “Hours”.")
    form.fill(**{"Send to": "bob@example.com", "Subject": "", "Message": ""})
    page.get_by_label("Template", exact=True).select_option(label="Hours")
    page.get_by_role("button", name="Use").click()
    expect(form.field("Subject")).to_have_value("Hello")
    expect(form.field("Send to")).to_have_value("bob@example.com")


def test_attachments_survive_a_refused_form_and_enter_sends(form, page):
    page.get_by_label("Attach files").set_input_files([PHOTO, {**PHOTO, "name": "other.png"}])
    form.fill(**{"Send to": "bob@", "Subject": "Hi", "Message": "Hi"})
    form.press()
    expect(page.get_by_label("photo.png")).to_be_checked()
    page.get_by_label("other.png").uncheck()
    form.field("Send to").fill("bob@example.com")
    form.field("Subject").press("Enter")
    page.wait_for_url(re.compile(r"/#task-\d+$"))
