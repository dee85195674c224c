"""A report whose process dies by itself, while its slot lives, fails at the second death, and says how."""

import contextlib
import signal
import time

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.serving import Serving, start_task, task, wait_ended
from tests.waiting import until

SLOW = {"data": "sales", "format": "pdf", "columns": ["Region", "Product", "Amount"], "name": "slow"}


def _report_processes(serving: Serving) -> list[psutil.Process]:
    """What the slot for reports has started to make one: leaves below its own fork server."""
    found = []
    for worker in serving.workers("reports"):
        with contextlib.suppress(psutil.NoSuchProcess):
            below = worker.children(recursive=True)
            found += [one for one in below if "forkserver" in " ".join(one.cmdline()) and one.ppid() != worker.pid]
    return found


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "segfault"])
def test_two_deaths_without_progress_fail_a_report(serving: Serving, death: signal.Signals):
    client = serving.client()
    report = start_task(client, "report", SLOW)
    killed: set[int] = set()
    end = time.monotonic() + 60
    while len(killed) < 2 and time.monotonic() < end:
        for process in _report_processes(serving):
            if process.pid not in killed:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(death)
                    killed.add(process.pid)
    ended = wait_ended(client, report)
    assert (ended["state"], ended["attempt"]) == ("failed", 2)
    assert "twice" in ended["outcome"]
    assert ended["reference"]
    after = start_task(client, "report", {"data": "people"})
    assert wait_ended(client, after)["state"] == "done"


def _broken_parquet() -> bytes:
    """A column of text that holds no UTF-8: other programs write such files, and native code panics at them."""
    bad = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.array([0, 2, 4, 6], pa.int32()).buffers()[1], pa.py_buffer(b"ab\xff\xfecd")]
    )
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"Name": bad, "Number": [1, 2, 3]}), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("file_format", ["xlsx", "pdf", "csv", "parquet"])
def test_a_file_that_makes_native_code_panic_is_refused_or_fails_once(serving: Serving, file_format: str):
    client = serving.client()
    answer = client.post("/api/v1/uploads", files={"file": ("broken.parquet", _broken_parquet())})
    if answer.status_code == 422:
        assert answer.json()["detail"]
        return
    assert answer.status_code == 201, answer.text
    report = start_task(client, "report", {"data": answer.json()["id"], "format": file_format})
    ended = wait_ended(client, report)
    assert ended["attempt"] <= 2
    until(lambda: task(client, report)["state"] in ("failed", "done"))
