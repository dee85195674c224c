"""The controls of a form, as templates draw them: label, hint, values and choices of each field."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic.fields import FieldInfo

from webapp.errors import NotFound
from webapp.mail import formats
from webapp.mail.lists import address_column
from webapp.ports.channels import AUDIENCES
from webapp.ports.form_context import FormContext
from webapp.ports.kinds import Kind
from webapp.ports.tables import Table
from webapp.web.forms.reading import (
    WHOLE,
    Filled,
    extra_of,
    is_many,
    is_number,
    is_yes_or_no,
    label_of,
    line_of,
    options_of,
)
from webapp.web.http.formatting import size

UPLOADED = ("data", "list")  # widgets for which a file can be sent
SHOWN_COLUMNS = 500  # boxes; a table with more is taken whole, or its columns are named by a program


@dataclass(frozen=True, kw_only=True)
class Control:
    """One field as it is drawn; `options` are triples of value, label and remark."""

    name: str
    label: str
    hint: str
    widget: str
    values: Sequence[str]
    options: Sequence[tuple[str, str, str]] = ()
    many: bool = False
    rows: int = 6
    attributes: Mapping[str, Any] = field(default_factory=dict)
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()  # a choice each: its name, its values with labels
    lines: Sequence[Mapping[str, str]] = ()  # of a field that holds lines: the values of each by their parts
    extra: Mapping[str, Any] = field(default_factory=dict)
    values_all: Sequence[str] = ()  # of a choice of columns: also those that the data do not have

    @property
    def value(self) -> str:
        return self.values[-1] if self.values else ""

    @property
    def text(self) -> str:
        """Several values as one text, a line each."""
        return "\n".join(self.values)


@dataclass(frozen=True)
class FormView:
    """A whole form as it is drawn."""

    kind: Kind
    controls: Mapping[str, Control]
    errors: Mapping[str, str]

    def __getitem__(self, name: str) -> Control:
        return self.controls[name]

    @property
    def labels(self) -> dict[str, str]:
        return {name: control.label for name, control in self.controls.items()}

    @property
    def whole(self) -> str:
        """What is wrong with the form as a whole."""
        return self.errors.get(WHOLE, "")

    @property
    def first(self) -> str:
        """The field that the page begins with."""
        return next(iter(self.controls), "")


def render_form(kind: Kind, filled: Filled[Any], form_context: FormContext) -> FormView:
    """Returns the form of this kind with what was typed."""
    fields = kind.form.model_fields
    controls = {name: _control(name, info, filled.raw.get(name, ()), form_context) for name, info in fields.items()}
    data = next((control for control in controls.values() if control.widget in UPLOADED), None)
    if data is not None:
        known = columns_of(fields[data.name], data.value, form_context)
        for name, control in controls.items():
            if control.widget == "columns":
                controls[name] = _with_options(control, known)
            elif control.widget == "formats":
                controls[name] = replace(control, groups=_formats(known))
            elif control.widget == "column":
                controls[name] = _one_of(control, known)
            elif control.widget in ("lines", "picks", "pick"):
                controls[name] = replace(control, options=known)
    return FormView(kind, controls, filled.errors)


def columns_of(info: FieldInfo, chosen: str, form_context: FormContext) -> list[tuple[str, str, str]]:
    """Returns the columns of the chosen data with what they hold; none if no known data was chosen."""
    samples = extra_of(info).get("sample_columns", {})
    if chosen in samples:
        return [(name, name, kind) for name, kind in samples[chosen].items()]
    try:
        if chosen.startswith("q-"):
            columns = form_context.query(chosen).columns
        else:
            columns = form_context.table(chosen).schema.columns if chosen else ()
    except NotFound:
        columns = ()
    return [(column.name, column.name, column.type) for column in columns[:SHOWN_COLUMNS]]


def _control(name: str, info: FieldInfo, values: Sequence[str], form_context: FormContext) -> Control:
    extra = extra_of(info)
    widget = str(extra.get("widget", "")) or _widget(info)
    return Control(
        name=name,
        label=label_of(name, info),
        hint=info.description or "",
        widget=widget,
        values=values,
        options=_choices(info, widget, values, form_context),
        many=is_many(info),
        rows=int(extra.get("rows", 8)),
        attributes=_attributes(info),
        lines=_lines(values, extra.get("parts", ())) if widget == "lines" else (),
        extra=extra,
    )


def _lines(values: Sequence[str], parts: Sequence[str]) -> list[Mapping[str, str]]:
    """Returns each typed line with all its parts."""
    lines = [line_of(value) for value in values]
    return [{part: str(line.get(part, "")) for part in parts} for line in lines if line]


def _choices(
    info: FieldInfo, widget: str, values: Sequence[str], form_context: FormContext
) -> Sequence[tuple[str, str, str]]:
    if widget in UPLOADED:
        return _data_options(extra_of(info), form_context, values)
    if widget == "files":
        return _attachments(form_context, values)
    if widget == "channels":
        return [
            (one.id, one.name, "paused" if one.paused else one.service) for one in form_context.channels()
        ] + _options(info)
    if widget == "people":
        groups = [(name, label, "") for name, label in AUDIENCES.items()]
        return groups + [(str(one.id), one.name or one.email, "") for one in form_context.colleagues()]
    if widget == "sender":
        return [(value, label, "") for value, label in form_context.senders()]
    return _options(info)


def _widget(info: FieldInfo) -> str:
    if is_yes_or_no(info):
        return "tick"
    if options_of(info):
        return "choice" if is_many(info) else "select"
    if is_many(info):
        return "textarea"
    return "number" if is_number(info) else "text"


def _options(info: FieldInfo) -> list[tuple[str, str, str]]:
    hints = extra_of(info).get("hints", {})
    return [(value, label, str(hints.get(value, ""))) for value, label in options_of(info)]


def _data_options(
    extra: Mapping[str, Any], form_context: FormContext, chosen: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Returns the person's files (of those with the same name the newest and the chosen one), then shared ones."""
    kept = form_context.saved_data() if extra["widget"] == "data" else ()
    is_kept = {table.id for _, _, table in kept}
    newest: dict[str, str] = {}
    tables = [table for table in form_context.tables() if table.id not in is_kept]
    for table in tables:
        newest.setdefault(table.name, table.id)
    offered = [table for table in tables if newest[table.name] == table.id or table.id in chosen]
    own = [(data_id, name, _remark(table)) for data_id, name, table in kept]
    own += [(table.id, table.name, _remark(table)) for table in offered]
    if extra["widget"] == "data":
        own += [(query.id, query.name, "saved query") for query in form_context.queries()]
    return own + [(str(name), str(title), "") for name, title in extra.get("samples", {}).items()]


