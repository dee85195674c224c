"""A panel with a real server and real tasks, and windows of a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.e2e.browsers import SECONDS, launched, window
from tests.e2e.live import serving
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.settings import Settings

expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The only one: a second one in the same process refuses to start."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as started:
        yield started


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Tasks run in the web process, so that a test needs no slots."""
    return Settings(data_dir=settings.data_dir, timezone="Europe/Madrid", engine="background")


@pytest.fixture
def address(installation: Installation) -> Iterator[str]:
    with serving(installation) as served:
        yield served


@pytest.fixture
def open_window(browser: Browser, address: str, installation: Installation) -> Iterator[Callable[..., Page]]:
    """Opens a page for a person; errors in the browser's console fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # An answer of 4xx or 5xx is logged too; tests of such answers look at the page.
        if message.type == "error" and "Failed to load resource" not in message.text and "htmx:" not in message.text:
            errors.append(message.text)

    def opened(person: Person | None = None, **options: object) -> Page:
        contexts.append(window(browser, address, installation, person, **options))
        page = contexts[-1].new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_window: Callable[..., Page], ana: Person) -> Page:
    """Ana's window."""
    return open_window(ana)


@pytest.fixture
def plain_page(open_window: Callable[..., Page], ana: Person) -> Page:
    """Ana's window, without JavaScript."""
    return open_window(ana, java_script_enabled=False)


@pytest.fixture
def clients_csv(tmp_path: Path) -> Path:
    path = tmp_path / "clients.csv"
    path.write_bytes("Name;City;Amount\nAna;Lugo;12,50\nBob;Bonn;7,25\n".encode("utf-8-sig"))
    return path
