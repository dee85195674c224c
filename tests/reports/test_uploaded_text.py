"""Uploaded texts with a table: their schema, and error messages for files that are refused."""

import codecs
import datetime as dt

import pytest

from tests.reports.reading import upload
from webapp.errors import UserError

CLIENTS = "Name,City,Age\nAna Núñez,Köln,25\nBen,Paris,30\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    read = upload(tmp_path, CLIENTS.replace(",", delimiter))
    assert read.rows == [("Ana Núñez", "Köln", 25), ("Ben", "Paris", 30)]
    assert read.schema.delimiter == delimiter


def test_a_semicolon_wins_over_commas_in_numbers_and_texts(tmp_path):
    read = upload(tmp_path, "Name, full;Price, EUR\nLopez, Maria;1,50\nBlunt, Ben;2,75\n")
    assert read.rows == [("Lopez, Maria", 1.5), ("Blunt, Ben", 2.75)]


def test_excels_own_line_about_the_delimiter_is_followed(tmp_path):
    assert upload(tmp_path, "sep=;\na;b\n1;2\n").rows == [(1, 2)]


def test_one_column_needs_no_delimiter(tmp_path):
    read = upload(tmp_path, "Email\nana@example.com\nben@example.com\n")
    assert (read.rows, read.schema.delimiter) == ([("ana@example.com",), ("ben@example.com",)], "")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CLIENTS.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + CLIENTS.encode(), "UTF-8"),
        (codecs.BOM_UTF16_LE + CLIENTS.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + CLIENTS.encode("utf-16-be"), "UTF-16"),
        (CLIENTS.encode("utf-16-le"), "UTF-16"),
        (CLIENTS.encode("utf-16-be"), "UTF-16"),
        (CLIENTS.encode("utf-32"), "UTF-32"),
        (CLIENTS.encode("cp1252"), "Western European (Windows-1252)"),
    ],
)
def test_the_encoding_is_found(tmp_path, content, encoding):
    read = upload(tmp_path, content)
    assert read.rows[0] == ("Ana Núñez", "Köln", 25)
    assert read.schema.encoding == encoding
    assert list(read.types) == ["Name", "City", "Age"]
    assert ("was read as Western" in read.notes) == ("Western" in encoding)


def test_a_text_in_latin_1_whose_first_letters_are_plain_is_read(tmp_path):
    content = ("Name\n" + "plain\n" * 300_000 + "Ñandú\n").encode("latin-1")
    assert upload(tmp_path, content).rows[-1] == ("Ñandú",)


def test_a_text_in_cyrillic_letters_of_one_byte_is_read(tmp_path):
    words = "Имя;Город;Примечание\nАнна Иванова;Москва;постоянный клиент с прошлого года\n" * 5
    assert upload(tmp_path, words.encode("cp1251")).rows[0][1] == "Москва"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(tmp_path, end):
    assert upload(tmp_path, CLIENTS.replace("\n", end)).rows[1] == ("Ben", "Paris", 30)


def test_line_breaks_and_delimiters_in_quotes_belong_to_the_cell(tmp_path):
    read = upload(tmp_path, 'Name,Note\nAna,"one\ntwo, ""three"""\nBen,x\n')
    assert read.rows == [("Ana", 'one\ntwo, "three"'), ("Ben", "x")]


def test_a_header_with_a_line_break_is_one_name(tmp_path):
    read = upload(tmp_path, '"Unit\nprice",Name\n1,x\n')
    assert (list(read.types), read.rows) == (["Unit price", "Name"], [(1, "x")])


def test_ragged_rows_are_refused_by_their_numbers(tmp_path):
    with pytest.raises(UserError) as caught:
        upload(tmp_path, 'a,b\n1,2\n"x\ny",3\n4\n5,6,7\n8,9\n')
    assert "row 4 has 1" in caught.value.message
    assert "row 5 has 3" in caught.value.message
    assert "The first row has 2" in caught.value.message
    assert caught.value.field == "data"
    assert not (tmp_path / "typed").exists()


def test_of_many_ragged_rows_the_first_are_named_and_the_others_counted(tmp_path):
    with pytest.raises(UserError, match=r"row 3 has 1, .*row 7 has 1, and 1,995 more rows differ"):
        upload(tmp_path, "a,b\n1,2\n" + "1\n" * 2000)


def test_blank_lines_count_as_rows_where_rows_are_named(tmp_path):
    with pytest.raises(UserError, match="row 5 has 3"):
        upload(tmp_path, "a,b\n1,2\n\n3,4\n5,6,7\n8,9\n")


