"""Takes a screenshot of every page in every state, 1440 and 390 px wide, light and dark (make screenshots)."""

import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsers import launched, window
from tests.e2e.live import serving
from tests.e2e.stage import set_stage
from tests.e2e.visits import VISITS, Visit
from webapp.accounts import people, sessions
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings

FOLDER = Path("screenshots")
WIDTHS = {1440: 900, 390: 844}
THEMES = ("light", "dark")


def main(chosen: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, launched(playwright) as browser:
        for stage in ("full", "empty"):
            installation = build(Settings(data_dir=Path(folder) / stage, timezone="Europe/Madrid"))
            bring_up_to_date(installation.database)
            tasks = set_stage(installation, Path(folder)) if stage == "full" else {}
            with serving(installation) as address:
                visits = [visit for visit in VISITS if visit.stage == stage and (not chosen or visit.name in chosen)]
                for visit, width, theme in product(visits, WIDTHS, THEMES):
                    _screenshot(browser, installation, address, visit, width, theme, tasks)
            installation.close()


def _screenshot(
    browser: Browser,
    installation: Installation,
    address: str,
    visit: Visit,
    width: int,
    theme: str,
    tasks: dict[str, int | str],
) -> None:
    with installation.read() as conn:
        person = people.by_email(conn, installation.settings, visit.who) if visit.who else None
    size = {"width": width, "height": WIDTHS[width]}
    context = window(browser, address, installation, person, viewport=size, color_scheme=theme)
    page = context.new_page()
    visit.go(page, tasks)
    _settle(page)
    page.screenshot(path=FOLDER / f"{visit.name}-{theme}-{width}.png", full_page=True)
    context.close()
    if person:
        with installation.write() as conn:
            sessions.end_all(conn, person.id)


def _settle(page: Page) -> None:
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")


if __name__ == "__main__":
    main(sys.argv[1:])
