"""What a text names is never loaded: not in previews, not in a review, not in an inbox; and nothing in it runs."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages.forms import EmailForm
from tests.factories import make_file, make_task
from webapp.files import queries
from webapp.markup.clean import shown
from webapp.tasks import inbox

OURS = ("/static/", "/tasks/log", "/inbox", "/service-worker.js", "/favicon.ico", "/new/", "/")
CLIENTS = b"E-mail,Name\nana@example.com,script:alert(1)\ncleo@example.com,Cleo\n"
LIST = {"name": "clients.csv", "mimeType": "text/csv", "buffer": CLIENTS}
NAUGHTY = [
    "![cat](https://e.example/cat.png)",
    "![](/files/{file}/download)",
    "[![cat](/files/{file}/download)](https://e.example)",
    "![x](//e.example/x.svg) ![y](http://e.example/y.png \"y\")",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "[a]: /files/{file}/download\n\n![a] ![b][a]",
    "<img src=https://e.example/a.png onerror=alert(1)>",
    "<script src=https://e.example/a.js></script><iframe src=https://e.example></iframe>",
    "<link rel=stylesheet href=https://e.example/a.css><style>@import 'https://e.example/b.css';</style>",
    "<svg onload=alert(1)><video autoplay src=/files/{file}/download>",
    "[a](javascript:alert(1)) [b](JaVaScRiPt&#58;alert(1)) <javascript:alert(1)>",
    "|a|b|\n|:-:|-:|\n|![t](https://e.example/t.png)|2|",
    "# ![h](https://e.example/h.png)\n\n> - ![l](https://e.example/l.png)",
    "`![code](https://e.example/c.png)`\n\n```\n<img src=https://e.example/d.png>\n```",
    "\u202eevil\u202c {{name}} {{email}} ![{{email}}](https://e.example/{{email}}.png)",
    "[n](java{{name}}) ![n]({{name}}) [m]({{name}})",
    "![" * 2_000,
]  # fmt: skip


class Watch:
    """What a page asks for, and what its browser complains about."""

    def __init__(self, page: Page, address: str) -> None:
        self.foreign: list[str] = []
        self.said: list[str] = []
        self._address = address
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda message: self._hear(message.text))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog {dialog.message}"), dialog.dismiss()))

    def _note(self, url: str) -> None:
        path = urlsplit(url).path
        is_ours = url.startswith(f"{self._address}/") and (path == "/" or path.startswith(OURS[:-1]))
        if not is_ours:
            self.foreign.append(url)

    def _hear(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.said.append(text)

    def require_nothing(self, page: Page) -> None:
        page.wait_for_load_state("networkidle")
        assert (self.foreign, self.said) == ([], [])
        assert page.locator(".message img, .message iframe, .message script, .message svg, .message video").count() == 0
        leads = page.locator(".message a").evaluate_all("all => all.map((one) => one.getAttribute('href') || '')")
        assert not [href for href in leads if href.lower().replace("\t", "").strip().startswith(("javascript", "data"))]


@pytest.fixture
def file(installation, ana, tmp_path) -> str:
    with installation.write() as conn:
        task = make_task(conn, ana, "done", kind="report")
        return make_file(conn, installation.store, task, ana, tmp_path)


@pytest.fixture
def texts(file) -> list[str]:
    return [text.replace("{file}", file) for text in NAUGHTY]


@pytest.fixture
def watch(page, address) -> Watch:
    return Watch(page, address)


def test_an_inbox_loads_nothing(page, watch, installation, ana, file, texts):
    with installation.write() as conn:
        for number, text in enumerate(texts):
            key = str(number)
            # Half of them as they were stored before notices held their HTML.
            html = shown(text) if number % 2 else None
            inbox.notify(conn, inbox.NewNotice(person=ana.id, title=text[:200], text=text, html=html, key=key))
    page.goto("/inbox")
    expect(page.locator(".notice")).to_have_count(len(texts))
    watch.require_nothing(page)
    page.reload()
    watch.require_nothing(page)
    with installation.read() as conn:
        assert queries.downloads(conn, file) == []


def test_the_preview_of_a_notification_loads_nothing(page, watch, installation, file, texts):
    page.goto("/new/notification")
    page.get_by_label("Ana Ruiz").check()
    for text in texts:
        page.get_by_label("Message", exact=True).fill(f"{text}\n\nseen {texts.index(text)}.")
        expect(page.locator("#preview").get_by_role("region", name="Inbox")).to_contain_text(
            f"seen {texts.index(text)}.", timeout=20_000
        )
        watch.require_nothing(page)
    with installation.read() as conn:
        assert queries.downloads(conn, file) == []


def test_the_preview_and_the_review_of_an_email_load_nothing(page, watch, installation, file, texts):
    form = EmailForm(page)
    form.open()
    form.choose_list(LIST)
    for text in [*texts, "\n\n".join(texts[:-1])]:
        form.fill(Subject=text[:100].replace("\n", " "), Message=f"{text}\n\nseen {len(text)}.")
        expect(page.locator("#preview")).to_contain_text(f"seen {len(text)}.", timeout=20_000)
        watch.require_nothing(page)
    form.press()
    expect(page.get_by_role("heading", name="The first message")).to_be_visible()
    watch.require_nothing(page)
    with installation.read() as conn:
        assert queries.downloads(conn, file) == []
