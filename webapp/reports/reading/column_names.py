"""Column names as the other rooms need them: on one line, not empty, not too long, each only once."""

import re
from collections.abc import Sequence

LONGEST = 255
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff\s]+")


def made_unique(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names in their order, and what had to be changed, in plain words."""
    names: list[str] = []
    notes: list[str] = []
    unnamed: list[str] = []
    taken = {_clean(name) for name in given}
    used: set[str] = set()
    for position, raw in enumerate(given, start=1):
        wanted = _clean(raw)
        name = wanted if wanted and wanted not in used else _free(wanted, position, taken | used)
        if not wanted:
            unnamed.append(f"“{name}”")
        elif name != wanted:
            notes.append(f"More than one column is called “{wanted}”. Column {position} is called “{name}”.")
        elif len(raw.strip()) > LONGEST:
            notes.append(f"The name of column {position} was longer than {LONGEST} characters and is cut.")
        used.add(name)
        names.append(name)
    return names, _of_unnamed(unnamed) + notes


def _of_unnamed(unnamed: list[str]) -> list[str]:
    if len(unnamed) < 2:
        return [f"A column has no name. It is called {name}." for name in unnamed]
    more = f" and {len(unnamed) - 3:,} more" if len(unnamed) > 3 else ""
    return [f"{len(unnamed):,} columns have no name. They are called {', '.join(unnamed[:3])}{more}."]


def _clean(name: str) -> str:
    return _UNSEEN.sub(" ", name).strip()[:LONGEST].strip()


def _free(wanted: str, position: int, taken: set[str]) -> str:
    candidates = [f"Column {position}"] if not wanted else []
    base = wanted[: LONGEST - 10] or f"Column {position}"
    number = 2
    while not candidates or candidates[-1] in taken:
        candidates.append(f"{base} ({number})")
        number += 1
    return candidates[-1]
