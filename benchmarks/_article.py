"""The article's own app, to measure beside: FastAPI's BackgroundTasks, a sync and an async way to make the report."""

import sys

import pandas as pd
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Response

app = FastAPI()


def make_report(source: str, target: str) -> None:
    """The article's report: pandas in, pandas out."""
    pd.read_csv(source).to_excel(target, index=False)


async def make_report_async(source: str, target: str) -> None:
    """The same as an async task, as the article's readers write it: it holds the event loop."""
    make_report(source, target)


def write_notification(email: str) -> None:
    """The article's notification."""
    with open("/dev/null", "a") as log:
        log.write(f"notification for {email}\n")


@app.post("/send-notification/{email}")
async def send_notification(email: str, background: BackgroundTasks) -> dict[str, str]:
    background.add_task(write_notification, email)
    return {"message": "Notification sent in the background"}


@app.post("/report/{way}")
async def report(way: str, source: str, target: str, background: BackgroundTasks) -> dict[str, str]:
    background.add_task(make_report if way == "sync" else make_report_async, source, target)
    return {"message": "Report generation started in the background"}


@app.get("/empty")
async def empty() -> Response:
    """What a poll costs at the least."""
    return Response(status_code=204)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
