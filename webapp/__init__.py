"""Outtray: an office panel whose work runs in the background and is never lost."""

__version__ = "0.1.0"
