"""The panel's own tasks and deliveries as data: what they are called, and their columns with their types."""

TITLES = {"log-tasks": "The task log", "log-deliveries": "Who got what"}
KINDS: dict[str, dict[str, str]] = {
    "log-tasks": {
        "Task": "integer", "Kind": "text", "Title": "text", "Owner": "text", "State": "text", "Outcome": "text",
        "Created": "time", "Started": "time", "Finished": "time", "Seconds": "number", "Attempts": "integer",
        "Reference": "text",
    },
    "log-deliveries": {
        "Task": "integer", "Title": "text", "Owner": "text", "Position": "integer", "To": "text", "State": "text",
        "Tries": "integer", "Reply": "text", "Message-ID": "text", "Updated": "time",
    },
}  # fmt: skip
