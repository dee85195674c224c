"""The page Home."""

from playwright.sync_api import Page

from tests.e2e.pages.frame import Frame
from tests.e2e.pages.log import Log


class Home(Frame):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.log = Log(page)

    def choose(self, start: str) -> None:
        self.page.get_by_role("link", name=start, exact=True).click()
