"""The sample data: the article's three people, and a year of an office's sales."""

import io
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

PEOPLE = "Name,Age\nJohn,25\nJane,30\nDoe,35\n"
SALES_ROWS = 10_000
SALES_COLUMNS = (
    "Order", "Date", "Region", "Customer", "Salesperson", "Product", "Quantity", "Unit price", "Amount",
    "Paid", "Paid on",
)  # fmt: skip
SALES_TYPES = (
    "integer", "date", "text", "text", "text", "text", "integer", "number", "number", "yes-no", "date",
)  # fmt: skip

_REGIONS = ("North", "South", "East", "West")
_CUSTOMERS = (
    "Acme Stores",
    "Bäckerei Köhler",
    "Café Río",
    "Delgado & Sons",
    "École Voltaire",
    "Foster Ltd",
    "Grünwald",
)
_PEOPLE = ("Ana Núñez", "Ben Carter", "Chloé Martin", "Dmitri Orlov", "Eva Schäfer", "Farid Haddad")
_PRODUCTS = (
    ("Desk", 249.0), ("Office chair", 189.5), ("Desk lamp", 39.9), ("Filing cabinet", 129.0), ("Notebook, A4", 3.2),
    ("Paper, 500 sheets", 5.75), ("Printer ink", 28.4), ("Monitor 27\"", 219.0), ("Keyboard", 45.0),
    ("Whiteboard", 84.9),
)  # fmt: skip

TITLES = {"people": "The three people", "sales": "Sales of one year (10,000 rows)"}


def columns(name: str) -> list[str]:
    return list(SALES_COLUMNS) if name == "sales" else ["Name", "Age"]


def types(name: str) -> dict[str, str]:
    """Returns the type of each column, as `column_types.kind_of` names it."""
    kinds = SALES_TYPES if name == "sales" else ("text", "integer")
    return dict(zip(columns(name), kinds, strict=True))


def table(name: str) -> "pa.Table":
    """Returns the sample `name`: the same on every machine and in every run."""
    from pyarrow import csv as arrow_csv

    # Through a text, because arrays made of Python values would import pandas.
    text = {"people": lambda: PEOPLE, "sales": lambda: "".join(_sales())}[name]()
    return arrow_csv.read_csv(io.BytesIO(text.encode()), arrow_csv.ReadOptions(use_threads=False))


def _sales() -> Iterator[str]:
    # Only the results of random() itself are guaranteed to be the same in every version of Python.
    draw = random.Random(20_24).random  # noqa: S311
    yield ",".join(SALES_COLUMNS) + "\n"
    for number in range(SALES_ROWS):
        yield _sale(number, draw)


def _sale(number: int, draw: Callable[[], float]) -> str:
    day = date(2024, 1, 1) + timedelta(days=number * 366 // SALES_ROWS)
    product, price = _PRODUCTS[int(draw() * len(_PRODUCTS))]
    quantity = 1 + int(draw() ** 3 * 40)
    cents = round(price * (100 - 5 * int(draw() * 4)))
    paid_on = day + timedelta(days=3 + int(draw() * 40))
    is_paid = draw() < 0.85
    fields = [
        f"{10_001 + number}",
        day.isoformat(),
        _REGIONS[int(draw() * len(_REGIONS))],
        _CUSTOMERS[int(draw() * len(_CUSTOMERS))],
        _PEOPLE[int(draw() * len(_PEOPLE))],
        '"' + product.replace('"', '""') + '"',
        f"{quantity}",
        f"{cents / 100:.2f}",
        f"{cents * quantity / 100:.2f}",
        "true" if is_paid else "false",
        paid_on.isoformat() if is_paid else "",
    ]
    return ",".join(fields) + "\n"
