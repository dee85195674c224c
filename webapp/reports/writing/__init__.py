"""Writes reports as files and draws their charts."""
