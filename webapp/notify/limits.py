"""How long a message is for a channel: letters, or text messages for a telephone."""

from math import ceil

# GSM 03.38: the letters of a text message of 160; those of the second row count twice.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
SINGLE, JOINED = 160, 153
SINGLE_WIDE, JOINED_WIDE = 70, 67  # once a single letter is not in the set


def sms_parts(text: str) -> tuple[int, str]:
    """Returns how many text messages it takes, and the first letter that limits each to 70, or an empty string."""
    wide = next((letter for letter in text if letter not in _BASIC and letter not in _EXTENDED), "")
    if wide:
        length, single, joined = len(text.encode("utf-16-le")) // 2, SINGLE_WIDE, JOINED_WIDE
    else:
        length, single, joined = len(text) + sum(letter in _EXTENDED for letter in text), SINGLE, JOINED
    return (1 if length <= single else ceil(length / joined)), wide


def parts(text: str, limit: int) -> int:
    """Returns the number of messages that it is split into at `limit` letters each; 0: no limit."""
    return max(1, ceil(len(text) / limit)) if limit else 1
