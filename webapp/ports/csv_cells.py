"""The guard against formulas in CSV files: a text that a spreadsheet would calculate begins with an apostrophe."""

import re

# Spreadsheets skip what is blank or unseen before a sign, and take full-width signs as well. This is a pattern for
# Python's re and for RE2 (Arrow), so its characters are written out.
_BLANK = "\t-\r\x1c- \x85\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff"  # as ranges
FORMULA = f"[{_BLANK}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
GUARD = "'"
_FORMULA = re.compile(FORMULA)


def guarded(cell: str) -> str:
    """Returns the cell for a CSV file: nothing in it is calculated when a spreadsheet opens the file."""
    return GUARD + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Returns a cell of a file that was made here, as it was before `guarded`."""
    return cell[1:] if cell[:1] == GUARD and _FORMULA.match(cell, 1) else cell
