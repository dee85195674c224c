"""OUTTRAY_SMTP_URL and OUTTRAY_MAIL_FROM as an admin writes them."""

import pytest

from webapp.errors import UserError
from webapp.mail.url import SmtpSettings, read_sender, read_url


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("smtp://mail.example.com", SmtpSettings(scheme="smtp", host="mail.example.com", port=25)),
        ("smtps://mail.example.com/", SmtpSettings(scheme="smtps", host="mail.example.com", port=465)),
        ("smtp+starttls://mail.example.com", SmtpSettings(scheme="smtp+starttls", host="mail.example.com", port=587)),
        (
            "smtp+starttls://u%40x.org:p%2F%3A%40%25@h:2525",
            SmtpSettings(scheme="smtp+starttls", host="h", port=2525, user="u@x.org", password="p/:@%"),
        ),
        ("smtp://h?connections=2&rate=10", SmtpSettings(scheme="smtp", host="h", port=25, connections=2, rate=10.0)),
        ("smtp://h?rate=0.5", SmtpSettings(scheme="smtp", host="h", port=25, rate=0.5)),
        ("smtp://[::1]:2525", SmtpSettings(scheme="smtp", host="::1", port=2525)),
    ],
)
def test_an_address_of_a_server_is_read(url, settings):
    assert read_url(url) == settings


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@h",
        "smtp://user:s3cret@",
        "smtp://user:s3cret/more@h",
        "smtp://user:s3cret#more@h",
        "smtp://user:s3cret?more@h",
        "smtp://user:123?s3cret@h",
        "smtp://user:s3@cret@h",
        "smtp://user:s3cret@h:port",
        "smtp://user:s3cret@h:0",
        "smtp://user:s3cret@h:70000",
        "smtp://user:s3cret@h/path",
        "smtp://:s3cret@h",
        "smtp://user@h",
        "smtp://h?rate=0",
        "smtp://h?rate=fast",
        "smtp://h?rate=1.2.3",
        "smtp://h?connections=0",
        "smtp://h?connections=21",
        "smtp://h?speed=1",
        "",
    ],
)
def test_a_wrong_one_is_explained_without_the_password(url):
    with pytest.raises(UserError) as raised:
        read_url(url)
    assert raised.value.message.startswith("OUTTRAY_SMTP_URL: ")
    assert "s3" not in raised.value.message
    assert "cret" not in raised.value.message
    assert "\n" not in raised.value.message


def test_a_password_is_not_shown_by_accident():
    assert "s3cret" not in repr(read_url("smtp://user:s3cret@h"))


@pytest.mark.parametrize(
    ("mail_from", "user", "host", "sender"),
    [
        ("office@example.com", "u@x.org", "h", "office@example.com"),
        ("The Office <office@example.com>", "", "h", "The Office <office@example.com>"),
        ('"Ruiz, Ana" <ana@example.com>', "", "h", '"Ruiz, Ana" <ana@example.com>'),
        ("Zoë <zoe@müller.de>", "", "h", "Zoë <zoe@müller.de>"),
        ("", "u@x.org", "h", "u@x.org"),
        ("", "user", "mail.example.com", "outtray@mail.example.com"),
        ("", "", "192.0.2.1", "outtray@[192.0.2.1]"),
        ("", "", "::1", "outtray@[IPv6:::1]"),
    ],
)
def test_the_sender_is_the_one_given_or_the_best_there_is(mail_from, user, host, sender):
    assert read_sender(mail_from, SmtpSettings(scheme="smtp", host=host, port=25, user=user, password="x")) == sender


@pytest.mark.parametrize(
    "mail_from", ["office", "Office <office>", "a@b.com\r\nBcc: x@example.com", "a@b.com, c@d.com", "<>"]
)
def test_a_wrong_sender_is_explained(mail_from):
    with pytest.raises(UserError, match=r"^OUTTRAY_MAIL_FROM: "):
        read_sender(mail_from)
