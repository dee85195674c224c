"""One panel on one data directory: a second is refused in one line, commands beside it are not."""

import os
import shutil
import signal

from tests.identity.conftest import end, outtray, refused, refused_process
from tests.serving import Serving, start_task, wait_ended
from tests.waiting import until

SECOND = [["serve"], ["serve", "--port", "0"], ["web", "--port", "0"], ["worker"], ["adopt"], ["restore", "a.tar.gz"]]


def test_a_panel_beside_serve_is_refused_and_commands_are_not(panel: Serving, tmp_path):
    panel.start()
    client = panel.client()
    line = refused_process(panel, "serve")
    assert line.startswith(f"Outtray already runs on the data directory {panel.data}. Stop it first, or set ")
    for second in SECOND:
        assert refused(panel, *second) == line
    outtray(panel, "user", "list")
    outtray(panel, "backup", str(tmp_path / "backup.tar.gz"))
    outtray(panel, "migrate")
    assert outtray(panel, "check") == "Nothing is wrong."
    assert wait_ended(client, start_task(client, "self-test", {"seconds": 0}))["state"] == "done"


def test_web_and_worker_run_beside_each_other_and_not_beside_serve(panel: Serving):
    panel.process = panel.spawn("web", "--processes", "2")
    until(panel.is_ready, 40)
    workers = [panel.spawn("worker", "--slots", "quick:1") for _ in range(2)]
    try:
        client = panel.client()
        ids = [start_task(client, "self-test", {"seconds": 0.1}) for _ in range(6)]
        assert {wait_ended(client, one)["state"] for one in ids} == {"done"}
        assert "already runs" in refused(panel, "serve")
        for one in [*workers, panel.process]:
            assert end(one) == 0
        panel.start()
    finally:
        for one in workers:
            end(one)


def test_a_panel_that_was_killed_holds_nothing(panel: Serving):
    panel.start()
    panel.process.kill()
    panel.process.wait()
    panel.start()


def test_a_panel_whose_whole_data_directory_was_emptied_of_run_files_still_holds_it(panel: Serving):
    panel.start()
    shutil.rmtree(panel.data / "run")
    assert "already runs" in refused(panel, "serve")


def test_a_panel_that_stands_still_holds_it(panel: Serving):
    panel.start()
    os.kill(panel.process.pid, signal.SIGSTOP)
    try:
        assert "already runs" in refused(panel, "serve")
    finally:
        os.kill(panel.process.pid, signal.SIGCONT)
