"""Messages come back from a parser exactly as they were typed, and nothing in them can run or begin a header."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.mail.compose import Letter, Message
from webapp.mail.html import page
from webapp.mail.url import read_sender
from webapp.markup.clean import clean

WHEN = datetime(2026, 11, 3, 10, 42, 7, tzinfo=UTC)
SENDER = "The Office <office@example.com>"
TEXTS = st.one_of(
    st.text(st.characters(categories=("L", "M", "N", "P", "S")), max_size=200),
    st.text('ab é😀=?,;:<>"\\ _-.()[]@', max_size=200),
)


def composed(to="ana@example.com", subject="Hello", body="Hi", sender=SENDER, message_id="<17.0.ab@example.com>"):
    return Letter(subject=subject, body=body, sender=sender).to(to, message_id=message_id, date=WHEN)


def read_back(message: Message) -> EmailMessage:
    return email.message_from_bytes(message.content, policy=email.policy.default)


def test_a_message_says_who_when_and_what_and_nothing_else():
    message = read_back(composed())
    assert dict(message.items()) == {
        "From": "The Office <office@example.com>",
        "To": "ana@example.com",
        "Subject": "Hello",
        "Date": "Tue, 03 Nov 2026 10:42:07 +0000",
        "Message-ID": "<17.0.ab@example.com>",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.defects == []


def test_replies_go_where_they_are_wanted():
    letter = Letter(subject="Hi", body="Hi", sender=SENDER, reply_to='"o\'neil, b"@exämple.com')
    message = letter.to("a@example.com", message_id="<1@x>", date=WHEN)
    read = read_back(message)["Reply-To"].addresses
    assert [address.addr_spec for address in read] == ['"o\'neil, b"@xn--exmple-cua.com']


@pytest.mark.parametrize(
    "body",
    [
        "Grüße aus Köln, 日本語, עברית 😀👩‍👩‍👧",
        ".\n..\n.hidden\n\n.",
        "From here\nFrom there",
        "x" * 5_000,
        "ü" * 5_000,
        "word " * 2_000,
        "= =3D =?utf-8?q?x?= &amp; <b>",
        "tab\there, trailing space \nand no more",
        "\x0b\x0c\x1b[2J odd",
    ],
)
def test_the_text_is_read_back_as_it_was_typed_and_travels_in_7_bits(body):
    raw = composed(body=body).content
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    text = read_back(composed(body=body)).get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.removesuffix("\n") == body


def test_line_ends_of_all_systems_are_line_breaks():
    text = read_back(composed(body="one\r\ntwo\rthree\nfour")).get_body(("plain",)).get_content()
    assert text.splitlines() == ["one", "two", "three", "four"]


@settings(max_examples=200, deadline=None)
@given(TEXTS.map(lambda text: text.strip()).filter(str.isprintable))
def test_any_subject_is_read_back_as_it_was_typed(subject):
    raw = composed(subject=subject).content
    assert read_back(composed(subject=subject))["Subject"] == subject
    assert all(len(line) <= 78 for line in raw.partition(b"Subject")[2].partition(b"Date")[0].split(b"\r\n"))


@settings(max_examples=200, deadline=None)
@given(TEXTS.map(lambda text: text.replace("@", "")[:60].strip()).filter(lambda name: name and name.isprintable()))
def test_any_name_of_the_sender_is_read_back(name):
    written = '"' + name.replace("\\", r"\\").replace('"', r"\"") + '" <office@example.com>'
    message = composed(sender=read_sender(written))
    assert [writer.addr_spec for writer in read_back(message)["From"].addresses] == ["office@example.com"]
    raw = email.message_from_bytes(message.content)["From"].removesuffix("<office@example.com>").strip()
    plain = (
        raw[1:-1].replace(r"\"", '"').replace(r"\\", "\\")
        if raw.startswith('"')
        else str(make_header(decode_header(raw)))
    )
    assert plain == name


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
def test_nothing_that_is_typed_begins_another_header(line_break):
    evil = f"x{line_break}Bcc: thief@example.com"
    with pytest.raises(ValueError, match="line"):
        composed(subject=evil)
    with pytest.raises(ValueError, match=r"line|CR|linefeed"):
        composed(to=f"ana@example.com{line_break}Bcc: thief@example.com")
    assert "Bcc" not in read_back(composed(body=evil))


@pytest.mark.parametrize(
    ("to", "header"),
    [
        ("ana@müller.de", "ana@xn--mller-kva.de"),
        ('"ana ruiz"@example.com', '"ana ruiz"@example.com'),
        ("a" * 64 + "@" + "b" * 60 + ".com", "a" * 64 + "@" + "b" * 60 + ".com"),
    ],
)
def test_the_recipient_alone_is_named(to, header):
    assert read_back(composed(to=to))["To"] == header


def test_an_address_that_needs_it_is_written_in_utf8():
    raw = composed(to="josé@example.com", subject="Grüße").content
    assert "\r\nTo: josé@example.com\r\n".encode() in raw


def test_a_long_message_id_stays_on_its_line():
    message_id = f"<outtray.123456.99999.0123456789abcdef@{'mail.' * 20}example.com>"
    assert f"Message-ID: {message_id}\r\n".encode() in composed(message_id=message_id).content


def test_markdown_becomes_html():
    html = clean(
        "# Hello\n\n**Ana**, look:\nhere\n\n- one\n- two\n\n[site](https://example.com)\n\n|a|b|\n|-|-|\n|1|2|"
    )
    for part in (
        "<h1>Hello</h1>",
        "<strong>Ana</strong>",
        "<br>",
        "<li>two</li>",
        "<td>2</td>",
        'href="https://example.com"',
    ):
        assert part in html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![x](data:text/html;base64,PHNjcmlwdD4=)",
        "<style>body{display:none}</style>",
        "</div></body></html><script>alert(1)</script>",
        '[a](https://example.com "x\\" onmouseover=\\"alert(1)")',
        "<iframe src=https://example.com></iframe>",
        "{{ 7*7 }}{% for %}",
    ],
)
def test_nothing_in_a_message_can_run(evil):
    for html in (page("Hello", evil), page(evil.replace("\n", " "), "Hi")):
        for opener in ("<script", "<iframe", "<img src=x", 'href="javascript', 'src="data', 'onmouseover="alert'):
            assert opener not in html.lower()
        assert "49" not in html


def test_html_that_is_typed_is_shown_as_typed():
    assert "&lt;b&gt;bold&lt;/b&gt;" in clean("<b>bold</b>")


def test_styles_stand_at_the_elements():
    html = page("Hello", "a paragraph")
    assert '<p style="margin' in html
    assert "<style" not in html
