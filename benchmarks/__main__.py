"""Runs the named benchmarks, or all of them: `python -m benchmarks [name …]`. Each prints its results."""

import importlib
import sys
from pathlib import Path


def names() -> list[str]:
    """Returns the names of the benchmarks: the modules of this folder that have a `main()`."""
    beside = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return [path.stem for path in beside if "\ndef main(" in path.read_text()]


def main(chosen: list[str]) -> int:
    unknown = set(chosen) - set(names())
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(names())}", file=sys.stderr)
        return 2
    for name in chosen or names():
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
