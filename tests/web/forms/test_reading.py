"""A posted form becomes a form model, or plain words beside its fields."""

from typing import Literal

import pytest
from pydantic import Field

from webapp.errors import FormErrors, UserError
from webapp.ports.forms import TaskForm
from webapp.ports.kinds import Kind
from webapp.web.forms.controls import render_form
from webapp.web.forms.reading import WHOLE, blank, checked, filled_from, read_form
from webapp.web.http.multipart import FormData


class OrderForm(TaskForm):
    """Some of everything."""

    name: str = Field(title="Name", min_length=1, max_length=10)
    note: str = Field("", title="Note", json_schema_extra={"widget": "textarea"})
    pieces: int = Field(1, title="Pieces", ge=1, le=99)
    weight: float = Field(0.0, title="Weight", ge=0)
    gift: bool = Field(False, title="Wrap it up")
    size: Literal["small", "large"] = Field("small", title="Size")
    colours: list[str] = Field(
        default_factory=list,
        title="Colours",
        json_schema_extra={"widget": "choice", "choices": {"r": "Red", "b": "Blue"}},
    )
    names: list[str] = Field(default_factory=list, title="Names", max_length=3)


def _kind(check=None) -> Kind:
    return Kind(
        name="order",
        title="Order",
        about="Orders.",
        verb="Order it",
        icon="report",
        form=OrderForm,
        run=lambda form, task: None,
        title_of=lambda form: form.name,
        queue=lambda form: "quick",
        check=check,
    )


class _Desk:
    person = None

    def tables(self):
        return []


def posted(**values: str | list[str]) -> FormData:
    return FormData({name: value if isinstance(value, list) else [value] for name, value in values.items()})


def test_what_was_typed_becomes_a_value():
    filled = read_form(
        OrderForm,
        posted(
            name=" Ana ", pieces="12", weight="1.5", gift="on", size="large", colours=["r", "b"], names="Bo\n\nCy\r\n"
        ),
    )
    assert filled.errors == {}
    assert filled.value == OrderForm(
        name="Ana", pieces=12, weight=1.5, gift=True, size="large", colours=["r", "b"], names=["Bo", "Cy"]
    )


def test_what_was_left_empty_takes_its_default():
    filled = read_form(OrderForm, posted(name="Ana", pieces="", weight="", size=""))
    assert filled.value == OrderForm(name="Ana")


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({}, "name", "Fill in “Name”."),
        ({"name": "  "}, "name", "Fill in “Name”."),
        ({"name": "x" * 11}, "name", "“Name” is too long: at most 10 characters."),
        ({"name": "a", "pieces": "two"}, "pieces", "“Pieces” must be a whole number."),
        ({"name": "a", "pieces": "0"}, "pieces", "“Pieces” must be 1 or more."),
        ({"name": "a", "pieces": "100"}, "pieces", "“Pieces” must be 99 or less."),
        ({"name": "a", "weight": "x"}, "weight", "“Weight” must be a number."),
        ({"name": "a", "weight": "nan"}, "weight", "“Weight” must be 0 or more."),
        ({"name": "a", "size": "huge"}, "size", "Choose one of the choices for “Size”."),
        ({"name": "a", "names": "b\nc\nd\ne"}, "names", "“Names” has too many entries: at most 3."),
    ],
)
def test_each_wrong_field_is_told_in_plain_words(values, field, words):
    filled = read_form(OrderForm, posted(**values))
    assert filled.value is None
    assert filled.errors == {field: words}


def test_errors_come_in_the_order_of_the_form():
    filled = read_form(OrderForm, posted(weight="x", pieces="y"))
    assert list(filled.errors) == ["name", "pieces", "weight"]


def test_text_that_cannot_be_stored_is_refused_and_not_lost():
    filled = read_form(OrderForm, posted(name="a\0b"))
    assert filled.errors == {WHOLE: "This text holds a character that cannot be stored. Type it again."}
    assert filled.raw["name"] == ["a\0b"]


def test_what_a_kind_finds_stands_beside_its_field():
    def check(form, form_context):
        raise FormErrors({"note": "No such note."})

    filled = checked(_kind(check), read_form(OrderForm, posted(name="Ana")), _Desk())
    assert (filled.value, filled.errors) == (None, {"note": "No such note."})


def test_what_a_kind_refuses_as_a_whole_stands_above_the_form():
    def check(form, form_context):
        raise UserError("Not on a Sunday.")

    assert checked(_kind(check), read_form(OrderForm, posted(name="Ana")), _Desk()).errors == {
        WHOLE: "Not on a Sunday."
    }


def test_a_stored_form_is_shown_as_it_was_typed():
    stored = OrderForm(name="Ana", gift=True, pieces=3, names=["Bo", "Cy"]).model_dump(mode="json")
    raw = filled_from(OrderForm, stored).raw
    again = read_form(OrderForm, FormData({name: list(values) for name, values in raw.items()}))
    assert again.value == OrderForm.model_validate(stored)


def test_an_empty_form_shows_its_defaults():
    assert blank(OrderForm).raw["pieces"] == ["1"]
    assert blank(OrderForm).raw["gift"] == []


def test_any_form_model_is_drawn_with_fitting_widgets():
    drawing = render_form(_kind(), blank(OrderForm), _Desk())
    assert {name: control.widget for name, control in drawing.controls.items()} == {
        "name": "text", "note": "textarea", "pieces": "number", "weight": "number", "gift": "tick", "size": "select",
        "colours": "choice", "names": "textarea",
    }  # fmt: skip
    assert drawing["colours"].options == [("r", "Red", ""), ("b", "Blue", "")]
    assert drawing.labels["gift"] == "Wrap it up"