def test_empty_rows_are_left_out_and_those_in_the_middle_noted(tmp_path):
    read = upload(tmp_path, "a,b\n1,2\n\n3,4\n,\n\n  \n")
    assert read.rows == [(1, 2), (3, 4)]
    assert read.schema.rows == 2
    assert "1 empty row was left out." in read.notes


def test_empty_rows_at_the_end_need_no_remark(tmp_path):
    assert upload(tmp_path, "a,b\n1,2\n,\n\n\n").notes == ""


@pytest.mark.parametrize("content", ["a;b;\n1;2;\n3;4;\n", "a;b\n1;2;\n3;4;\n", "a;b;\n1;2\n3;4\n"])
def test_a_delimiter_too_many_at_every_end_is_no_column(tmp_path, content):
    read = upload(tmp_path, content)
    assert (list(read.types), read.rows) == (["a", "b"], [(1, 2), (3, 4)])


def test_a_column_beyond_the_header_that_holds_something_is_kept_and_named(tmp_path):
    rows = "".join(f"{number};{number};\n" for number in range(300)) + "1;2;extra\n"
    read = upload(tmp_path, "a;b\n" + rows)
    assert read.rows[-1] == (1, 2, "extra")
    assert "“Column 3”" in read.notes


@pytest.mark.parametrize("content", ['a,b\n1,2\n3,"open\n4,5\n6,7\n', 'a,"b\n1,2\n3,4\n'])
def test_a_quotation_mark_that_is_never_closed_is_refused(tmp_path, content):
    with pytest.raises(UserError, match="never closed"):
        upload(tmp_path, content)


def test_repeated_and_empty_names_are_made_unique_and_noted(tmp_path):
    read = upload(tmp_path, "Name,Name,,Name (2)\na,b,c,d\n")
    assert list(read.types) == ["Name", "Name (3)", "Column 3", "Name (2)"]
    assert "More than one column is called “Name”. Column 2 is called “Name (3)”." in read.notes
    assert "A column has no name. It is called “Column 3”." in read.notes


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    read = upload(tmp_path, "Name,Age\n")
    assert (read.schema.rows, read.rows, list(read.types)) == (0, [], ["Name", "Age"])


def test_a_header_without_a_line_end_is_a_table_without_rows(tmp_path):
    assert upload(tmp_path, "Name").schema.rows == 0


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"  \r\n", b",,\n,,\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    with pytest.raises(UserError, match=r"“clients\.csv” is empty\."):
        upload(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "an image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "an image"),
        (b"GIF89a\x01\0", "an image"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"MZ\x90\0\x03\0\0\0", "a program"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"\x1f\x8b\x08\0", "a packed archive"),
        (b"PK\x03\x04 nothing", "a packed archive"),
        (b"<!DOCTYPE html><html><table>", "a web page"),
        (b"SQLite format 3\0", "a database"),
        (bytes(range(256)) * 20, "not a text file"),
    ],
)
def test_a_file_that_is_no_table_is_named_by_its_type(tmp_path, content, what):
    with pytest.raises(UserError, match=rf"“clients\.csv” is {what}"):
        upload(tmp_path, content)


def test_more_columns_than_a_spreadsheet_has_are_refused(tmp_path):
    with pytest.raises(UserError, match="16,385 columns"):
        upload(tmp_path, ",".join(f"c{number}" for number in range(16_385)) + "\n")


def test_the_most_columns_of_a_spreadsheet_are_read(tmp_path):
    names = ",".join(f"c{number}" for number in range(16_384))
    values = ",".join(str(number) for number in range(16_384))
    read = upload(tmp_path, f"{names}\n{values}\n")
    assert read.rows[0][-1] == 16_383


def test_a_very_long_cell_is_read(tmp_path):
    text = "long\n" * 1_000_000
    assert upload(tmp_path, f'a,b\n1,"{text}"\n').rows == [(1, text)]


def test_no_trace_is_left_where_a_file_is_refused(tmp_path):
    with pytest.raises(UserError):
        upload(tmp_path, "a,b\nü\n".encode("cp1252"))
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


def one_column(folder, *values, delimiter=","):
    lines = "".join(f'x{delimiter}"{value}"\n' for value in values)
    read = upload(folder, f"Key{delimiter}Value\n{lines}")
    return read.types["Value"], read.column("Value"), read.notes


