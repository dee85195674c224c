"""Time from a start to its answer: idle, during a large report, and during two mail runs; for the article's app too."""

import os
import tempfile
from pathlib import Path

import httpx

from benchmarks._load import Answers, hit, request
from benchmarks.polls import article
from tests.servers import MailServer
from tests.serving import Serving, start_task, task
from tests.waiting import until

ROWS = int(os.environ.get("OUTTRAY_BENCH_ROWS", "1000000"))
SECONDS, CONNECTIONS, GAP = 6.0, 4, 0.02
ROUNDS = 2


def main() -> None:
    """Prints p50 and p99 for each situation, and the ratio to idle."""
    with tempfile.TemporaryDirectory() as home:
        source = Path(home) / "rows.csv"
        write_rows(source, ROWS)
        _ours(Path(home), source)
        _article(Path(home), source)


def write_rows(path: Path, rows: int) -> None:
    """Writes a table of 11 columns, as office software exports it."""
    with path.open("w") as out:
        out.write("id,date,region,person,product,quantity,price,amount,paid,code,remark\n")
        for n in range(rows):
            out.write(
                f"{n},2026-{n % 12 + 1:02}-{n % 28 + 1:02},Region {n % 7},Person {n % 97},Product {n % 31},"
                f"{n % 50},{n % 1000 / 10},{n % 50 * (n % 1000) / 10},{'true' if n % 3 else 'false'},"
                f"00{n % 10000},remark {n % 1000}\n"
            )


def _ours(home: Path, source: Path) -> None:
    with MailServer() as mail:
        mail.pause = 0.005
        serving = Serving(home, OUTTRAY_SMTP_URL=mail.url, OUTTRAY_SLOTS="notify:1,quick:1,mail:2,reports:1").start()
        try:
            client = serving.client()
            start = request("POST", "/send-notification/ana@example.com", dict(client.headers))
            for _ in range(ROUNDS):
                idle = _measure("Outtray, idle", serving.port, start)
                report = _start_report(client, source)
                _measure("Outtray, a report runs", serving.port, start, idle)
                until(lambda report=report: task(client, report)["state"] == "done", 300)
                runs = [_start_run(client, n) for n in range(2)]
                _measure("Outtray, two mail runs", serving.port, start, idle)
                for run in runs:
                    client.post(f"/api/v1/tasks/{run}/cancel")
                until(lambda runs=runs: all(task(client, run)["state"] == "cancelled" for run in runs), 60)
        finally:
            serving.stop()


def _article(home: Path, source: Path) -> None:
    start = request("POST", "/send-notification/ana@example.com", {})
    for variant in ("sync", "async"):
        with article() as port:
            idle = _measure("article, idle", port, start)
            query = {"source": str(source), "target": str(home / "out.xlsx")}
            httpx.post(f"http://127.0.0.1:{port}/report/{variant}", params=query)
            _measure(f"article, {variant} report", port, start, idle)


def _start_report(client: httpx.Client, source: Path) -> int:
    with source.open("rb") as rows:
        upload = client.post("/api/v1/uploads", files={"file": ("rows.csv", rows)}, timeout=120).json()
    report = start_task(client, "report", {"data": upload["id"]})
    until(lambda: task(client, report)["progress"]["done"] > 0, 60)
    return report


def _start_run(client: httpx.Client, number: int) -> int:
    people = [f"p{number}-{n}@example.com" for n in range(5_000)]
    run = start_task(client, "email", {"to": people, "subject": "Hello", "body": "Hi"})
    until(lambda: task(client, run)["progress"]["done"] > 10, 60)
    return run


def _measure(name: str, port: int, start: str, idle: Answers | None = None) -> Answers:
    answers = hit(port, start, SECONDS, connections=CONNECTIONS, gap=GAP)
    if not answers.times:
        print(f"{name:26} no answer in {SECONDS:.0f} s")
        return answers
    ratio = f"   p99 {answers.quantile(0.99) / idle.quantile(0.99):.1f} × idle" if idle else ""
    print(f"{name:26} {answers}{ratio}", flush=True)
    return answers


if __name__ == "__main__":
    main()
