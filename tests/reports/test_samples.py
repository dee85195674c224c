"""The samples: the article's three people, and sales that are the same everywhere."""

import hashlib

from webapp.reports import samples


def test_the_people_are_those_of_the_article():
    assert samples.table("people").to_pylist() == [
        {"Name": "John", "Age": 25},
        {"Name": "Jane", "Age": 30},
        {"Name": "Doe", "Age": 35},
    ]


def test_the_sales_are_the_same_on_every_machine():
    text = "".join(samples._sales())
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "a83bb27ac988e326423fe2854927571200a80a1f39fbd5797da1894f4a1bde5f"
    )


def test_the_sales_are_ten_thousand_rows_whose_amounts_add_up():
    table = samples.table("sales")
    assert table.num_rows == 10_000
    assert table.schema.names == samples.columns("sales")
    for row in table.slice(0, 500).to_pylist():
        assert round(row["Quantity"] * row["Unit price"], 2) == row["Amount"]
        assert (row["Paid on"] is not None) == row["Paid"]


def test_every_sample_says_its_columns():
    for name in samples.TITLES:
        assert samples.table(name).schema.names == samples.columns(name)
