"""A CSV file becomes a report: our way beside the article's pandas, in interleaved pairs of fresh processes.

Excel, CSV and Parquet files of all rows, and a PDF of groups; then how the memory grows with ten times the rows.
`python -m benchmarks.report_files --rows 1000000 --pairs 1` for the whole; pandas then takes minutes.
Ours counts from the start of each process, all of its memory included. The article's counts from where its app stands
idle with pandas imported: only what the report adds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROWS = int(os.environ.get("OUTTRAY_BENCH_ROWS", "100000"))
ROOT = Path(__file__).parent.parent

UNDERSTAND = """
import sys
from pathlib import Path
from webapp.reports.sources import understand
source, typed, target = map(Path, sys.argv[1:])
understand(source, "rows.csv", typed)
"""
WRITE = """
import sys
from pathlib import Path
from webapp.reports import {module}, shape, sources
from webapp.reports.normalise import normalise
from webapp.reports.plan import Plan, Work
source, typed, target = map(Path, sys.argv[1:])
plan = {plan}
found = sources.of_typed(typed, shape.needed(plan, sources.of_typed(typed).schema.names))
{module}.write(normalise(shape.shaped(found, plan), {kind!r}), target)
"""
ARTICLE = """
import resource, sys, time
import openpyxl, pandas
source, typed, target = sys.argv[1:]
idle, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
frame = pandas.read_csv(source)
frame.{method}
print(time.perf_counter() - start, idle)
"""
GROUPED = "Plan(group_by=['Region', 'Product'], works=[Work('Amount', 'sum'), Work('Amount', 'mean')], total_row=True)"
# A name, our module, its plan and target, and what pandas does; a PDF it cannot make, so it only groups.
TARGETS = {
    "xlsx": ("excel", "Plan()", "xlsx", "to_excel(target, index=False)"),
    "csv": ("csv", "Plan()", "csv", "to_csv(target, index=False)"),
    "parquet": ("parquet", "Plan()", "csv", "to_parquet(target, index=False)"),
    "pdf": ("pdf", GROUPED, "csv", "groupby(['Region', 'Product'])['Amount'].agg(['sum', 'mean']).to_csv(target)"),
}


@dataclass(frozen=True)
class Run:
    """Seconds, and megabytes at the peak beyond what stood there idle."""

    seconds: float
    megabytes: float


def main(rows: int = ROWS, pairs: int = 3, only: str = "") -> None:
    """Prints medians and spreads."""
    print(f"{rows:,} rows × 11 columns from CSV, {pairs} interleaved pairs; median (least to most)")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.csv"
        write_rows(source, rows)
        for target in [only] if only else TARGETS:
            _compare(target, source, pairs)
        _growth(Path(folder), rows)


def _compare(target: str, source: Path, pairs: int) -> None:
    module, plan, kind, method = TARGETS[target]
    paths = [source, source.with_name("typed"), source.with_name(f"out.{target}")]
    ours: list[Run] = []
    writes: list[Run] = []
    article: list[Run] = []
    for _ in range(pairs):
        understood = _fresh(UNDERSTAND, paths)
        written = _fresh(WRITE.format(module=module, plan=plan, kind=kind), paths)
        writes.append(written)
        # One after the other.
        ours.append(Run(understood.seconds + written.seconds, max(understood.megabytes, written.megabytes)))
        article.append(_fresh(ARTICLE.format(method=method), paths))
    _print(f"{target}: Outtray, reading too", ours)
    _print(f"{target}: Outtray, making alone", writes)
    _print(f"{target}: pandas", article)
    faster = statistics.median(run.seconds for run in article) / statistics.median(run.seconds for run in ours)
    share = statistics.median(run.megabytes for run in ours) / statistics.median(run.megabytes for run in article)
    print(f"{target}: {faster:.1f} × faster, {share:.2f} of the extra memory", flush=True)


def _growth(folder: Path, rows: int) -> None:
    """The peak of ten times the rows, beyond an idle process, against that of a tenth."""
    idle = _fresh("from webapp.reports import excel, normalise, sources", []).megabytes
    peaks = {}
    for count in (rows // 10, rows):
        paths = [folder / f"{count}.csv", folder / "typed", folder / "out.xlsx"]
        write_rows(paths[0], count)
        understood = _fresh(UNDERSTAND, paths)
        written = _fresh(WRITE.format(module="excel", plan="Plan()", kind="xlsx"), paths)
        peaks[count] = max(understood.megabytes, written.megabytes) - idle
    small, large = peaks.values()
    print(f"memory: idle {idle:.0f} MB; {rows // 10:,} rows +{small:.0f}, {rows:,} rows +{large:.0f}")
    print(f"memory: {large / small:.1f} × for 10 × the rows")


def write_rows(path: Path, rows: int) -> None:
    """A table of 11 columns, as an office exports it."""
    with path.open("w") as out:
        out.write("Order,Date,Region,Salesperson,Product,Quantity,Unit price,Amount,Paid,Code,Remark\n")
        for n in range(rows):
            price = n * 7919 % 100_000 / 100
            out.write(
                f"{n},2026-{n % 12 + 1:02}-{n % 28 + 1:02},Region {n % 7},Person {n % 97},Product {n % 31},{n % 50},"
                f"{price},{n % 50 * price:.2f},{'true' if n % 3 else 'false'},00{n % 10_000},remark {n % 1000}\n"
            )


def _fresh(code: str, paths: list[Path]) -> Run:
    start = time.perf_counter()
    command = [sys.executable, "-c", code, *map(str, paths)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    told = child.stdout.read().split()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"A measured process ended with {child.returncode}.")
    if told:
        return Run(float(told[0]), (usage.ru_maxrss - int(told[1])) / 1024)
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024)


def _print(name: str, runs: list[Run]) -> None:
    seconds, megabytes = [run.seconds for run in runs], [run.megabytes for run in runs]
    print(
        f"{name:<26} {statistics.median(seconds):8.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        f" {statistics.median(megabytes):8.0f} MB ({min(megabytes):.0f} to {max(megabytes):.0f})",
        flush=True,
    )


if __name__ == "__main__":
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--rows", type=int, default=ROWS)
    wanted.add_argument("--pairs", type=int, default=3)
    wanted.add_argument("--only", default="", choices=["", *TARGETS])
    main(**vars(wanted.parse_args()))