@pytest.mark.parametrize(
    ("values", "kind", "read"),
    [
        (("1", "-2", ""), "integer", [1, -2, None]),
        (("007", "8"), "text", ["007", "8"]),
        (("00,5", "1,5"), "text", ["00,5", "1,5"]),
        (("9007199254740992",), "integer", [9007199254740992]),
        (("1.5", "2"), "number", [1.5, 2.0]),
        (("1.234,50", "3"), "number", [1234.5, 3.0]),
        (("1,234.50", "3"), "number", [1234.5, 3.0]),
        (("1,5", "12,75"), "number", [1.5, 12.75]),
        (("1 234,50", "2,5"), "number", [1234.5, 2.5]),
        (("1'234.50", "2.5"), "number", [1234.5, 2.5]),
        (("1.5e-07", "2.5"), "number", [1.5e-07, 2.5]),
        (("0.30000000000000004",), "number", [0.30000000000000004]),
        (("1,5", "1.5"), "text", ["1,5", "1.5"]),
        (("12E5", "13E2"), "text", ["12E5", "13E2"]),
        (("1e+999", "1"), "text", ["1e+999", "1"]),
        (("+34 612 345 678", "+1"), "text", ["+34 612 345 678", "+1"]),
        (("612 345 678", "612 345 679"), "text", ["612 345 678", "612 345 679"]),
        (("nan", "inf"), "text", ["nan", "inf"]),
        (("true", "FALSE", ""), "yes-no", [True, False, None]),
        (("yes", "no"), "text", ["yes", "no"]),
        (("2024-11-03", "1999-01-31"), "date", [dt.date(2024, 11, 3), dt.date(1999, 1, 31)]),
        (("2024-11-03 09:30", "2024-11-03"), "time", [dt.datetime(2024, 11, 3, 9, 30), dt.datetime(2024, 11, 3)]),
        (("2024-11-03T09:30:15.25",), "time", [dt.datetime(2024, 11, 3, 9, 30, 15, 250_000)]),
        (("31.12.2024", "1.2.2024"), "date", [dt.date(2024, 12, 31), dt.date(2024, 2, 1)]),
        (("31/12/2024", "01/02/2024"), "date", [dt.date(2024, 12, 31), dt.date(2024, 2, 1)]),
        (("12/31/2024", "01/02/2024"), "date", [dt.date(2024, 12, 31), dt.date(2024, 1, 2)]),
        (("31/12/2024 23:59",), "time", [dt.datetime(2024, 12, 31, 23, 59)]),
        (("31/02/2024", "30/02/2024"), "text", ["31/02/2024", "30/02/2024"]),
        (("0000-01-01",), "text", ["0000-01-01"]),
        (("09:30", "10:00"), "text", ["09:30", "10:00"]),
        (("1850-05-01",), "date", [dt.date(1850, 5, 1)]),
        (("", ""), "text", [None, None]),
        ((" 5 ", "6"), "integer", [5, 6]),
        ((" kept ", "x"), "text", [" kept ", "x"]),
    ],
)
def test_values_are_read_as_a_person_reads_them(tmp_path, values, kind, read):
    assert one_column(tmp_path, *values)[:2] == (kind, read)


def test_long_numbers_stay_text_and_are_noted(tmp_path):
    kind, values, notes = one_column(tmp_path, "9007199254740993", "12")
    assert (kind, values) == ("text", ["9007199254740993", "12"])
    assert "more digits than a spreadsheet keeps" in notes


def test_unclear_dates_stay_text_and_are_noted(tmp_path):
    kind, values, notes = one_column(tmp_path, "01/02/2024", "03/04/2024")
    assert (kind, values) == ("text", ["01/02/2024", "03/04/2024"])
    assert "It is not clear which number is the day" in notes


@pytest.mark.parametrize(("delimiter", "read"), [(",", 1234.0), (";", 1.234)])
def test_an_unclear_number_is_read_as_the_delimiter_suggests_and_noted(tmp_path, delimiter, read):
    kind, values, notes = one_column(tmp_path, "1,234", delimiter=delimiter)
    assert (kind, values) == ("number", [read])
    assert f"“1,234” is ambiguous. It was read as {read:g}." in notes


def test_an_unclear_number_follows_the_other_columns(tmp_path):
    read = upload(tmp_path, 'Price|Amount\n"0,5"|1.234\n"1,25"|2.345\n')
    assert read.column("Amount") == [1234.0, 2345.0]


def test_the_value_that_makes_a_column_text_is_named(tmp_path):
    read = upload(tmp_path, "Amount\n" + "12\n" * 12 + "n/a\n")
    assert read.types == {"Amount": "text"}
    assert "“Amount”: Read as text, because row 14 holds “n/a”." in read.notes


def test_types_are_those_of_all_rows_and_not_of_the_first(tmp_path):
    rows = "".join(f"{number}\n" for number in range(900_000))
    read = upload(tmp_path, f"Number\n{rows}late\n")
    assert read.types == {"Number": "text"}
    assert (read.schema.rows, read.rows[0], read.rows[-1]) == (900_001, ("0",), ("late",))
    assert "row 900002 holds “late”" in read.notes
