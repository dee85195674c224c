"""The browser of these tests, and windows of it that are signed in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright

from webapp.accounts import sessions
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.web.http.cookies import COOKIE

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
SECONDS = 10


@contextmanager
def launched(playwright: Playwright, *more_flags: str) -> Iterator[Browser]:
    """$CHROMIUM, an installed one, or Playwright's own."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    browser = playwright.chromium.launch(args=[*FLAGS, *more_flags], executable_path=found)
    yield browser
    browser.close()


def window(
    browser: Browser, address: str, installation: Installation, person: Person | None = None, **options: Any
) -> BrowserContext:
    """A browser of this person's, or of somebody who is signed out."""
    # A service worker's requests pass by what a test puts before a page's; those that are about it allow it.
    options = {"service_workers": "block", **options}
    context = browser.new_context(base_url=address, locale="en-GB", **options)
    context.set_default_timeout(SECONDS * 1000)
    if person:
        with installation.write() as conn:
            cookie = sessions.start(conn, person.id, "Chromium")
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
    return context
