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
    """The names that were looked up since the last `clear`."""

    query: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    headers: set[str] = field(default_factory=set)

    def clear(self) -> None:
        for names in (self.query, self.fields, self.headers):
            names.clear()


@contextmanager
def recording() -> Iterator[Asked]:
    """Everything that is asked for in this block, in whatever thread."""
    asked = Asked()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("__getitem__", "__contains__", "getlist"):
            _record(
                patch, ImmutableMultiDict, name, lambda this: asked.query if isinstance(this, QueryParams) else set()
            )
        for name in ("__getitem__", "__contains__", "getlist"):
            _record(patch, Headers, name, lambda this: asked.headers)
        for name in ("one", "all"):
            _record(patch, FormData, name, lambda this: asked.fields)
        yield asked


def _record(patch: pytest.MonkeyPatch, owner: type, method: str, names: Callable[[Any], set[str]]) -> None:
    original = getattr(owner, method, None)
    if original is None:
        return

    def recorded(this: Any, name: str, *more: Any, **other: Any) -> Any:
        names(this).add(str(name))
        return original(this, name, *more, **other)

    patch.setattr(owner, method, recorded)
