"""The behaviour of htmx that Outtray relies on. An upgrade that changes it fails here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from webapp import paths

HOST = "http://htmx.test"
CONFIG = (
    '{"morphIgnore": ["data-htmx-powered", "open"], "noSwap": [204, 304, "4xx", "5xx"], "includeIndicatorCSS": false}'
)
Answer = Callable[[int], tuple[int, str, dict[str, str]]]


@dataclass
class Bench:
    """A page with htmx under our content security policy; `answers` are the answers of each address, in order."""

    page: Page
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def show(self, body: str, config: str = CONFIG) -> None:
        meta = f"<meta name='htmx-config' content='{config}'>" if config else ""
        scripts = "<script src='/htmx.js'></script><script src='/notes.js'></script>"
        head = f"<!doctype html><title>bench</title>{meta}{scripts}"
        self.answers["/"] = lambda n: (200, f"{head}<body>{body}</body>", {})
        self.page.goto(HOST + "/")

    def on(self, path: str, body: str = "", status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda n: (status, body.replace("{n}", str(n)), named)

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    def noted(self) -> list[str]:
        """The events of htmx so far."""
        return self.page.evaluate("window.noted")

    def wait(self, condition: str) -> None:
        self.page.wait_for_function("() => " + condition)  # as a string it would need eval

    def wait_asked(self, path: str, times: int) -> None:
        while self.count(path) < times:
            with self.page.expect_request(HOST + path):
                pass

    def serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST).partition("?")[0]
        self.asked.append((path, route.request.headers))
        if path not in self.answers:
            return route.abort()
        status, body, headers = self.answers[path](self.count(path))
        policy = {"Content-Security-Policy": "default-src 'self'", "Content-Type": "text/html"}
        if path.endswith(".js"):
            policy["Content-Type"] = "text/javascript"
        route.fulfill(status=status, body=body, headers=policy | headers)


NOTES = """
window.noted = [];
for (const name of ["htmx:after:swap", "htmx:response:error", "htmx:error", "htmx:after:request"])
  document.addEventListener(name, (event) => window.noted.push(name + (event.detail.ctx ? " ctx" : "")));
