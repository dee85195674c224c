"""Arrow scalars made from bytes: handed a plain Python value, Arrow imports pandas (1 s, 60 MB) to look at it."""

import struct
from typing import Any

import pyarrow as pa


def text(value: str) -> Any:
    content = value.encode()
    offsets = struct.pack("=ii", 0, len(content))
    return pa.Array.from_buffers(pa.utf8(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(content)])[0]


def number(value: float) -> Any:
    return pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(struct.pack("=d", value))])[0]


def nothing(of: Any) -> Any:
    return pa.nulls(1, of)[0]
