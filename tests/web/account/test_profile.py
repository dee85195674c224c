"""One's own account: profile, password, sessions, tokens."""

import re

import pytest

from tests.factories import PASSWORD
from webapp.accounts import people, sessions, tokens
from webapp.web.http.user_agents import named

NEW = "another good password"
PROFILE = {"name": "Ana R.", "zone": "Asia/Tokyo", "undo_seconds": "30"}


def now_in(installation, person):
    with installation.read() as conn:
        return people.by_id(conn, installation.settings, person.id)


@pytest.fixture
def elsewhere(installation, ana):
    """The hash of a session that Ana has in another browser."""
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
    with installation.write() as conn:
        cookie = sessions.start(conn, ana.id, agent)
        return sessions.find(conn, installation.settings, cookie)


def open_sessions(installation, person):
    with installation.read() as conn:
        return len(sessions.of_person(conn, installation.settings, person.id))


def test_the_profile_is_saved_and_the_page_says_so(signed_in, installation, ana):
    answer = signed_in.post("/account", data=PROFILE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert ">Saved</p>" in signed_in.get("/account").text
    assert ">Saved</p>" not in signed_in.get("/account").text
    changed = now_in(installation, ana)
    assert (changed.name, changed.zone.key, changed.undo_seconds) == ("Ana R.", "Asia/Tokyo", 30)


def test_the_wait_is_that_of_the_installation_until_one_chooses(signed_in, installation, ana):
    page = signed_in.get("/account").text
    assert re.findall(r'name="undo_seconds" value="(\d+)" checked', page) == ["10"]
    installation.settings = installation.settings.model_copy(update={"undo_seconds": 45})
    page = signed_in.get("/account").text
    assert re.findall(r'name="undo_seconds" value="(\d+)"', page) == ["10", "30", "45", "120"]
    assert re.findall(r'name="undo_seconds" value="(\d+)" checked', page) == ["45"]
    assert "2 minutes" in page
    signed_in.post("/account", data={**PROFILE, "undo_seconds": "45"})
    installation.settings = installation.settings.model_copy(update={"undo_seconds": 10})
    assert now_in(installation, ana).undo_seconds == 10


@pytest.mark.parametrize("seconds", ["0", "11", "-10", "1e1", "", "x", "9" * 100])
def test_no_other_wait_can_be_chosen(signed_in, installation, ana, seconds):
    answer = signed_in.post("/account", data={**PROFILE, "undo_seconds": seconds})
    assert answer.status_code == 422
    assert "Choose how long to wait." in answer.text
    assert now_in(installation, ana).name == "Ana Ruiz"


def test_wrong_fields_are_explained_and_nothing_typed_is_lost(signed_in):
    page = signed_in.post("/account", data={**PROFILE, "name": "x" * 101, "zone": "Nowhere"}).text
    assert "2 things to correct" in page
    assert page.count("This is too long. 100 characters are the most.") == 1
    assert page.count("Choose a time zone from the list.") == 1
    assert "x" * 101 in page
    assert re.findall(r'name="undo_seconds" value="(\d+)" checked', page) == ["30"]
    assert page.count("autofocus") == 1


def test_a_new_password_renews_the_session_of_this_browser(signed_in, installation, ana):
    [before] = signed_in.cookies.jar
    signed_in.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert signed_in.get("/account").status_code == 200
    with installation.read() as conn:
        assert sessions.find(conn, installation.settings, before.value) is None


def test_a_new_password_ends_every_other_session(signed_in, client, installation, ana, root, elsewhere):
    answer = signed_in.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert answer.status_code == 303
    assert "Your password is changed." in signed_in.get("/account").text
    assert open_sessions(installation, ana) == 1
    assert client.post("/login", data={"email": ana.email, "password": PASSWORD}).status_code == 422
    assert client.post("/login", data={"email": ana.email, "password": NEW}).status_code == 303


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"current": "wrong", "password": NEW}, "current", "This is not your password."),
        ({"current": "", "password": NEW}, "current", "This is not your password."),
        ({"current": PASSWORD, "password": "short"}, "password", "Choose a password of 10 characters or more."),
        ({"current": PASSWORD, "password": "ANA@example.com"}, "password", "easy to guess"),
        ({}, "password", "Choose a password of 10 characters or more."),
    ],
)
def test_a_refused_password_changes_nothing(signed_in, installation, ana, elsewhere, given, field, words):
    answer = signed_in.post("/account/password", data=given)
    assert answer.status_code == 422
    error = answer.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    assert words in error
    assert open_sessions(installation, ana) == 2


def test_the_present_password_cannot_be_guessed_from_a_stolen_session(signed_in):
    for _ in range(5):
        signed_in.post("/account/password", data={"current": "wrong", "password": NEW})
    answer = signed_in.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert answer.status_code == 429
    assert "Too many tries." in answer.text


