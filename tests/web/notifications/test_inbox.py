"""An inbox shows what was drawn when its notices were stored, and loads nothing."""

import pytest
from sqlalchemy import select, update

from tests.html import read
from webapp.db import schema
from webapp.markup.clean import shown
from webapp.tasks import inbox
from webapp.tasks.inbox import NewNotice

HEAVY = "![" * 4_900


@pytest.fixture
def notice(installation, ana):
    def add(text: str, key: str = "k", **more) -> None:
        with installation.write() as conn:
            inbox.notify(conn, NewNotice(person=ana.id, title="News", text=text, key=key, **more))

    return add


def stored(installation) -> list[str | None]:
    with installation.read() as conn:
        return list(conn.execute(select(schema.inbox.c.html).order_by(schema.inbox.c.id)).scalars())


def message(browser):
    return read(browser.get("/inbox").text).one("div", class_="message")


def test_a_notice_is_shown_as_it_was_drawn(signed_in, notice):
    notice("**typed**", html="<p><strong>drawn</strong></p>")
    assert message(signed_in).one("strong").text == "drawn"


def test_an_older_notice_is_drawn_once(signed_in, notice, installation):
    notice("At **nine**")
    assert message(signed_in).one("strong").text == "nine"
    assert stored(installation) == ["<p>At <strong>nine</strong></p>\n"]


def test_an_older_heavy_notice_is_shown_as_typed(signed_in, notice, installation):
    for number in range(30):
        notice(f"{number}\n{HEAVY}<", key=str(number))
    assert f"29 {HEAVY}<" in read(signed_in.get("/inbox").text).one(id="notice-30").text
    assert stored(installation)[29] == f"<p>29<br>{HEAVY}&lt;</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<img src="https://e.example/a.png">',
        '<p onclick="alert(1)" style="background: url(https://e.example)">x</p>',
    ],
)
def test_html_that_stands_in_the_database_is_not_trusted(signed_in, notice, installation, html):
    notice("x")
    with installation.write() as conn:
        conn.execute(update(schema.inbox).values(html=html))
    page = signed_in.get("/inbox").text
    assert not any(part in page for part in ("alert(1)<", "javascript:alert", "e.example", "onclick"))


def test_an_image_in_an_inbox_is_a_link(signed_in, notice):
    notice("![](/files/1/download)", html=shown("![](/files/1/download)"))
    assert message(signed_in).one("a")["href"] == "/files/1/download"
    assert not message(signed_in).all("img")
