"""A page of the panel shows what people wrote and loads nothing that it names."""

import re

import pytest

from webapp.markup.clean import clean, shown
from webapp.markup.tables import FREE_CELLS

IMAGES = [
    ("![cat](https://e.example/a.png)", '<a href="https://e.example/a.png" rel="noopener noreferrer">cat</a>'),
    ("![](/files/3/download)", '<a href="/files/3/download" rel="noopener noreferrer">/files/3/download</a>'),
    ("[![cat](https://e.example/a.png)](https://e.example)", ">cat</a>"),
    ("![a *b* ![c](https://e.example/c.png)](https://e.example/a.png)", ">a b c</a>"),
    (
        "![cat][1]\n\n[1]: https://e.example/a.png",
        '<a href="https://e.example/a.png" rel="noopener noreferrer">cat</a>',
    ),
    ("![x](data:image/png;base64,AA)", ">x</a>"),
    ("- ![x](//e.example/a.png)\n> ![y](https://e.example/b.png)", ">y</a>"),
    ("|a|\n|-|\n|![x](https://e.example/a.png)|", ">x</a>"),
    ('<img src="https://e.example/a.png">', "&lt;img"),
]


@pytest.mark.parametrize(("typed", "part"), IMAGES)
def test_an_image_on_a_page_is_a_link_to_it(typed, part):
    html = shown(typed)
    assert part in html
    assert not re.search(r"<(img|picture|video|audio|iframe|object|embed|source|svg|link|style)\b", html)
    assert not re.search(r"\b(src|srcset|style|background|poster)=", html.replace("&lt;img src=", ""))


def test_an_email_has_its_images():
    assert '<img src="https://e.example/a.png" alt="cat">' in clean("![cat](https://e.example/a.png)")


def test_a_table_may_leave_out_cells():
    html = shown("|a|b|c|\n|-|-|-|\n|1|\n|1|2|3|")
    assert html.count("<td>") == 6


@pytest.mark.parametrize("tables", [1, 5])
def test_a_short_text_does_not_become_a_huge_table(tables):
    text = _table(100, 500) * tables
    assert shown(text).count("<td>") <= FREE_CELLS + len(text)


def _table(columns, rows):
    return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "a\n" * rows + "\n"
