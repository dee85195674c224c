"""The page Settings: mail server, retention, health, audit trail."""

from playwright.sync_api import Locator

from tests.e2e.pages.frame import Frame


class SettingsPage(Frame):
    path = "/settings"

    def section(self, name: str) -> Locator:
        """Returns the section Mail, Keeping, Health or Audit."""
        return self.page.get_by_role("region", name=name, exact=True)

    @property
    def test_button(self) -> Locator:
        return self.section("Mail").get_by_role("button", name="Test", exact=True)

    def enter_server(self, **typed: str) -> None:
        """Fills the form of a mail server: host, port, scheme, user, password, from_address…"""
        for name, text in typed.items():
            field = self.section("Mail").locator(f"[name={name}]")
            field.select_option(text) if name == "scheme" else field.fill(text)

    @property
    def save_button(self) -> Locator:
        return self.section("Mail").get_by_role("button", name="Save", exact=True)

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")

    @property
    def result(self) -> Locator:
        """The result of the test, as a sentence."""
        return self.section("Mail").get_by_role("heading", level=3)

    @property
    def steps(self) -> Locator:
        return self.section("Mail").get_by_role("list").get_by_role("listitem")

    def condition(self, part: str) -> Locator:
        """Returns the line of the database, the data directory or a queue."""
        return self.section("Health").get_by_role("listitem").filter(has_text=part)

    @property
    def audit(self) -> Locator:
        return self.section("Audit").get_by_role("listitem")

    def older(self) -> None:
        self.section("Audit").get_by_role("link", name="Older").click()
