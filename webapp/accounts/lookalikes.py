"""Refuses addresses of people that look like another's: hidden characters, mixed scripts, letters that imitate Latin.

The rules are those of "Highly Restrictive" in Unicode TS 39, 5.2, with the name of a character for its script.
"""

import unicodedata

HIDDEN = "“{}” holds a character that cannot be seen ({}). Type the address instead of copying it."
UNUSUAL = "“{}” holds an unusual form of a letter ({}). Type the address instead of copying it."
MIXED = "“{}” mixes letters of several scripts ({}), so it could pass for another address."
IMITATES = "“{}” is written in letters that look like Latin ones ({}), so it could pass for another address."
LATIN = "Latin"
# Written together in one word; all others stand alone.
_TOGETHER = {"Cjk": "Chinese or Japanese", "Hiragana": "Chinese or Japanese", "Katakana": "Chinese or Japanese"}
_TOGETHER |= {"Katakana-Hiragana": "Chinese or Japanese", "Bopomofo": "Chinese or Japanese", "Hangul": "Korean"}
_WITH_LATIN = {"Chinese or Japanese", "Korean"}
_IMITATIONS = {"Cyrillic": frozenset("асԁеһіјӏорԛѕԝхуѵ"), "Greek": frozenset("αγικνορτυχ")}


def hidden(text: str) -> str:
    """Returns what is wrong with an address as it was typed; empty if every character of it can be seen."""
    wrong = [c for c in text if not c.isprintable() or unicodedata.category(c) in ("Cf", "Me")]
    return HIDDEN.format(_shown(text), _code(wrong[0])) if wrong else ""


def imitation(address: str) -> str:
    """Returns why a valid address, with its domain as people read it, could pass for another; empty if it could not."""
    local, _, domain = address.rpartition("@")
    if unusual := [c for c in address if unicodedata.normalize("NFKC", c) != c]:
        return UNUSUAL.format(_shown(address), _code(unusual[0]))
    for part in (local, *domain.split(".")):
        scripts = _scripts(part)
        if len(scripts) > 1 and not (scripts <= {LATIN, *_WITH_LATIN} and len(scripts) == 2 and LATIN in scripts):
            return MIXED.format(_shown(address), " and ".join(sorted(scripts)))
        letters = {c for c in part.lower() if c.isalpha()}
        if letters and letters <= _IMITATIONS.get(next(iter(scripts)), frozenset()):
            return IMITATES.format(_shown(address), next(iter(scripts)))
    return ""


def _scripts(text: str) -> set[str]:
    names = (unicodedata.name(c, "UNKNOWN").split()[0].capitalize() for c in text if c.isalpha())
    return {_TOGETHER.get(name, name) for name in names}


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "·" for c in text)


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
