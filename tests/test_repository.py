"""Hooks run what `make lint types` checks, git leaves vendored files alone, and imports inside strings work."""

import re
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent


def prerequisites(target: str) -> list[str]:
    """The targets that a target of the Makefile needs."""
    line = re.search(rf"^{target}:([^#\n]*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line, target
    return line[1].split()


def values(key: str) -> list[str]:
    """All values of a key in the configuration of pre-commit."""
    config = (ROOT / ".pre-commit-config.yaml").read_text()
    return re.findall(rf"^[ -]*{key}: (.+)$", config, re.MULTILINE)


def test_the_hooks_run_the_static_checks_of_make_and_download_nothing():
    checks = [name for name in prerequisites("check") if name != "test"]
    assert values("entry") == [f"make {name}" for name in checks]
    assert values("repo") == ["local"]
    assert values("language") == ["system"] * len(checks)
    assert values("pass_filenames") == ["false"] * len(checks)


def attributes() -> dict[str, list[str]]:
    lines = (ROOT / ".gitattributes").read_text().splitlines()
    return {words[0]: words[1:] for line in lines if (words := line.split()) and not line.startswith("#")}


def test_git_changes_no_line_end_of_a_vendored_file():
    assert "-text" in attributes()["static/vendor/**"]


def test_every_kind_of_binary_file_in_the_repository_is_marked():
    folders = ("docs", "static", "templates", "tests", "webapp")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    binary = {path.suffix for path in files if "__pycache__" not in path.parts and b"\0" in path.read_bytes()[:8000]}
    assert {suffix for suffix in binary if "binary" not in attributes().get(f"*{suffix}", ())} == set()


def imported_modules() -> set[str]:
    """Our modules in all import statements, also in code that stands in a string and runs in another process."""
    paths = [path for folder in ("benchmarks", "tests", "webapp") for path in (ROOT / folder).rglob("*.py")]
    return {name for path in paths for name in re.findall(r"\bfrom (webapp[\w.]*) import", path.read_text())}


def test_every_imported_module_exists():
    assert {name for name in imported_modules() if find_spec(name) is None} == set()
