"""Records which parameters a route asks for, so that a test finds each of them by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.datastructures import Headers, ImmutableMultiDict, QueryParams

from webapp.web.http.multipart import FormData


@dataclass
class Asked:
    """The names that were looked up since the last `clear`; those of headers in lower case."""

    query: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    headers: set[str] = field(default_factory=set)

    def clear(self) -> None:
        for names in (self.query, self.fields, self.headers):
            names.clear()

    def copy(self) -> "Asked":
        return Asked({*self.query}, {*self.fields}, {name.lower() for name in self.headers})


@contextmanager
def recording() -> Iterator[Asked]:
    """Notes everything that is asked for in this block, in whatever thread."""
    asked = Asked()
    with pytest.MonkeyPatch.context() as patch:
        for method in ("__getitem__", "__contains__", "getlist"):
            _record(
                patch, ImmutableMultiDict, method, lambda one: asked.query if isinstance(one, QueryParams) else set()
            )
            _record(patch, Headers, method, lambda one: asked.headers)
        _record(patch, FormData, "typed", lambda one: asked.fields)
        yield asked


def _record(patch: pytest.MonkeyPatch, owner: type, method: str, names: Callable[[Any], set[str]]) -> None:
    original = getattr(owner, method)

    def recorded(this: Any, name: str) -> Any:
        names(this).add(name)
        return original(this, name)

    patch.setattr(owner, method, recorded)
