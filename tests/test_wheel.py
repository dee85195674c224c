"""The installed wheel works from any folder, without the checkout."""

import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.serving import free_port
from tests.waiting import until

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.xdist_group("wheel")  # one build for all


def pip(*args: str | Path, python: str | Path = sys.executable) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *args], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Builds the wheel with the tools of this environment; nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    return next(folder.glob("outtray-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The bin folder of an environment with the wheel; it shares our dependencies but not the checkout."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    pip("install", "--no-deps", "--no-index", wheel, python=home / "bin" / "python")
    site = next(home.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))  # .pth files found there have no effect
    return home / "bin"


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OUTTRAY_", "PYTHON"))}
    return kept | {"HOME": str(home)} | more


@contextmanager
def serving(program: Path, home: Path) -> Iterator[str]:
    """Runs a fresh panel in `home` and yields its address; it must stop with exit code 0 at the end."""
    port = free_port()
    with (home / "serve.log").open("wb") as log:
        env = environment(home, OUTTRAY_PORT=str(port))
        process = subprocess.Popen([program, "serve"], cwd=home, env=env, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: process.poll() is not None or is_ready(url), 40)
            assert process.poll() is None, (home / "serve.log").read_text()
            yield url
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(url + "/readyz").status_code == 200
    except httpx.TransportError:
        return False


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_contains_every_template_and_static_file(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = files_below(ROOT / "templates") | files_below(ROOT / "static")
    assert {name for name in expected if f"webapp/_{name}" not in names} == set()


def test_the_wheel_contains_nothing_else(wheel):
    assert {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()} <= {"webapp", wheel_info(wheel)}


def wheel_info(wheel: Path) -> str:
    return "-".join(wheel.name.split("-")[:2]) + ".dist-info"


def test_help_lists_the_commands(installed, tmp_path):
    done = subprocess.run(
        [installed / "outtray", "--help"], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0
    assert {"serve", "worker", "migrate", "user", "token", "backup", "restore", "check"} <= set(done.stdout.split())


def test_the_imported_package_is_the_installed_one(installed, tmp_path):
    where = [installed / "python", "-c", "import webapp, webapp.paths; print(webapp.__file__, webapp.paths.TEMPLATES)"]
    done = subprocess.run(where, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=True)
    assert all(path.startswith(str(installed.parent)) for path in done.stdout.split())


def test_it_serves_from_an_unrelated_folder(installed, tmp_path):
    with serving(installed / "outtray", tmp_path) as url:
        assert "/setup/" in (tmp_path / "serve.log").read_text()
        add_admin(installed / "outtray", tmp_path)
        page = httpx.get(url + "/login")
        assert page.status_code == 200
        linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert any(".css" in address for address in linked)
        for address in linked:
            assert httpx.get(url + address).status_code == 200, address
    assert (tmp_path / "data" / "outtray.db").exists()


def add_admin(program: Path, home: Path) -> None:
    command = [program, "user", "add", "ana@example.com", "--role", "admin", "--password-stdin"]
    subprocess.run(command, cwd=home, env=environment(home), input=b"correct horse battery\n", check=True)
