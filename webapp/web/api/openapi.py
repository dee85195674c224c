"""Adds to /openapi.json what the routes do not say: the forms of the kinds, and the shape of a refusal."""

from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webapp.kinds import KINDS
from webapp.web.api.starting import Start
from webapp.web.http.problem import MEDIA_TYPE, Problem

ABOUT = """Starts tasks and tells what became of them.

Every call needs an API token, `Authorization: Bearer out_…`, made on the page “Account”; a browser's cookie counts
for nothing here. Staff see what is their own, admins everything. Refusals are `application/problem+json` (RFC 9457).
Accepted means on disk: once a call has answered, a crash or a restart loses nothing.
"""
REF = "#/components/schemas/{model}"


def describe(app: FastAPI) -> None:
    """Completes the document of this application; it is built when it is first asked for."""
    app.description = ABOUT
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        return plain()

    app.openapi = complete  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    forms: list[type[BaseModel]] = [kind.form for kind in KINDS.values()]
    documented: list[type[BaseModel]] = [Problem, Start, *forms]
    models: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in documented]
    _, definitions = models_json_schema(models, ref_template=REF)
    schemas |= definitions["$defs"]
    any_form = [{"$ref": REF.format(model=model.__name__)} for model in forms]
    schemas["Start"]["properties"]["form"] |= {"anyOf": any_form}
    # FastAPI adds its own refusal to each route with parameters; here they are all problem documents.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in document["paths"].values():
        for operation in path.values():
            if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: {}}):
                del operation["responses"]["422"]
