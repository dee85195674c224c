"""Passwords: what a good one is, and Argon2; slow by intention, so never inside a transaction."""

import re
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.errors import UserError

MIN_LENGTH = 10
MAX_LENGTH = 1000
MIN_SCORE = 3  # of 4: more than 10^8 guesses
JUDGED_LENGTH = 72  # characters; the time of zxcvbn grows faster than the length

# OWASP's password storage cheat sheet: 46 MiB, one pass, one lane; at most two at a time, so 92 MiB at the worst.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)
_NOBODYS = _HASHER.hash("nobody has this password")


def check_new(password: str, email: str = "", name: str = "", field: str = "password") -> None:
    """Raises UserError for what NIST SP 800-63B advises against: too short, or all too easy to guess."""
    if len(password) < MIN_LENGTH:
        raise UserError(f"Choose a password of {MIN_LENGTH} characters or more.", field)
    if len(password) > MAX_LENGTH:
        raise UserError(f"This password is too long. {MAX_LENGTH:,} characters are the most.", field)
    if _is_easy(password, email, name):
        raise UserError("This password is easy to guess. Choose another one, such as four words in a row.", field)


def _is_easy(password: str, email: str, name: str) -> bool:
    from zxcvbn import zxcvbn  # 30,000 words: only processes that set passwords need them

    own = [word for word in (email, *re.split(r"[@._+-]", email), name, *name.split()) if len(word) > 2]
    score: int = zxcvbn(password[:JUDGED_LENGTH], user_inputs=[word[:JUDGED_LENGTH].casefold() for word in own])[
        "score"
    ]
    return score < MIN_SCORE


def hashed(password: str) -> str:
    """Returns the hash to store; takes about 30 ms and 46 MiB."""
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def is_right(stored: str, password: str) -> bool:
    """Returns True if it is the password; equally slow if nobody has the address (`stored` empty)."""
    try:
        with _AT_ONCE:
            _HASHER.verify(stored or _NOBODYS, _normal(password[:MAX_LENGTH]))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def _normal(password: str) -> bytes:
    # The same ü can be typed as one sign or as two (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