def test_other_sessions_are_named_and_can_be_ended_one_by_one(signed_in, installation, ana, elsewhere):
    page = signed_in.get("/account").text
    assert "Safari on iPhone" in page
    assert page.count("This browser") == 1
    assert signed_in.post(f"/account/sessions/{elsewhere.id}/end").status_code == 303
    assert open_sessions(installation, ana) == 1
    assert signed_in.post(f"/account/sessions/{elsewhere.id}/end").status_code == 404


def test_all_other_sessions_can_be_ended_at_once(signed_in, installation, ana, elsewhere):
    assert ">Sign out everywhere else</button>" in signed_in.get("/account").text
    assert signed_in.post("/account/sessions/end").status_code == 303
    assert open_sessions(installation, ana) == 1
    page = signed_in.get("/account").text
    assert "You are signed out everywhere else." in page
    assert ">Sign out everywhere else</button>" not in page


def api_answers(client, secret):
    return client.get("/api/v1/tasks", headers={"Authorization": f"Bearer {secret}"}).status_code


def end_by_password(client, signed_in, admin, installation, ana):
    signed_in.post("/account/password", data={"current": PASSWORD, "password": NEW})


def end_by_reset(client, signed_in, admin, installation, ana):
    page = admin.post(f"/people/{ana.id}/link").text
    secret = re.search(r"/invite/([\w-]+)", page)[1]
    client.post(f"/invite/{secret}", data={"name": "Ana", "zone": "Europe/Madrid", "password": NEW})
    client.cookies.clear()


def end_by_disabling(client, signed_in, admin, installation, ana):
    admin.post(f"/people/{ana.id}/disable")
    admin.post(f"/people/{ana.id}/enable")


def end_everywhere(client, signed_in, admin, installation, ana):
    signed_in.post("/account/sessions/end")


@pytest.mark.parametrize("end", [end_by_password, end_by_reset, end_by_disabling, end_everywhere])
def test_tokens_end_with_what_ends_the_sessions(client, signed_in, admin, installation, ana, root, end):
    with installation.write() as conn:
        secret = tokens.add(conn, ana.id, "export")
        others = tokens.add(conn, root.id, "backup")
    assert api_answers(client, secret) == 200
    end(client, signed_in, admin, installation, ana)
    assert api_answers(client, secret) == 401
    assert api_answers(client, others) == 200
    with installation.read() as conn:
        assert tokens.of_person(conn, ana.id) == []


def test_a_person_with_one_session_can_end_their_tokens(signed_in, installation, ana):
    with installation.write() as conn:
        tokens.add(conn, ana.id, "export")
    assert ">Sign out everywhere else</button>" in signed_in.get("/account").text


def test_nobody_ends_a_session_of_somebody_else(admin, installation, ana, elsewhere):
    assert admin.post(f"/account/sessions/{elsewhere.id}/end").status_code == 404
    assert open_sessions(installation, ana) == 1


def test_a_new_token_is_shown_once_and_works(signed_in, installation, ana):
    page = signed_in.post("/account/tokens", data={"token_name": "nightly export"}).text
    field = re.search(r'<input id="new-token"[^>]*>', page)[0]
    secret = re.search(r'value="(out_[^"]+)"', field)[1]
    assert "readonly" in field
    assert "autofocus" in field
    with installation.read() as conn:
        assert tokens.find(conn, installation.settings, secret).person.id == ana.id
    again = signed_in.get("/account").text
    assert "nightly export" in again
    assert secret not in again


def test_a_reload_makes_no_second_token(signed_in, installation, ana):
    signed_in.post("/account/tokens", data={"token_name": "export"})
    answer = signed_in.post("/account/tokens", data={"token_name": "export"})
    assert answer.status_code == 422
    assert "You have a token of this name. Choose another one." in answer.text
    with installation.read() as conn:
        assert len(tokens.of_person(conn, ana.id)) == 1


@pytest.mark.parametrize("typed", ["", " ", "x" * 101])
def test_a_token_needs_a_name_of_fair_length(signed_in, installation, ana, typed):
    answer = signed_in.post("/account/tokens", data={"token_name": typed})
    assert answer.status_code == 422
    assert 'id="token_name-error"' in answer.text
    with installation.read() as conn:
        assert tokens.of_person(conn, ana.id) == []


def test_a_revoked_token_opens_nothing(signed_in, admin, installation, ana):
    with installation.write() as conn:
        secret = tokens.add(conn, ana.id, "<i>old</i>")
        [token] = tokens.of_person(conn, ana.id)
    assert admin.post(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert signed_in.post(f"/account/tokens/{token.id}/revoke").status_code == 303
    with installation.read() as conn:
        assert tokens.find(conn, installation.settings, secret) is None
    page = signed_in.get("/account").text
    assert "is revoked." in page
    assert "<i>old" not in page


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605 Version/17 Safari/605", "Safari on Mac"),
        ("curl/8.5.0", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_in_a_few_words(agent, words):
    assert named(agent) == words
