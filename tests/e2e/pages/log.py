"""The task log, on any page that shows it."""

from playwright.sync_api import Locator, Page


class Row:
    """One task of the log."""

    def __init__(self, root: Locator) -> None:
        self.root = root

    @property
    def state(self) -> Locator:
        return self.root.locator(".state")

    @property
    def beside(self) -> Locator:
        return self.root.locator(".beside")

    @property
    def title(self) -> Locator:
        return self.root.locator(".title")

    @property
    def telling(self) -> Locator:
        return self.root.locator(".what")

    @property
    def details(self) -> Locator:
        return self.root.locator("details")

    def open(self) -> None:
        self.root.locator("summary").click()

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.root.get_by_role("link", name=name, exact=True)


class Log:
    """The region “Task log”."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.get_by_role("region", name="Task log")

    @property
    def rows(self) -> Locator:
        return self.root.get_by_role("listitem").filter(has=self.page.locator(".state"))

    def row(self, task_id: int) -> Row:
        return Row(self.root.locator(f"li#task-{task_id}"))

    def titled(self, title: str) -> Row:
        return Row(self.rows.filter(has_text=title).first)

    def filter(self, name: str) -> None:
        self.root.get_by_role("link", name=name).click()
