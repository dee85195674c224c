"""The kind of task that makes reports."""
