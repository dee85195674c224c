"""axe-core finds no violation on any page, in both themes, wide and narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.browsers import window
from tests.e2e.live import serving
from tests.e2e.stage import set_stage
from tests.e2e.visits import VISITS, Visit
from webapp.accounts import people
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings

# The elements of a page are always the same; only colours depend on the theme, and sizes on the width.
LOOKS: tuple[tuple[int, str, dict[str, object]], ...] = (
    (1440, "light", {"resultTypes": ["violations"]}),
    (390, "dark", {"resultTypes": ["violations"], "runOnly": ["color-contrast", "target-size"]}),
)


class Stage:
    """A served installation and its tasks."""

    def __init__(self, installation: Installation, address: str, tasks: dict[str, int | str]) -> None:
        self.installation, self.address, self.tasks = installation, address, tasks


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """The full panel and the empty one."""
    folder = tmp_path_factory.mktemp("stages")
    full, empty = (_empty_installation(folder / name) for name in ("full", "empty"))
    tasks = set_stage(full, folder)
    with serving(full) as here, serving(empty) as there:
        yield {"full": Stage(full, here, tasks), "empty": Stage(empty, there, {})}
    full.close()
    empty.close()


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
def test_axe_finds_no_violation_on_any_page(browser: Browser, stages: dict[str, Stage], visit: Visit) -> None:
    stage = stages[visit.stage]
    with stage.installation.read() as conn:
        person = people.by_email(conn, stage.installation.settings, visit.who) if visit.who else None
    context = window(
        browser,
        stage.address,
        stage.installation,
        person,
        viewport={"width": LOOKS[0][0], "height": 900},
        bypass_csp=True,
    )
    page = context.new_page()
    visit.go(page, stage.tasks)
    found = [violation for look in LOOKS for violation in _violations(page, *look)]
    context.close()
    assert found == []


def _violations(page: Page, width: int, theme: str, options: dict[str, object]) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    sideways = [f"{width}: {overflow} px wider than the window"] if overflow > 0 else []
    results = Axe().run(page, options=options).response["violations"]
    return sideways + [
        f"{width} {theme}: {one['id']}: {node['target']} {node['failureSummary']}"
        for one in results
        for node in one["nodes"]
    ]


def _empty_installation(data: Path) -> Installation:
    installation = build(Settings(data_dir=data, timezone="Europe/Madrid"))
    bring_up_to_date(installation.database)
    return installation
