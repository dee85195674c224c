"""Makes file names that every system can store and that contain no path."""

import re
import unicodedata

_LONGEST = 120  # characters; most file systems allow 255 bytes
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # on Windows, with any ending


def safe(name: str, ending: str) -> str:
    """Returns `name` as a file name with `ending`; “report” if nothing of it is left."""
    stem = unicodedata.normalize("NFC", name)
    stem = _FORBIDDEN.sub(" ", stem.replace("..", " "))
    stem = _stripped(stem)
    if stem.lower().endswith(f".{ending}"):
        stem = _stripped(stem[: -len(ending) - 1])
    if _RESERVED.fullmatch(stem):
        stem = f"{stem} report"
    most_bytes = 255 - len(ending) - 1
    stem = stem[:_LONGEST].encode()[:most_bytes].decode(errors="ignore")
    return f"{_stripped(stem) or 'report'}.{ending}"


def _stripped(stem: str) -> str:
    return " ".join(stem.split()).strip(". ")
