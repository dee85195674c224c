"""The parts of every page."""

from typing import Self

from playwright.sync_api import Locator, Page


class Frame:
    """One page of the panel; `path` is its address."""

    path = "/"

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, path: str = "") -> Self:
        self.page.goto(path or self.path)
        return self

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def rail(self) -> Locator:
        return self.page.get_by_role("navigation", name="Main")

    @property
    def needs_you(self) -> Locator:
        return self.page.locator("#need-you .unseen")

    @property
    def focused(self) -> Locator:
        return self.page.locator(":focus")

    @property
    def spoken(self) -> Locator:
        """The status line, which screen readers announce."""
        return self.page.locator("#status")

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").click()
