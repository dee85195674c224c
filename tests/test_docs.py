"""The docs name every setting, command and route that exists and no other, and their links lead somewhere."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi import FastAPI
from starlette.routing import Mount, Route

from webapp.app import create_app
from webapp.cli.app import app as commands
from webapp.settings import Settings
from webapp.web.ops.metrics import Figures

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (.+?) \|$", re.MULTILINE)
NAMED_FILE = re.compile(r"(?<![\w./])(?:webapp|templates|static|tests|docs|benchmarks|bin)/[\w./-]*\w")


@cache
def text(path: Path) -> str:
    return path.read_text()


def prose(path: Path) -> str:
    """The page without its fenced blocks."""
    return FENCED.sub("", text(path))


def rows(markdown: str) -> list[list[str]]:
    """The cells of all tables."""
    lines = [re.split(r"(?<!\\) \| ", line) for line in ROW.findall(markdown)]
    return [[cell.strip() for cell in cells] for cells in lines if set("".join(cells)) - set("-|")]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# Settings


def settings_table() -> dict[str, str]:
    """The cell "default" of each variable in the settings reference."""
    table = rows(text(DOCS / "reference" / "settings.md"))
    return {name: cells[1] for cells in table for name in code(cells[0]) if name.startswith("OUTTRAY_")}


def variable(field: str) -> str:
    return f"OUTTRAY_{field.upper()}"


def test_the_reference_names_exactly_the_settings_that_exist():
    assert settings_table().keys() == {variable(field) for field in Settings.model_fields}


def written(default: object) -> str:
    """A default as its variable would hold it."""
    if isinstance(default, Mapping):
        return ",".join(f"{key}:{value}" for key, value in default.items())
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


@pytest.mark.parametrize("field", [name for name, info in Settings.model_fields.items() if info.default])
def test_the_reference_states_the_default_of_a_setting(field):
    assert f"`{written(Settings.model_fields[field].default)}`" in settings_table()[variable(field)]


def test_no_page_names_a_setting_that_does_not_exist():
    known = {variable(field) for field in Settings.model_fields}
    named = {(page.name, name) for page in PAGES for name in re.findall(r"\bOUTTRAY_[A-Z_]*[A-Z]\b", text(page))}
    assert {(page, name) for page, name in named if name not in known} == set()


# Commands


def every_command(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command with its whole name; Typer's own Click has types that only it knows."""
    if not hasattr(command, "commands"):
        yield name, command
    for part, below in getattr(command, "commands", {}).items():
        yield from every_command(below, f"{name} {part}")


COMMANDS = dict(every_command(typer.main.get_command(commands), "outtray"))


def command_sections() -> dict[str, str]:
    parts = re.split(r"^## `?(outtray .+?)`?$", text(DOCS / "reference" / "commands.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_reference_has_a_section_for_exactly_the_commands_that_exist():
    assert command_sections().keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_section_of_a_command_names_exactly_its_arguments_and_options(name):
    known = {
        param.opts[0] if param.param_type_name == "option" else param.name.upper() for param in COMMANDS[name].params
    }
    named = {one for cells in rows(command_sections()[name]) for one in code(cells[0])}
    assert named == known


def test_the_reference_names_the_options_of_the_program_itself():
    page = text(DOCS / "reference" / "commands.md")
    options = [option for param in typer.main.get_command(commands).params for option in param.opts]
    assert [option for option in options if f"`outtray {option}`" not in page] == []


# Routes


@pytest.fixture
def application(installation) -> FastAPI:
    return create_app(installation)


def every_route(application: FastAPI) -> set[tuple[str, str]]:
    """Method and path of each route, without HEAD and without converters such as `:int`."""
    mounts = [one for one in application.routes if type(one) is Mount]
    routes = [("GET", f"{mount.path}/{{path}}") for mount in mounts]
    for route in [*application.state.routes, *(one for one in application.routes if type(one) is Route)]:
        path = re.sub(r":\w+}", "}", route.path)
        routes += [(method, path) for method in route.methods or () if method != "HEAD"]
    return set(routes)


def test_the_reference_names_exactly_the_routes_that_exist(application):
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    table = [cells for cells in rows(text(DOCS / "reference" / "routes.md")) if cells[0] in methods]
    named = [(cells[0], code(cells[1])[0]) for cells in table]
    assert len(named) == len(set(named))
    assert set(named) == every_route(application)


def test_the_reference_names_exactly_the_metrics_and_labels_that_exist(application, installation):
    families = Figures(installation, application.state.counted).collect()
    known = {f"{one.name}_info" if one.type == "info" else one.name: one for one in families}
    table = {code(cells[0])[0]: code(cells[1]) for cells in rows(text(DOCS / "reference" / "metrics.md"))[1:]}
    assert table.keys() == known.keys()
    assert {name: sorted(known[name]._labelnames) for name in known if known[name].type == "gauge"} == {
        name: sorted(labels) for name, labels in table.items() if name != "outtray_info"
    }


# Links and names of files


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of headings: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The relative links and images of a page."""
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", prose(page)))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_of_a_page_leads_somewhere(page):
    assert [link for link in links(page) if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page):
    assert [name for name in NAMED_FILE.findall(text(page)) if not (ROOT / name).exists()] == []


def linked_pages(page: Path) -> set[Path]:
    """The pages to which a page links; a link to a folder stands for the pages in it."""
    targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    found = {one for target in targets for one in (target.glob("*.md") if target.is_dir() else [target])}
    return {one for one in found if one.suffix == ".md"}


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), {ROOT / "README.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting |= linked_pages(page) - reached
    assert set(PAGES) - reached == set()
