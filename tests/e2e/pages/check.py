"""The page “Check before sending”."""

from playwright.sync_api import Locator, Page


class CheckPage:
    def __init__(self, page: Page) -> None:
        self._page = page

    @property
    def heading(self) -> Locator:
        return self._page.get_by_role("heading", name="Check before sending")

    @property
    def who(self) -> Locator:
        return self._page.get_by_role("region", name="Who gets it")

    @property
    def first(self) -> Locator:
        return self._page.get_by_role("region", name="The first message")

    def rows(self, problem: str) -> Locator:
        """Returns the rows that have this problem."""
        return self._page.get_by_role("region", name=problem).get_by_role("listitem")

    def confirm(self, words: str) -> None:
        self._page.get_by_label(words).check()

    def send(self, words: str) -> None:
        self._page.get_by_role("button", name=words, exact=True).click()

    def go_back(self) -> None:
        self._page.get_by_role("link", name="Go back and correct").click()
