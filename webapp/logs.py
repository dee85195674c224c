"""What the server writes to its own output: one line for each event, as text or as JSON."""

import json
import logging
import sys
from typing import Literal


class TextLines(logging.Formatter):
    """Time, level, logger and message on one line: control characters in a message are escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in super().formatMessage(record))


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up(form: Literal["text", "json"]) -> None:
    """Sends every logger of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "alembic", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for owned in ("uvicorn", "uvicorn.error"):
        logging.getLogger(owned).handlers.clear()
        logging.getLogger(owned).propagate = True
