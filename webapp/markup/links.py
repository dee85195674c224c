"""Where links in what people write may lead."""

import re

SCHEMES = {"http", "https", "mailto", "tel"}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_IMAGE = re.compile(r"https?://", re.IGNORECASE)
_IGNORED = str.maketrans("", "", "\t\r\n")  # browsers leave them out of addresses, also inside of “javascript:”
NOWHERE = "#"


def safe_target(target: str, *, is_image: bool = False) -> str:
    """Returns the address of a link (or image) whose fields are filled; NOWHERE if it may not lead there."""
    address = target.translate(_IGNORED)
    if address[:4].lower() == "www.":
        address = f"https://{address}"
    return address if (_IMAGE if is_image else _LINK).match(address) else NOWHERE