document.addEventListener("told", (event) => window.noted.push("told"));
document.addEventListener("htmx:config:request", (event) => {
  if (window.quiet && event.detail.ctx.sourceEvent?.type === "every") event.preventDefault();
});
"""


@pytest.fixture
def bench(browser: Browser) -> Iterator[Bench]:
    page = browser.new_page()
    page.set_default_timeout(5_000)
    made = Bench(page)
    made.answers["/htmx.js"] = lambda n: (200, (paths.STATIC / "vendor/htmx/htmx.min.js").read_text(), {})
    made.answers["/notes.js"] = lambda n: (200, NOTES, {})
    page.route(HOST + "/**", made.serve)
    yield made
    page.close()


def poller(text: str = "{n}", trigger: str = "every 50ms") -> str:
    polls = f'hx-get="/poll" hx-trigger="{trigger}" hx-swap="outerMorph" hx-sync="this:drop"'
    return f'<div id="p" {polls}>{text}</div>'


def test_the_version_is_the_one_that_was_examined(bench):
    bench.show("")
    assert bench.page.evaluate("htmx.version") == (paths.STATIC / "vendor/htmx/VERSION").read_text().strip()


def test_outer_morph_keeps_focus_typed_text_and_selection(bench):
    row = '<li id="a">{0}</li><li id="b"><input id="i" value=""></li>'
    bench.on("/poll", poller("<ul>" + row.format("new {n}") + "</ul>"))
    bench.show(poller("<ul>" + row.format("old") + "</ul>"))
    bench.page.fill("#i", "half a word")
    bench.page.evaluate("document.getElementById('i').setSelectionRange(2, 6)")
    bench.wait("document.getElementById('a').textContent.startsWith('new')")
    expect(bench.page.locator("#i")).to_be_focused()
    assert bench.page.evaluate("(i => [i.value, i.selectionStart, i.selectionEnd])(document.getElementById('i'))") == [
        "half a word", 2, 6,
    ]  # fmt: skip


def test_an_open_details_stays_open_as_configured(bench):
    bench.on("/poll", poller('<details id="d"><summary>s</summary>{n}</details>'))
    bench.show(poller('<details id="d" ><summary>s</summary>old</details>'))
    bench.page.click("summary")
    bench.wait("!document.getElementById('d').textContent.includes('old')")
    assert bench.page.evaluate("document.getElementById('d').open") is True


def test_without_that_configuration_a_morph_closes_an_open_details(bench):
    bench.on("/poll", poller('<details id="d"><summary>s</summary>{n}</details>'))
    bench.show(poller('<details id="d" open><summary>s</summary>old</details>'), config="")
    bench.wait("!document.getElementById('d').open")


def test_204_leaves_the_page_and_polling_continues(bench):
    bench.on("/poll", status=204)
    bench.show(poller("as it was"))
    bench.wait_asked("/poll", 3)
    assert bench.page.locator("#p").inner_text() == "as it was"
    assert "htmx:after:swap ctx" in bench.noted()


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_an_error_neither_replaces_the_poller_nor_ends_it(bench, status):
    bench.on("/poll", "<p>login page</p>", status=status)
    bench.show(poller("as it was"))
    bench.wait_asked("/poll", 3)
    assert bench.page.locator("#p").inner_text() == "as it was"
    assert "htmx:response:error ctx" in bench.noted()


def test_without_that_configuration_an_error_replaces_the_poller(bench):
    bench.on("/poll", "<p>broken</p>", status=500)
    bench.show(poller("as it was"), config="")
    bench.wait("!document.getElementById('p')")


def test_286_does_not_end_polling(bench):
    bench.on("/poll", poller("{n}"), status=286)
    bench.show(poller("old"))
    bench.wait_asked("/poll", 3)


def test_an_answer_with_another_trigger_changes_the_interval(bench):
    bench.on("/poll", poller("slow now", trigger="every 60s"))
    bench.show(poller("old"))
    bench.wait("document.getElementById('p').textContent === 'slow now'")
    asked = bench.count("/poll")
    bench.page.wait_for_timeout(300)
    assert bench.count("/poll") == asked


def test_an_answer_without_a_trigger_ends_polling(bench):
    bench.on("/poll", '<div id="p">over</div>')
    bench.show(poller("old"))
    bench.wait("document.getElementById('p').textContent === 'over'")
    asked = bench.count("/poll")
    bench.page.wait_for_timeout(300)
    assert bench.count("/poll") == asked


def test_a_changed_address_is_used_by_the_next_poll(bench):
    bench.on("/poll", '<div id="p" hx-get="/next" hx-trigger="every 50ms" hx-swap="outerMorph">moved</div>')
    bench.on("/next", status=204)
    bench.show(poller("old"))
    bench.wait_asked("/next", 2)
    assert bench.count("/poll") == 1


def test_a_partial_serves_a_second_target(bench):
    bench.on(
        "/poll", poller("{n}") + '<hx-partial hx-target="#count" hx-swap="outerMorph"><b id="count">7</b></hx-partial>'
    )
    bench.show('<b id="count">0</b>' + poller("old"))
    bench.wait("document.getElementById('count').textContent === '7'")
    assert bench.page.locator("#count").count() == 1


def test_hx_status_swaps_a_refused_form(bench):
    posts = 'hx-post="/send" hx-swap="outerMorph" hx-status:422="swap:outerMorph"'
    form = f'<form id="f" {posts}><input name="a"><button>Go</button>{{0}}</form>'
    bench.on("/send", form.format("<p>Fill it in.</p>"), status=422)
    bench.show(form.format(""))
    bench.page.fill("input", "typed")
    bench.page.click("button")
    expect(bench.page.locator("p")).to_have_text("Fill it in.")
    assert bench.page.input_value("input") == "typed"


def test_a_redirect_header_leads_to_the_other_page_and_its_row(bench):
    bench.on("/send", status=204, HX_Redirect="/other#row-7")
    bench.on("/other", "<p id='row-7' tabindex='-1'>there</p>")
    bench.show('<form hx-post="/send"><button>Go</button></form>')
    bench.page.click("button")
    bench.page.wait_for_url(HOST + "/other#row-7")
    expect(bench.page.locator("#row-7")).to_be_focused()


def test_no_answer_is_an_error_event(bench):
    bench.show('<form hx-post="/nothing"><button>Go</button></form>')
    bench.page.click("button")
    bench.wait("window.noted.includes('htmx:error ctx')")


def test_requests_say_that_they_are_htmx(bench):
    bench.on("/poll", status=204)
    bench.show(poller())
    bench.wait_asked("/poll", 1)
    headers = dict(bench.asked)["/poll"]
    assert headers["hx-request"] == "true"
    assert headers["hx-source"] == "div#p"
    assert headers["hx-request-type"] == "partial"


def test_a_poll_can_be_cancelled_while_the_tab_is_hidden(bench):
    bench.on("/poll", status=204)
    bench.show(poller())
    bench.wait_asked("/poll", 1)
    bench.page.evaluate("window.quiet = true")
    bench.page.wait_for_timeout(100)
    asked = bench.count("/poll")
    bench.page.wait_for_timeout(300)
    assert bench.count("/poll") == asked


def test_a_trigger_filter_never_polls_under_our_policy(bench):
    bench.on("/poll", status=204)
    bench.show(poller(trigger="every 50ms [!document.hidden]"))
    bench.page.wait_for_timeout(300)
    assert bench.count("/poll") == 0


def test_attributes_are_inherited_only_with_inherited(bench):
    bench.on("/poll", status=204)
    for attribute in ("hx-headers", "hx-headers:inherited"):
        bench.show(f'<div {attribute}=\'{{"X-A": "1"}}\'>' + poller() + "</div>")
        bench.wait_asked("/poll", bench.count("/poll") + 1)
        assert ("x-a" in bench.asked[-1][1]) == attribute.endswith("inherited")


def test_a_part_of_an_answer_can_be_selected(bench):
    bench.on("/send", '<form id="f"><p id="part">new</p><p id="rest">other</p></form>')
    posts = 'hx-post="/send" hx-trigger="click" hx-target="#part" hx-select="#part" hx-swap="outerMorph"'
    bench.show(f'<div id="b" {posts}>go</div><p id="part">old</p><p id="rest">kept</p>')
    bench.page.click("#b")
    expect(bench.page.locator("#part")).to_have_text("new")
    expect(bench.page.locator("#rest")).to_have_text("kept")


def test_an_event_of_a_removed_source_reaches_the_document(bench):
    bench.on("/send", "<p>done</p>", HX_Trigger="told")
    bench.show('<div id="box"><button hx-post="/send" hx-target="#box" hx-swap="innerHTML">Go</button></div>')
    bench.page.click("button")
    bench.wait("window.noted.includes('told')")


def test_no_feature_needs_inline_styles_or_eval(bench):
    errors: list[str] = []
    bench.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    bench.on("/poll", poller("{n}"))
    bench.show(poller("old"))
    bench.wait_asked("/poll", 2)
    assert [one for one in errors if "Content Security Policy" in one] == []
