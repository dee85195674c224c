"""The page “Files”."""

from playwright.sync_api import Locator

from tests.e2e.pages.frame import Frame


class FilesPage(Frame):
    path = "/files"

    @property
    def rows(self) -> Locator:
        return self.page.get_by_role("list", name="Files").get_by_role("listitem")

    def delete(self, name: str) -> None:
        """Deletes a file and confirms it."""
        self.rows.filter(has_text=name).get_by_role("link", name="Delete").click()
        self.page.get_by_role("button", name="Delete").click()
