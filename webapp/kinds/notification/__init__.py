"""The kind of task that sends notifications."""
