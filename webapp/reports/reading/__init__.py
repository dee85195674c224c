"""Reads uploaded files, saved queries and samples as typed tables."""
