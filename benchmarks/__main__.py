"""Runs the benchmarks that are named, or all: `python -m benchmarks [name …]`; each prints what it measured."""

import importlib
import pkgutil
import sys

import benchmarks


def names() -> list[str]:
    """The modules beside this one that have a `main()`; those beginning with _ are parts of others."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    return [name for name in found if not name.startswith("_")]


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
