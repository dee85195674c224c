"""References that people read out to an admin, who finds the technical text by them."""

import secrets


def new_reference() -> str:
    """Such as R-7F3K: short enough to read out on the telephone, without letters that look alike."""
    return "R-" + "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(4))
