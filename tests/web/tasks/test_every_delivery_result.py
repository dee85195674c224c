"""Every state of a delivery and every reason to skip one, in every place that shows, counts or filters deliveries."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from tests import postgres
from tests.factories import make_delivery, make_task
from tests.html import Element, read
from tests.kinds.performing import perform
from tests.web.programs import done
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.ports.delivery_state import RESULTS, DeliveryState, SkipReason
from webapp.settings import Settings

EMAIL = {"to": [], "subject": "News", "body": "Hello"}
NOTE = {"title": "Lorry", "message": "It is late", "channels": ["log"], "to": []}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = postgres.new_database() if request.param == "postgresql" else ""
    return Settings(data_dir=tmp_path / "data", timezone="Europe/Madrid", database_url=url)


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    built = build(settings)
    bring_up_to_date(built.database)
    built.look_for_changes()
    yield built
    built.close()


def address(result: str) -> str:
    return f"{result}.person@example.com"


def enter(conn, task_id: int, result) -> None:
    """One delivery with this result."""
    is_reason = isinstance(result, SkipReason)
    state = DeliveryState.SKIPPED if is_reason else result
    make_delivery(conn, task_id, address(result), state, skip_reason=result if is_reason else "", reply="So it was.")


@pytest.fixture
def task_id(installation, ana) -> int:
    """An email with one delivery of each result."""
    with installation.write() as conn:
        made = make_task(
            conn, ana, "attention", kind="email", form=EMAIL, expanded=True, title="News", sender="office@example.com"
        )
        for result in RESULTS:
            enter(conn, made, result)
    return made


def page(browser: TestClient, path: str) -> Element:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def people(shown: Element) -> list[str]:
    return [one.text for one in shown.all("span", class_="to")]


def test_a_report_without_rows_does_not_break_the_search_for_its_recipient(signed_in, installation, ana):
    nothing = [{"column": "Region", "is": "=", "value": "Nowhere"}]
    perform(installation, ana, "report", data="sales", filters=nothing, skip_empty=True, mail_to="boss@example.com")
    answer = page(signed_in, "/tasks?q=boss@example.com").one("div", aria_label="Recipients").text
    assert answer.startswith("boss@example.com: nothing to send, left out ")


def test_the_search_for_a_recipient_answers(signed_in, task_id):
    for result in RESULTS:
        for path in ("/tasks?q=", "/tasks/log?on=/tasks&search=1&q="):
            shown = page(signed_in, path + address(result)).one("div", aria_label="Recipients").text
            assert shown.startswith(f"{address(result)}: {result.text} "), result
            assert ("Returned mail goes to" in shown) == (result in ("sent", "unknown"))


def test_the_page_of_the_task_lists_and_counts_it(signed_in, task_id):
    shown = page(signed_in, f"/tasks/{task_id}")
    assert sorted(people(shown)) == sorted(address(result) for result in RESULTS)
    counts = [one.text for one in shown.one("nav", aria_label="Recipients by state").all("a")]
    assert counts == [f"All {len(RESULTS)}", *(f"{result.text.capitalize()} 1" for result in RESULTS)]


def test_its_filter_finds_what_its_count_counts_on_the_page_and_in_the_download(signed_in, task_id):
    for result in RESULTS:
        path = f"/tasks/{task_id}?to_state={result}"
        shown = page(signed_in, path)
        assert people(shown) == [address(result)]
        assert [row[1] for row in table(signed_in, shown.one("a", id="list")["href"])[1:]] == [address(result)]
        assert people(page(signed_in, f"/tasks/{task_id}/live?seen=0&to_state={result}")) == [address(result)]


def table(browser: TestClient, path: str) -> list[list[str]]:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text)))


def test_a_filter_that_is_no_result_shows_all(signed_in, task_id):
    assert len(people(page(signed_in, f"/tasks/{task_id}?to_state=nonsense"))) == len(RESULTS)


def test_the_log_and_home_show_its_task(signed_in, installation, ana):
    with installation.write() as conn:
        for result in RESULTS:
            enter(conn, make_task(conn, ana, "attention", kind="email", form=EMAIL, expanded=True), result)
    for path in ("/", "/tasks", "/tasks/log?seen=0"):
        rows = page(signed_in, path).all("li", class_="row")
        assert len(rows) == len(RESULTS)
        offered = [row.all("button", class_="button")[0].text for row in rows if row.all("button", class_="button")]
        assert len(offered) == sum(result.is_retryable for result in RESULTS)


def test_programs_list_and_filter_it(program, task_id):
    listed = done(program.get(f"/api/v1/tasks/{task_id}/deliveries"))["items"]
    assert len(listed) == len(RESULTS)
    assert {one["state"] for one in listed} == {*DeliveryState}
    for state in DeliveryState:
        items = done(program.get(f"/api/v1/tasks/{task_id}/deliveries?state={state}"))["items"]
        expected = [address(result) for result in RESULTS if result == state]
        if state is DeliveryState.SKIPPED:  # to programs it is one state, whatever the reason
            expected += [address(reason) for reason in SkipReason]
        assert sorted(one["to"] for one in items) == sorted(expected)


def test_the_description_for_programs_names_every_state(stranger):
    document = done(stranger.get("/openapi.json"))
    assert document["components"]["schemas"]["DeliveryState"]["enum"] == [*DeliveryState]
    parameters = document["paths"]["/api/v1/tasks/{task_id}/deliveries"]["get"]["parameters"]
    (state,) = [one for one in parameters if one["name"] == "state"]
    assert state["schema"]["enum"] == ["", *DeliveryState]


def test_metrics_count_it(admin_program, task_id):
    families = text_string_to_metric_families(admin_program.get("/metrics").text)
    found = {
        one.labels["state"]: one.value
        for family in families
        for one in family.samples
        if one.name == "outtray_deliveries"
    }
    assert found == {state: 1 + (len(SkipReason) if state == "skipped" else 0) for state in DeliveryState}


def test_the_history_of_notifications_and_its_download_show_it(signed_in, installation, ana):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "attention", kind="notification", form=NOTE, expanded=True)
        for result in RESULTS:
            enter(conn, task_id, result)
    chips = [one.text for one in page(signed_in, "/notifications").one("ul", class_="people").all("span")]
    for state in DeliveryState:
        assert state.text in chips
    states = [row[6] for row in table(signed_in, "/notifications/notifications.csv")[1:]]
    assert set(states) == {*DeliveryState}
    assert len(states) == len(RESULTS)


def test_the_table_of_deliveries_for_reports_holds_it(installation, ana, task_id):
    columns, rows = installation.form_context(ana).records("log-deliveries")
    found = [row[list(columns).index("State")] for row in rows]
    assert set(found) == {*DeliveryState}
    assert len(found) == len(RESULTS)


def test_retry_sends_what_is_retryable_and_nothing_else(signed_in, installation, task_id):
    signed_in.post(f"/tasks/{task_id}/retry", data={"back": f"/tasks/{task_id}"})
    waiting = people(page(signed_in, f"/tasks/{task_id}?to_state=waiting"))
    assert sorted(waiting) == sorted(address(result) for result in RESULTS if result.is_retryable)


def test_a_state_that_only_another_version_knows_breaks_no_page(signed_in, program, installation, task_id):
    with installation.write() as conn:
        make_delivery(conn, task_id, "later@example.com", "teleported")
        make_delivery(conn, task_id, "reason@example.com", "skipped", skip_reason="moonlight")
    for path in (f"/tasks/{task_id}", "/tasks?q=later@example.com", "/tasks?q=reason@example.com", "/"):
        assert signed_in.get(path).status_code == 200
    assert f"All {len(RESULTS) + 2}" in page(signed_in, f"/tasks/{task_id}").text
    items = done(program.get(f"/api/v1/tasks/{task_id}/deliveries"))["items"]
    assert {one["to"]: one["state"] for one in items}["later@example.com"] == "unknown"
