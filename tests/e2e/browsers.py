"""Starts the browser of these tests, and opens windows with a session."""

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
    """Starts $CHROMIUM, an installed Chromium, or Playwright's own."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    browser = playwright.chromium.launch(args=[*FLAGS, *more_flags], executable_path=found)
    yield browser
    browser.close()


def window(
    browser: Browser, address: str, installation: Installation, person: Person | None = None, **options: Any
) -> BrowserContext:
    """Returns a browser context with a session of this person, or with none."""
    # page.route() does not see the requests of a service worker; tests of the service worker allow it.
    options = {"service_workers": "block", **options}
    context = browser.new_context(base_url=address, locale="en-GB", **options)
    context.set_default_timeout(SECONDS * 1000)
    if person:
        with installation.write() as conn:
            cookie = sessions.start(conn, person.id, "Chromium")
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
    return context