def _attachments(form_context: FormContext, chosen: Sequence[str]) -> list[tuple[str, str, str]]:
    """Returns the chosen files first, then the newest files of the person's tasks, without deleted ones."""
    others = {one.id: one for one in form_context.attachable() if one.id not in chosen}
    kept = []
    for file_id in dict.fromkeys(chosen):
        with suppress(NotFound):
            kept.append(form_context.attachment(file_id))
    return [(one.id, one.name, size(one.size)) for one in (*kept, *others.values())]


def _formats(columns: Sequence[tuple[str, str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """How the dates and numbers of each column can be written, with an example of each way."""
    return [
        (name, [(f"{code}{formats.SEPARATOR}{name}" if code else "", example) for code, example in choices])
        for name, _, type_of_column in columns
        if (choices := formats.choices(type_of_column))
    ]


def _remark(table: Table) -> str:
    rows, columns = table.schema.rows, len(table.schema.columns)
    sheet = f"sheet {table.schema.sheet}: " if table.schema.sheet else ""
    return f"{sheet}{rows:,} {'row' if rows == 1 else 'rows'}, {columns:,} {'column' if columns == 1 else 'columns'}"


def _attributes(info: FieldInfo) -> dict[str, Any]:
    limits = {
        attribute: getattr(rule, name)
        for rule in info.metadata
        for name, attribute in (("ge", "min"), ("le", "max"))
        if hasattr(rule, name)
    }
    return {**limits, "step": "any"} if is_number(info) else {}


def _with_options(control: Control, options: Sequence[tuple[str, str, str]]) -> Control:
    """Those that were chosen first, in their order: that is the order of the report's columns."""
    known = {option[0]: option for option in options}
    kept = [value for value in control.values if value in known] if options else control.values
    ordered = [known[value] for value in kept] if options else []
    return replace(
        control,
        values_all=control.values,
        values=kept,
        options=[*ordered, *(one for one in options if one[0] not in kept)],
        many=True,
    )


def _one_of(control: Control, options: Sequence[tuple[str, str, str]]) -> Control:
    """Returns a choice of one column: the one chosen before, else the one that seems to hold addresses."""
    known = [value for value, _, _ in options]
    chosen = [value for value in (control.value, address_column(known)) if value in known][:1]
    return Control(
        name=control.name, label=control.label, hint=control.hint, widget="select", values=chosen, options=options
    )
