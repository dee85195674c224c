"""Reports as PDF: the text of their pages, read by another library; and their charts."""

import xml.etree.ElementTree as ElementTree

import openpyxl
import pyarrow as pa
import pytest
from pypdf import PdfReader

from tests.reports.shaping import Work, shaped
from webapp.errors import TaskError
from webapp.reports.writing import charts, excel, glyphs, pdf, svg
from webapp.reports.writing.about import About
from webapp.reports.writing.normalise import normalise, of_table


def made(table, folder, about=None, **more):
    path = folder / "a.pdf"
    pdf.write(normalise(of_table(table), "csv"), path, about=about or About("Sales"), **more)
    return PdfReader(path)


def text(reader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def test_the_first_page_says_what_it_is_and_every_page_repeats_the_header(tmp_path):
    table = pa.table({"Name": [f"Person {n}" for n in range(200)], "Amount": [n * 1000.5 for n in range(200)]})
    about = About("Sales of May", [("Made", "3 Nov 2026, 10:42"), ("By", "Ana Ruiz"), ("Data", "sales.csv")])
    reader = made(table, tmp_path, about)
    first, last = reader.pages[0].extract_text(), reader.pages[-1].extract_text()
    assert all(words in first for words in ("Sales of May", "3 Nov 2026, 10:42", "Ana Ruiz", "sales.csv"))
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in last
    assert all("Amount" in page.extract_text() for page in reader.pages)
    assert "199,099.50" in last
    assert reader.metadata.title == "Sales of May"


def test_a_wide_table_is_landscape(tmp_path):
    narrow = made(pa.table({"A": ["x"]}), tmp_path).pages[0].mediabox
    wide = made(pa.table({f"Column {n}": ["some words in it"] for n in range(12)}), tmp_path).pages[0].mediabox
    assert narrow.height > narrow.width
    assert wide.width > wide.height


def test_latin_greek_and_cyrillic_are_shown_and_missing_characters_are_named(tmp_path):
    page = text(made(pa.table({"Name": ["Łódź Ñandú", "Αθήνα", "Київ", "東京", "😀"]}), tmp_path))
    assert all(word in page for word in ("Łódź Ñandú", "Αθήνα", "Київ"))
    assert "lack 3 characters" in page
    assert all(code in page for code in ("U+6771", "U+4EAC", "U+1F600"))


def test_the_fonts_have_the_characters_that_are_claimed():
    assert not glyphs.missing({"aZ09 äßñ ŁČő ΑΩλ ЖщЇ € £ – “”"})
    assert glyphs.missing({"a", "語", "あ"}) == ["あ", "語"]


def test_only_the_first_5000_rows_are_shown_with_a_note(tmp_path):
    reader = made(pa.table({"N": list(range(1, 6_002))}), tmp_path)
    page = text(reader)
    assert "These are the first 5,000 of 6,001 rows." in page
    assert "\n5000\n" in page
    assert "\n5001\n" not in page


def test_the_total_row_is_last_also_behind_rows_that_are_cut(tmp_path):
    table = pa.table({"K": [f"k{n:05}" for n in range(6_000)], "A": [1] * 6_000})
    source = shaped(table, group_by=["K"], works=[Work("A", "sum")], total_row=True)
    pdf.write(normalise(source, "csv"), tmp_path / "a.pdf")
    assert text(PdfReader(tmp_path / "a.pdf")).rstrip().splitlines()[-2:][0].startswith("Total") or "6,000" in text(
        PdfReader(tmp_path / "a.pdf")
    )


def test_a_text_is_never_read_as_markup(tmp_path):
    words = ["#panic()", "*bold* _it_", "$x$", "= Heading", "<b>", "[a](b)", "@ref", "\\u{41}"]
    page = text(made(pa.table({"#let x = 1": words}), tmp_path))
    assert all(word in page for word in [*words, "#let x = 1"])


def test_a_table_with_more_columns_than_a_page_holds_is_refused(tmp_path):
    with pytest.raises(TaskError, match="41 columns") as raised:
        made(pa.table({f"c{n}": [1] for n in range(41)}), tmp_path)
    assert raised.value.fault == "form"
    assert not (tmp_path / "a.pdf").exists()


def test_an_empty_table_has_a_note(tmp_path):
    assert "There are no rows." in text(made(pa.table({"A": pa.array([], pa.int64())}), tmp_path))


REGIONS = pa.table({"Region": ["N", "S", "<&>"], "A": [1.0, -2.0, None], "B": [3.0, 4.0, 5.0]})


@pytest.mark.parametrize("kind", ["bar", "stacked", "line", "pie"])
def test_every_kind_of_chart_is_a_drawing_with_a_description(kind, tmp_path):
    table = normalise(of_table(REGIONS), "csv")
    chart = charts.chart_of(table, kind, "Sales", 1)
    root = ElementTree.fromstring(svg.svg(chart))
    assert root.get("role") == "img"
    assert "Highest" in root.get("aria-label")
    assert charts.from_json(chart.as_json()) == charts.from_json(charts.from_json(chart.as_json()).as_json())
    pdf.write(table, tmp_path / "a.pdf", about=About("Sales"), chart=chart)
    excel.write(table, tmp_path / "a.xlsx", about=About("Sales"), chart=chart)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Report", "Chart"]
    assert len(book["Chart"]._charts) == 1


def test_a_chart_leaves_the_total_row_and_many_labels_out():
    table = pa.table({"K": [f"k{n}" for n in range(100)], "A": [1] * 100})
    source = normalise(shaped(table, group_by=["K"], works=[Work("A", "sum")], total_row=True), "csv")
    chart = charts.chart_of(source, "bar", "T", 1)
    assert (len(chart.labels), chart.cut, "Total" in chart.labels) == (40, 60, False)
    pie = charts.chart_of(source, "pie", "T", 1)
    assert (len(pie.labels), pie.labels[-1], sum(pie.series[0][1])) == (8, "Others", 100)


def test_a_table_without_numbers_has_no_chart():
    assert charts.chart_of(normalise(of_table(pa.table({"A": ["x"]})), "csv"), "bar", "T", 0) is None
