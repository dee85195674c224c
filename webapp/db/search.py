"""A text that stands somewhere in a column, whatever its case, on both databases."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

ESCAPE = "/"


class _Like(FunctionElement[bool]):
    """SQLite's own LIKE knows the two cases of A to Z, and is ten times as quick as our lower() for each row."""

    type = Boolean()
    inherit_cache = True


@compiles(_Like)
def _ilike(element: _Like, compiler: SQLCompiler, **how: Any) -> str:
    return _written("ILIKE", element, compiler, how)


@compiles(_Like, "sqlite")
def _like(element: _Like, compiler: SQLCompiler, **how: Any) -> str:
    return _written("LIKE", element, compiler, how)


def _written(sign: str, element: _Like, compiler: SQLCompiler, how: dict[str, Any]) -> str:
    column, pattern = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({column} {sign} {pattern} ESCAPE '{ESCAPE}')"


def contains(column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """Whether `words` stand in the column."""
    if not words.isascii():
        return column.icontains(words, autoescape=True)
    for sign in (ESCAPE, "%", "_"):
        words = words.replace(sign, ESCAPE + sign)
    return _Like(column, literal(f"%{words}%"))
