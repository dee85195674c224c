"""Checks a JSON value against the part of JSON Schema that /openapi.json uses."""

from collections.abc import Iterator
from typing import Any

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


def wrong(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """What of `value` is not as `schema` says; nothing where all is well."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema and all(any(wrong(document, one, value, at)) for one in schema["anyOf"]):
        yield f"{at} is none of the possible ones"
    if (name := schema.get("type")) and not _is(name, value):
        yield f"{at} is no {name}"
    if value not in schema.get("enum", [value]):
        yield f"{at} is none of {schema['enum']}"
    if isinstance(value, dict):
        yield from _object(document, schema, value, at)
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from wrong(document, schema.get("items", {}), inner, f"{at}[{number}]")


def _object(document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value)
    if schema.get("additionalProperties") is False or (known and "additionalProperties" not in schema):
        yield from (f"{at}.{name} is not described" for name in value if name not in known)
    for name, inner in value.items():
        yield from wrong(document, known.get(name, {}), inner, f"{at}.{name}")


def _is(name: str, value: Any) -> bool:
    if name == "null":
        return value is None
    return isinstance(value, TYPES[name]) and not (isinstance(value, bool) and name != "boolean")
