"""`q` finds what was typed, on both databases: in titles, in forms and in the addresses of deliveries."""

import pytest

from tests.factories import make_delivery, make_task
from tests.web.programs import done, on_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, settings, tmp_path):
    return settings if request.param == "sqlite" else on_postgresql(tmp_path)


@pytest.fixture
def found(program, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, title="Straße ÉCOLE", form={"message": "nothing"})
        make_task(conn, ana, title="typed", form={"message": 'Ñandú „quoted"\nC:\\x 東京 100%_'})
        sent = make_task(conn, ana, title="sent", form={})
        make_delivery(conn, sent, "josé@example.com")

    def titles(words):
        return [task["title"] for task in done(program.get("/api/v1/tasks", params={"q": words}))["items"]]

    return titles


@pytest.mark.parametrize("words", ["straße", "STRAßE", "école", "École"])
def test_a_title_is_found_in_any_case_of_any_letter(found, words):
    assert found(words) == ["Straße ÉCOLE"]


@pytest.mark.parametrize("words", ["ñandú", "ÑANDÚ", '„quoted"', "C:\\x", "東京", "100%_", 'quoted"\nC'])
def test_what_was_typed_into_a_form_is_found_as_it_was_typed(found, words):
    assert found(words) == ["typed"]


@pytest.mark.parametrize("words", ["josé", "JOSÉ@"])
def test_an_address_is_found(found, words):
    assert found(words) == ["sent"]


@pytest.mark.parametrize("words", ["100_", "x東", "東  京"])
def test_nothing_else_is_found(found, words):
    assert found(words) == []
