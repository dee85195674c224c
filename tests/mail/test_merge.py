"""Fields are plain substitution: every value arrives as it is, and nothing in one can run or begin a header."""

import email
import email.policy
import re
from datetime import UTC, date, datetime, time

import pytest

from webapp.mail.compose import Letter
from webapp.mail.formats import shown
from webapp.mail.merge import fields_of, fill, unknown_fields

WHEN = datetime(2026, 11, 3, 10, 42, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> **bold** [x](javascript:alert(1)) "quoted" {{ name }} {% x %} =?utf-8?q?x?='


def merged(subject="Hello", body="Hi", **values):
    named = {name.casefold(): value for name, value in values.items()}
    made = Letter(subject=subject, body=body, sender="office@example.com").to(
        "ana@example.com", message_id="<1.0.ab@example.com>", date=WHEN, values=named
    )
    read = email.message_from_bytes(made.content, policy=email.policy.default)
    text, html = read.iter_parts()
    return read["Subject"], text.get_content().rstrip("\r\n"), html.get_content()


def test_fields_are_filled_in_subject_text_and_html_however_they_are_written():
    body = "Dear **{{ Name }}**, {{name}} of {{  CITY }}."
    subject, text, html = merged("For {{ NAME }}", body, name="Ana", city="Köln")
    assert (subject, text) == ("For Ana", "Dear Ana, Ana of Köln.")
    assert "Dear <strong>Ana</strong>, Ana of Köln." in html


def test_what_stands_in_a_cell_is_shown_and_never_run():
    subject, text, html = merged("{{ name }}", "{{ name }}", name=HOSTILE)
    assert text == HOSTILE
    assert subject == HOSTILE
    assert "<script" not in html
    assert "<strong>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; **bold** [x](javascript:alert(1)) &quot;quoted&quot;" in html


def test_a_value_with_line_breaks_stays_on_the_line_of_the_subject():
    assert merged("Hi {{ name }}", name="Ana\r\nBcc: eve@example.com")[0] == "Hi Ana Bcc: eve@example.com"


@pytest.mark.parametrize(
    ("value", "leads_to"),
    [
        ("https://example.com/?a=1&b=2", "https://example.com/?a=1&amp;b=2"),
        ("www.example.com", "https://www.example.com"),
        ("javascript:alert(1)", "#"),
        (" javascript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ('https://e.com/" onclick="x', "https://e.com/&quot; onclick=&quot;x"),
        ("", "#"),
    ],
)
def test_a_link_made_of_a_field_leads_only_where_links_may(value, leads_to):
    html = merged(body="[Open]({{ link }})", link=value)[2]
    assert f'<a href="{leads_to}"' in html


def test_a_field_inside_a_links_address_keeps_the_address():
    assert 'href="https://example.com/o/A%26B?n=7"' not in merged(body="[o](https://example.com/o/{{ id }})", id="7")[2]
    assert 'href="https://example.com/o/7"' in merged(body="[o](https://example.com/o/{{ id }})", id="7")[2]


def test_each_message_gets_its_own_values_and_an_absent_one_is_empty():
    body = "{{ a }}-{{ b }}"
    assert [merged(body=body, a=value)[1] for value in ("1", "2")] == ["1-", "2-"]


def test_fields_that_no_column_fills_are_named():
    assert fields_of("{{ Name }} {{name}}", "{{ First  name }} {{}} { {x} }") == ["Name", "First name"]
    assert unknown_fields(["name", "E-mail"], "{{ NAME }} {{ e-mail }} {{ naem }}") == ["naem"]


@pytest.mark.parametrize(
    ("value", "as_read"),
    [
        (datetime(2026, 11, 3), "3 November 2026"),
        (datetime(2026, 11, 3, 9, 30), "3 November 2026, 09:30"),
        (date(2026, 11, 3), "3 November 2026"),
        (time(9, 30), "09:30"),
        (12, "12"),
        (12.0, "12"),
        (0.1, "0.1"),
        ("007", "007"),
        (True, "yes"),
        (None, ""),
    ],
)
def test_cells_are_merged_as_people_read_them(value, as_read):
    assert shown(value) == as_read


def test_filling_leaves_other_braces_alone():
    assert fill("{ a } {{ a }} {{a}", {"a": "1"}) == "{ a } 1 {{a}"


@pytest.mark.parametrize(
    ("typed", "value", "leads_to"),
    [
        ("java{{Name}}", "script:alert(1)", "#"),
        ("java/{{Name}}", "../javascript:alert(1)", "#"),
        ("{{Name}}", "java\tscript:alert(1)", "#"),
        ("{{Name}}", "\x01javascript:alert(1)", "#"),
        ("d{{Name}}", "ata:text/html,x", "#"),
        ("/{{Name}}", "/evil.example", "#"),
        ("{{Name}}", "//evil.example", "#"),
        ("h{{Name}}", "ttps://example.com", "https://example.com"),
        ("mail{{Name}}", "to:ana@example.com", "mailto:ana@example.com"),
        ("{{Name}}", "tel:+34600000000", "tel:+34600000000"),
    ],
)
def test_the_address_of_a_link_is_judged_with_its_fields_filled(typed, value, leads_to):
    html = merged(body=f"[n]({typed})", name=value)[2]
    assert f'<a href="{leads_to}"' in html
    assert "javascript:" not in html


@pytest.mark.parametrize("typed", ["{{Name}}cript:alert(1)", "java{{Name}}:alert(1)", "java{{Name}}\\:alert(1)"])
def test_a_link_whose_scheme_is_partly_a_field_leads_nowhere(typed):
    for value in ("javas", "script", "sc\nript", ""):
        html = merged(body=f"[n]({typed})", name=value)[2]
        assert not re.search(r'href="(?!#")', html)


@pytest.mark.parametrize(("value", "source"), [("png", "https://e.example/a.png"), ("", "https://e.example/a.")])
def test_an_image_keeps_its_address_with_fields(value, source):
    assert f'src="{source}"' in merged(body="![a](https://e.example/a.{{x}})", x=value)[2]
    assert 'src="#"' in merged(body="![a]({{x}})", x="data:image/png;base64,AA")[2]


@pytest.mark.parametrize("body", ["{{a}}" * 40_000, "[x](https://e.example/" + "{{a}}" * 40_000 + ")"])
def test_fields_cannot_make_a_message_of_any_length(body):
    with pytest.raises(ValueError, match="more than 2,000,000 characters"):
        merged(body=body, a="x" * 32_767)
