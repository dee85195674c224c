"""The kind of task that sends emails."""
