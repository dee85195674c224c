"""The local engine: time from commit to start, no-op tasks per second, and the cost of being idle."""

import re
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from benchmarks._load import spread
from tests.serving import Serving, start_task, wait_ended

ROUNDS = 40
NO_OPS = 500
IDLE_SECONDS = 20.0


def main() -> None:
    """Prints one line per figure."""
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        serving = Serving(Path(home)).start()
        _first_page(serving, began)
        try:
            client = serving.client()
            _pick_up(client)
            _no_ops(client)
            _idle(serving)
        finally:
            serving.stop()


def _first_page(serving: Serving, began: float) -> None:
    httpx.get(serving.url + "/login", follow_redirects=True).raise_for_status()
    print(f"command to first page          {time.perf_counter() - began:.2f} s")


def _pick_up(client: httpx.Client) -> None:
    waits = []
    for _ in range(ROUNDS):
        task = wait_ended(client, start_task(client, "self-test", {"seconds": 0}))
        waits.append((_moment(task["started"]) - _moment(task["created"])) * 1000)
    print(f"enqueue to start               {spread(waits)} ms, {ROUNDS} tasks one by one")


def _no_ops(client: httpx.Client) -> None:
    began = time.perf_counter()
    ids = [start_task(client, "self-test", {"seconds": 0}) for _ in range(NO_OPS)]
    started = time.perf_counter()
    tasks = [wait_ended(client, task_id) for task_id in ids]
    first, last = min(_moment(task["started"]) for task in tasks), max(_moment(task["finished"]) for task in tasks)
    print(f"no-op tasks through one slot   {NO_OPS / (last - first):.0f} a second, {NO_OPS} tasks")
    print(f"starts over HTTP meanwhile     {NO_OPS / (started - began):.0f} a second, one connection")


def _idle(serving: Serving) -> None:
    time.sleep(3)
    processes = serving.tree()
    before, began = _cpu(processes), time.perf_counter()
    time.sleep(IDLE_SECONDS)
    share = (_cpu(processes) - before) / (time.perf_counter() - began)
    print(f"CPU when idle                  {share:.2%} of one core, {len(processes)} processes, {IDLE_SECONDS:.0f} s")
    print(f"memory when idle (PSS)         {sum(map(_pss, processes)) / 1024:.0f} MB")
    for process in processes:
        print(f"    {_pss(process) / 1024:6.1f} MB  {' '.join(process.cmdline())[:70]}")


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _pss(process: psutil.Process) -> int:
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+)", rollup, re.M)
    return int(found[1]) if found else 0


def _moment(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    main()
