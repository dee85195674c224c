"""References that people read out to an admin, who finds the technical text by them."""

import secrets


def new_reference() -> str:
    """Returns a reference such as R-7F3K, short enough to read out, without letters that look alike."""
    return "R-" + "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(4))
