"""The form pages."""

from pathlib import Path

from playwright.sync_api import FilePayload, Locator

from tests.e2e.pages.frame import Frame


class Form(Frame):
    """The parts of every form page."""

    verb = ""

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def fill(self, **texts: str) -> "Form":
        """Fills fields by their labels; `_` stands for a space."""
        for label, text in texts.items():
            self.field(label.replace("_", " ")).fill(text)
        return self

    def press(self) -> None:
        self.button.click()

    @property
    def button(self) -> Locator:
        return self.page.get_by_role("button", name=self.verb, exact=True)

    @property
    def answer(self) -> Locator:
        """The note beside the button."""
        return self.page.get_by_role("alert")

    def error(self, name: str) -> Locator:
        return self.page.locator(f"#{name}-error")

    @property
    def summary(self) -> Locator:
        return self.page.locator(".summary")


class NotificationForm(Form):
    path, verb = "/new/notification", "Send notification"


class EmailForm(Form):
    path, verb = "/new/email", "Send email"

    def choose_list(self, file: FilePayload) -> None:
        """Chooses a file; without JavaScript, presses “Show columns” too."""
        self.page.locator("#recipients-file").set_input_files(file)
        if (ask := self.page.get_by_role("button", name="Show columns")).is_visible():
            ask.click()
        self.page.get_by_role("button", name="Change", exact=True).wait_for()


class ReportForm(Form):
    path, verb = "/new/report", "Make report"

    def choose_file(self, path: Path) -> None:
        self.page.locator("#data-file").set_input_files(path)

    def choose(self, data: str) -> None:
        self.page.get_by_role("radio", name=data).check()

    def add(self, line: str) -> None:
        """Adds a line by the button of that name."""
        self.page.get_by_role("button", name=line, exact=True).click()

    @property
    def preview(self) -> Locator:
        """The number of rows and columns, or what is missing."""
        return self.page.locator("#preview-counts")

    @property
    def columns(self) -> Locator:
        return self.page.get_by_role("group", name="Columns")

    @property
    def chosen(self) -> Locator:
        return self.page.locator("input[name=data]:checked")

    def show_columns(self) -> None:
        """Presses “Show columns”, which only pages without JavaScript need."""
        self.page.get_by_role("button", name="Show columns").click()
