"""The page Tasks, and the page of one task."""

from playwright.sync_api import Locator, Page

from tests.e2e.pages.frame import Frame
from tests.e2e.pages.log import Log


class TasksPage(Frame):
    path = "/tasks"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.log = Log(page)

    @property
    def search(self) -> Locator:
        return self.page.get_by_role("searchbox", name="Search")

    @property
    def found(self) -> Locator:
        return self.page.locator("#found")


class TaskPage(Frame):
    """`open("/tasks/7")`."""

    @property
    def state(self) -> Locator:
        return self.page.locator("#state")

    @property
    def outcome(self) -> Locator:
        return self.page.get_by_role("region", name="Outcome")

    @property
    def recipients(self) -> Locator:
        return self.page.get_by_role("region", name="Recipients")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)
