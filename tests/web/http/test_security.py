"""What other sites can make a browser send, and the headers on each answer."""

import pytest
from starlette.testclient import TestClient

from webapp.accounts import sessions
from webapp.app import create_app
from webapp.web.http.cookies import COOKIE, SECURE_COOKIE
from webapp.web.http.security import REFUSED

SAVE = {"name": "Anne", "zone": "Europe/Madrid", "undo_seconds": "10"}


@pytest.fixture
def bare(installation, ana):
    """Ana's browser, which says nothing about where a request comes from."""
    with installation.write() as conn:
        cookie = sessions.start(conn, ana.id)
    with TestClient(
        create_app(installation), base_url="http://office:8000", cookies={COOKIE: cookie}, follow_redirects=False
    ) as browser:
        yield browser


def save(browser, **headers):
    return browser.post(
        "/account", data=SAVE, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_a_form_of_our_own_page_is_taken(bare):
    assert save(bare, Sec_Fetch_Site="same-origin", Origin="http://office:8000").status_code == 303


def test_on_plain_http_the_origin_alone_is_enough(bare):
    assert save(bare, Origin="http://office:8000").status_code == 303
    assert save(bare, Origin="http://OFFICE:8000").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "http://office:8001"},
        {"Origin": "http://office"},
        {"Origin": "http://office:8000.evil.example"},
        {"Origin": "null"},
        {"Origin": "file://office:8000"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://office:8000"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Authorization": "Basic YTpi"},
        {"Referer": "http://office:8000/account"},
    ],
)
def test_a_form_of_another_site_is_refused_and_nothing_is_done(bare, headers):
    answer = save(bare, **headers)
    assert answer.status_code == 403
    assert REFUSED in answer.text
    assert "Ana Ruiz" in bare.get("/account").text


def test_another_site_cannot_sign_somebody_in_as_somebody_else(client, ana):
    given = {"email": "ana@example.com", "password": "x"}
    answer = client.post(
        "/login", data=given, headers={"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}
    )
    assert answer.status_code == 403


def test_a_token_needs_no_origin(bare):
    assert save(bare, Authorization="Bearer out_x").status_code != 403


def test_looking_needs_no_origin(bare):
    assert bare.get("/account", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_behind_a_proxy_that_changes_the_host_the_base_url_is_our_own(installation, ana):
    given = installation.settings.model_copy(update={"base_url": "https://outtray.example.com"})
    installation.settings = given
    with installation.write() as conn:
        cookie = sessions.start(conn, ana.id)
    app = create_app(installation)
    browser = TestClient(app, base_url="http://127.0.0.1:8000", cookies={COOKIE: cookie}, follow_redirects=False)
    assert save(browser, Origin="https://outtray.example.com").status_code == 303
    assert save(browser, Origin="http://outtray.example.com").status_code == 403


def test_https_is_known_by_the_host_of_the_base_url(installation, root):
    installation.settings = installation.settings.model_copy(update={"base_url": "https://outtray.example.com"})
    browser = TestClient(create_app(installation), base_url="http://outtray.example.com", follow_redirects=False)
    answer = browser.get("/login")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_a_cookie_of_backslashes_is_left_out(installation, ana):
    """Python would need quadratic time for it (CVE-2024-7592)."""
    with installation.write() as conn:
        cookie = sessions.start(conn, ana.id)
    browser = TestClient(create_app(installation), base_url="http://office:8000", follow_redirects=False)
    for header in (f'a="{chr(92) * 60_000}"; {COOKIE}={cookie}', f'{COOKIE}={cookie}; a="{chr(92)}073"'):
        answer = browser.get("/account", headers={"Cookie": header})
        assert answer.status_code == 200
        assert "Ana Ruiz" in answer.text


def test_under_https_every_cookie_is_secure(installation, ana):
    installation.settings = installation.settings.model_copy(update={"base_url": "https://office"})
    with installation.write() as conn:
        cookie = sessions.start(conn, ana.id)
    browser = TestClient(
        create_app(installation), base_url="https://office", cookies={SECURE_COOKIE: cookie}, follow_redirects=False
    )
    said = save(browser, Origin="https://office").headers.get_list("set-cookie")
    shown = browser.get("/account").headers.get_list("set-cookie")
    signed_out = browser.post("/logout", headers={"Origin": "https://office"}).headers.get_list("set-cookie")
    assert (len(said), len(shown)) == (1, 1)
    for line in [*said, *shown, *signed_out]:
        assert [part.strip().lower() for part in line.split(";")].count("secure") == 1


def test_on_plain_http_a_message_is_shown_all_the_same(bare):
    (line,) = save(bare, Origin="http://office:8000").headers.get_list("set-cookie")
    assert "secure" not in line.lower()


@pytest.mark.parametrize("path", ["/", "/login", "/setup", "/account", "/nothing-here", "/static/app.css"])
def test_every_answer_carries_the_safety_headers(bare, path):
    headers = bare.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in headers


def test_a_refusal_carries_them_too(bare):
    assert "content-security-policy" in save(bare).headers


def test_pages_are_not_kept_by_browsers_and_proxies(bare):
    assert bare.get("/account").headers["cache-control"] == "no-store"


def test_pages_hold_nothing_inline_that_the_policy_would_refuse(bare, installation):
    for path in ("/account", "/login"):
        page = bare.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert "onclick=" not in page
        assert "<script>" not in page
