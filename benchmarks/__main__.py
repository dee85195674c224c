"""Runs the benchmarks that are named, or all: `python -m benchmarks [name …]`; each prints what it measured."""

import importlib
import sys
from pathlib import Path


def names() -> list[str]:
    """The modules beside this one that have a `main()`; the others are parts of them."""
    beside = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return [path.stem for path in beside if "\ndef main(" in path.read_text()]


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(names())}", file=sys.stderr)
        return 2
    for name in wanted or names():
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
