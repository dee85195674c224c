"""The frame of every page, the words of numbers and times, and what is said when something goes wrong."""

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.html import read
from webapp.kinds import KINDS
from webapp.tasks.model import State
from webapp.web.http import formatting
from webapp.web.http.render import asset, query, templates

NOON = datetime(2026, 11, 3, 9, 42, 17, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    "path", ["/", "/tasks", "/files", "/new/email", "/new/report", "/new/notification", "/account"]
)
def test_every_page_has_one_h1_that_is_its_title_landmarks_and_a_skip_link(signed_in, path):
    page = read(signed_in.get(path).text)
    assert page.one("title").text == page.one("h1").text + " – Outtray"
    assert page.one("a", class_="skip")["href"] == "#" + page.one("main")["id"]
    assert page.one("nav", aria_label="Main")
    names = [one.text for one in page.one("nav", aria_label="You").all() if one.tag in ("a", "button")]
    assert names == ["Account", "Sign out"]
    assert not [one for one in page.all() if one.tag == "style" or "style" in one]
    ids = [one["id"] for one in page.all() if "id" in one]
    assert len(ids) == len(set(ids))


def test_no_script_stands_in_a_page(signed_in):
    page = read(signed_in.get("/").text)
    assert all("src" in script and not script.text for script in page.all("script"))


def test_every_state_and_kind_has_its_icon(signed_in):
    symbols = {one["id"] for one in read(signed_in.get("/").text).all("symbol")}
    assert {f"i-{state.value}" for state in State} | {f"i-{kind.icon}" for kind in KINDS.values()} <= symbols


def test_static_files_are_kept_for_ever_under_an_address_that_names_their_content(client):
    versioned = client.get(asset("app.css"))
    assert "immutable" in versioned.headers["cache-control"]
    assert client.get("/static/app.css").headers["cache-control"] == "no-cache"
    assert "?v=" in asset("app.css")


def test_every_template_can_be_read():
    names = templates().list_templates()
    assert "base.html" in names
    for name in names:
        templates().get_template(name)


def test_what_does_not_exist_is_a_calm_page_for_people_and_a_problem_for_programs(signed_in):
    page = signed_in.get("/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "This page does not exist" in page.text
    problem = signed_in.get("/api/v1/nowhere")
    assert problem.headers["content-type"].startswith("application/problem+json")


def test_a_wrong_number_in_an_address_is_a_page_that_does_not_exist(signed_in):
    assert signed_in.get("/tasks/0").status_code == 404
    assert signed_in.get("/tasks/abc").status_code == 404
    assert signed_in.get("/tasks/99999999999999999999999").status_code == 404


def test_what_nobody_expected_is_logged_with_the_reference_that_the_person_sees(signed_in, monkeypatch, caplog):
    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("webapp.web.home.pages.log_view.read", broken)
    with caplog.at_level(logging.ERROR):
        answer = signed_in.get("/")
    reference = answer.text.partition("Reference ")[2][:6]
    assert answer.status_code == 500
    assert reference.startswith("R-")
    assert reference in caplog.text
    assert "the secret inside" in caplog.text
    assert "the secret inside" not in answer.text


def test_times_are_written_in_the_viewers_zone():
    assert formatting.day_and_time(NOON, MADRID) == "3 Nov 2026, 10:42"
    assert formatting.clock(NOON, MADRID) == "10:42:17"
    assert formatting.iso(NOON) == "2026-11-03T09:42:17Z"


@pytest.mark.parametrize(
    ("size", "written"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (412_002, "412 kB"), (4_200_000, "4.2 MB"),
     (999_700, "1.0 MB"), (12_000_000_000, "12 GB"), (3_000_000_000_000_000, "3000 TB")],
)  # fmt: skip
def test_sizes_are_written_as_people_read_them(size, written):
    assert formatting.size(size) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min")],
)
def test_lengths_of_time(seconds, written):
    assert formatting.lasting(timedelta(seconds=seconds)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (1, "about 5 seconds"),
        (31, "about 30 seconds"),
        (55, "about 1 minute"),
        (125, "about 2 minutes"),
        (7_000, "about 2 hours"),
    ],
)
def test_guesses_sound_like_guesses(seconds, written):
    assert formatting.about(seconds) == written


def test_an_address_names_only_what_is_set():
    assert query(state="failed", q="a b&c", before=0, kind="") == "?state=failed&q=a+b%26c"
    assert query(state="") == ""
