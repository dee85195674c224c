"""Names the type of a column for people: text, integer, number, yes-no, date or time (a date with a time)."""

import pyarrow as pa


def kind_of(kind: pa.DataType) -> str:
    """Returns the name of an Arrow type; “text” for every type that is only shown as text."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return kind_of(kind.value_type)
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_boolean(kind):
        return "yes-no"
    if pa.types.is_date(kind):
        return "date"
    return "time" if pa.types.is_timestamp(kind) else "text"
