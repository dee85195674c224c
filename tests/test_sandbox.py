"""The sandbox: results and errors of child processes, and nothing is left over."""

import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from webapp import sandbox, sandbox_permits
from webapp.errors import Busy, FormErrors, TaskError, UserError
from webapp.fair_queue import FairQueue

HERE = Path(__file__).parent


def add(one, other):
    return one + other


def print_something():
    print("this goes to the log")
    return os.getpid()


def refuse(words, field):
    raise UserError(words, field)


def refuse_two_fields():
    raise FormErrors({"to": "No.", "subject": "Neither."})


def end_the_task():
    raise TaskError("It ended.", permanent=False, cause="here")


def raise_something_that_no_pickle_holds():
    error = ValueError("odd")
    error.lock = threading.Lock()
    raise error


def divide_by_zero():
    return 1 // 0


def compute():
    while True:
        pass


def nap(seconds):
    time.sleep(seconds)
    return "slept"


def wait(path=None):
    if path:
        Path(path).write_text(str(os.getpid()))
    time.sleep(300)


def take_memory(megabytes):
    return len(b"x" * (megabytes << 20))


def die(number):
    os.kill(os.getpid(), number)


def leave():
    sys.exit(3)


def call(function, *args, seconds=120, memory_mb=512, **more):
    return sandbox.call(function, *args, seconds=seconds, memory_mb=memory_mb, **more)


def test_a_result_is_returned():
    assert call(add, [1], [2]) == [1, 2]


def test_a_large_result_is_returned_whole():
    assert call(add, "x" * 5_000_000, "y").endswith("xy")


def test_printed_output_does_not_disturb_the_result():
    assert call(print_something) != os.getpid()


def test_a_user_error_is_raised_again_with_its_field():
    with pytest.raises(UserError) as caught:
        call(refuse, "No.", "data")
    assert (caught.value.message, caught.value.field) == ("No.", "data")


def test_form_errors_are_raised_again_with_all_fields():
    with pytest.raises(FormErrors) as caught:
        call(refuse_two_fields)
    assert caught.value.errors == {"to": "No.", "subject": "Neither."}


def test_a_task_error_is_raised_again_with_all_details():
    with pytest.raises(TaskError) as caught:
        call(end_the_task)
    assert (caught.value.message, caught.value.permanent, caught.value.cause) == ("It ended.", False, "here")


def test_a_bug_is_raised_again_with_the_traceback_of_the_child():
    with pytest.raises(ZeroDivisionError) as caught:
        call(divide_by_zero)
    assert "return 1 // 0" in "".join(caught.value.__notes__)


def test_an_error_that_cannot_be_pickled_is_raised_as_text():
    with pytest.raises(RuntimeError, match="odd"):
        call(raise_something_that_no_pickle_holds)


def test_a_child_that_computes_too_long_is_stopped_and_named():
    with pytest.raises(UserError, match=r"“a\.csv” needs more than 1 seconds of computing time"):
        call(compute, seconds=1, what="“a.csv”")


def test_a_child_that_sleeps_too_long_is_stopped_and_named():
    with pytest.raises(UserError, match=r"“a\.csv” took longer than 0\.5 seconds"):
        call(wait, wall_seconds=0.5, what="“a.csv”")
    with pytest.raises(UserError, match=r"The query took longer than 0\.5 seconds"):
        call(wait, seconds=0.5, uses_network=True, what="The query")


def test_a_child_that_has_to_wait_for_a_core_or_a_disk_may_take_longer():
    assert call(nap, 2.5, seconds=1) == "slept"


def test_only_as_many_children_as_permits_run_at_once_and_people_are_told_when_it_takes_too_long(monkeypatch):
    monkeypatch.setattr(sandbox_permits, "_files", FairQueue(1, 10))
    monkeypatch.setattr(sandbox_permits, "WAIT_SECONDS", 0.05)
    in_request = contextvars.copy_context()
    in_request.run(sandbox_permits.on_behalf_of, 1)
    with sandbox_permits.permit(uses_network=False):
        with pytest.raises(Busy, match="Nothing was kept") as refused:
            in_request.run(call, add, 1, 2)
        assert (refused.value.status, refused.value.retry_after) == (503, 60)
        assert in_request.run(call, add, 1, 2, uses_network=True) == 3  # what waits for others has permits of its own
    assert in_request.run(call, add, 1, 2) == 3


def test_a_task_waits_for_its_permit_as_long_as_it_takes(monkeypatch):
    monkeypatch.setattr(sandbox_permits, "_files", FairQueue(1, 10))
    monkeypatch.setattr(sandbox_permits, "WAIT_SECONDS", 0.0)
    found = []
    with sandbox_permits.permit(uses_network=False):
        waiting = threading.Thread(target=lambda: found.append(call(add, 1, 2)))
        waiting.start()
        _soon(lambda: sandbox_permits._files.waiting)
    waiting.join(60)
    assert found == [3]


def test_a_child_that_needs_too_much_memory_fails():
    assert call(take_memory, 100, memory_mb=300) == 100 << 20
    with pytest.raises(UserError, match=r"needs more memory than one file may take \(300 MB\)"):
        call(take_memory, 1000, memory_mb=300)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_the_death_of_a_child_is_explained(number):
    with pytest.raises(UserError, match="was stopped"):
        call(die, number)


def test_a_child_that_ends_without_a_result_is_a_bug():
    with pytest.raises(RuntimeError, match="code 3"):
        call(leave)


def test_no_process_or_file_is_left_over():
    me = psutil.Process()
    call(add, 1, 1)
    files, threads = me.num_fds(), me.num_threads()
    for function, args in [(add, (1, 2)), (die, (9,)), (refuse, ("No.", None)), (wait, ())]:
        try:
            call(function, *args, wall_seconds=1)
        except UserError:
            continue
    # Fewer is no leak: a thread of an earlier test may end meanwhile.
    assert (me.num_fds() <= files, me.num_threads() <= threads) == (True, True)
    assert not [child for child in me.children(recursive=True) if "webapp.sandbox" in " ".join(child.cmdline())]


def test_many_threads_can_use_sandboxes_at_once():
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(call(add, n, 1))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [1, 2, 3, 4, 5, 6]


def test_it_works_from_a_daemonic_child_of_a_fork_server(tmp_path):
    script = tmp_path / "nested.py"
    script.write_text(
        "import multiprocessing, operator\n"
        "from webapp.sandbox import call\n"
        "def slot():\n"
        "    print(call(operator.add, 20, 22, seconds=20, memory_mb=512), flush=True)\n"
        "if __name__ == '__main__':\n"
        "    child = multiprocessing.get_context('forkserver').Process(target=slot, daemon=True)\n"
        "    child.start(); child.join()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.strip() == "42", done.stderr


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        f"import sys; sys.path.insert(0, {str(HERE.parent)!r})\n"
        "from tests import test_sandbox\n"
        f"test_sandbox.call(test_sandbox.wait, {str(pid_file)!r}, seconds=200)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    child = psutil.Process(_soon(lambda: pid_file.exists() and pid_file.read_text() and int(pid_file.read_text())))
    parent.kill()
    parent.wait()
    assert _soon(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def _soon(look, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("It never happened.")
