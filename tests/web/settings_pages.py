"""Reads the page Settings, and changes what the environment of a test says."""

from fastapi.testclient import TestClient

from tests.html import Element, read
from webapp.installation import Installation
from webapp.settings import Settings


def set_up(installation: Installation, **values: object) -> None:
    """The house, as if the environment had said this too."""
    given = installation.settings.model_dump(include=installation.settings.model_fields_set)
    object.__setattr__(installation, "settings", Settings(**given | values))


def settings_of(admin: TestClient, path: str = "/settings") -> Element:
    answer = admin.get(path)
    assert answer.status_code == 200
    return read(answer.text)


def part(page: Element, name: str) -> Element:
    return page.one("section", aria_labelledby=name)


def facts(section: Element) -> dict[str, str]:
    return {row.one("dt").text: row.one("dd").text for row in section.all("div") if row.all("dt")}


def trail(page: Element) -> list[str]:
    """Returns the entries of the audit, without the address that they came from."""
    texts = [row.all("span")[0].text for row in part(page, "audit").all("li")]
    return [text.partition(" from testclient")[0] for text in texts]
