"""The panel's own tasks and deliveries as data: their titles, and their columns with types."""

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
