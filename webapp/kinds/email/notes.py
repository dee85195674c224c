"""The form of an email that tells a person how tasks ended; notes of one minute share an email."""

import re
from collections.abc import Mapping
from typing import Any

from webapp.ports.kinds import Note

MOST = 50  # notes in one email
ITEM = "\n- "  # the start of each note
GREETING = "Hello,\n\nthis is how your tasks ended:\n"


def form_of(note: Note, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Returns the form of an email with this note, added to the form `before`; None if that one is full."""
    line = f"- **{_literal(note.title)}**: {note.state}. {_literal(note.text)} [Open]({note.link})"
    if before is None:
        return {"to": [note.to], "subject": f"{note.title}: {note.state}"[:200], "body": f"{GREETING}\n{line}"}
    if before["body"].count(ITEM) >= MOST:
        return None
    body = f"{before['body'].rstrip()}\n{line}"
    return {**before, "body": body, "subject": f"{body.count(ITEM)} of your tasks ended"}


def _literal(text: str) -> str:
    """Escapes the characters that Markdown gives a meaning."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))
