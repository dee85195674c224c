"""Runs one task: its claim, its context and its ending."""
