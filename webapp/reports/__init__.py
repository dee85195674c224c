"""Reads tables that people upload, shapes them into reports, and writes these as files."""
