"""An installation on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    url = postgres.new_database() if request.param == "postgresql" else ""
    built = build(Settings(data_dir=tmp_path / "either", database_url=url))
    bring_up_to_date(built.database)
    yield built
    built.close()
