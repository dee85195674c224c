"""Makes Arrow scalars and arrays from bytes: given plain Python values, Arrow imports pandas (1 s, 60 MB)."""

import struct
from array import array
from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa


def text(value: str) -> Any:
    content = value.encode()
    offsets = struct.pack("=ii", 0, len(content))
    return pa.Array.from_buffers(pa.utf8(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(content)])[0]


def number(value: float) -> Any:
    return pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(struct.pack("=d", value))])[0]


def whole(value: int) -> Any:
    return pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(struct.pack("=q", value))])[0]


def day(value: date) -> Any:
    days = value.toordinal() - date(1970, 1, 1).toordinal()
    return pa.Array.from_buffers(pa.date32(), 1, [None, pa.py_buffer(struct.pack("=i", days))])[0]


def texts(values: Iterable[str | None]) -> Any:
    """Returns an array of texts."""
    pieces, offsets, valid = [], array("i", [0]), bytearray()
    for position, value in enumerate(values):
        if position % 8 == 0:
            valid.append(0)
        content = b"" if value is None else value.encode()
        valid[-1] |= (value is not None) << position % 8
        pieces.append(content)
        offsets.append(offsets[-1] + len(content))  # OverflowError beyond 2 GB, as Arrow's own
    buffers = [pa.py_buffer(bytes(valid)), pa.py_buffer(offsets), pa.py_buffer(b"".join(pieces))]
    return pa.Array.from_buffers(pa.utf8(), len(pieces), buffers)


def numbers(values: Iterable[float | None]) -> Any:
    """Returns an array of doubles; None becomes “not a number”."""
    plain = array("d", [float("nan") if value is None else value for value in values])
    return pa.Array.from_buffers(pa.float64(), len(plain), [None, pa.py_buffer(plain)])
