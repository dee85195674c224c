"""Makes column names valid: on one line, not empty, not too long, unique."""

import re
from collections.abc import Sequence

LONGEST = 255
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff\s]+")


def made_unique(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the names in their order, and notes for people on what was changed."""
    names: list[str] = []
    notes: list[str] = []
    unnamed: list[str] = []
    used_names = {_clean(name) for name in given}
    used: set[str] = set()
    for position, raw in enumerate(given, start=1):
        name_wanted = _clean(raw)
        name = (
            name_wanted if name_wanted and name_wanted not in used else _free(name_wanted, position, used_names | used)
        )
        if not name_wanted:
            unnamed.append(f"“{name}”")
        elif name != name_wanted:
            notes.append(f"More than one column is called “{name_wanted}”. Column {position} is called “{name}”.")
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


def _free(name_wanted: str, position: int, used_names: set[str]) -> str:
    candidates = [f"Column {position}"] if not name_wanted else []
    base = name_wanted[: LONGEST - 10] or f"Column {position}"
    number = 2
    while not candidates or candidates[-1] in used_names:
        candidates.append(f"{base} ({number})")
        number += 1
    return candidates[-1]
