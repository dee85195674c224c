"""The article's app, for comparison: FastAPI's BackgroundTasks, with a sync and an async function for the report."""

import sys

import pandas as pd
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Response

app = FastAPI()


def make_report(source: str, target: str) -> None:
    """Makes the article's report, with pandas."""
    pd.read_csv(source).to_excel(target, index=False)


async def make_report_async(source: str, target: str) -> None:
    """Does the same in an async function, as readers of the article write it: it blocks the event loop."""
    make_report(source, target)


def write_notification(email: str) -> None:
    """Writes the article's notification."""
    with open("/dev/null", "a") as log:
        log.write(f"notification for {email}\n")


@app.post("/send-notification/{email}")
async def send_notification(email: str, background: BackgroundTasks) -> dict[str, str]:
    background.add_task(write_notification, email)
    return {"message": "Notification sent in the background"}


@app.post("/report/{variant}")
async def report(variant: str, source: str, target: str, background: BackgroundTasks) -> dict[str, str]:
    background.add_task(make_report if variant == "sync" else make_report_async, source, target)
    return {"message": "Report generation started in the background"}


@app.get("/empty")
async def empty() -> Response:
    """Answers 204: the least that a poll can cost."""
    return Response(status_code=204)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
