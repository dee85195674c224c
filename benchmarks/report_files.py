"""Makes reports from a CSV file, with Outtray and with the article's pandas, in interleaved pairs of fresh processes.

Excel, CSV and Parquet files of all rows, and a PDF of groups; then the growth of memory with ten times the rows.
The README quotes `python -m benchmarks.report_files --rows 1000000 --pairs 1`, for which pandas takes minutes.
For Outtray everything counts from the start of each process, with all of its memory. For pandas only what the report
adds to an idle process that has imported it.
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
from webapp.reports.reading.sources import understand
source, typed, target = map(Path, sys.argv[1:])
understand(source, "rows.csv", typed)
"""
WRITE = """
import sys
from pathlib import Path
from webapp.reports.reading import sources
from webapp.reports.shaping import shape
from webapp.reports.shaping.plan import Plan, Work
from webapp.reports.writing import {module}
from webapp.reports.writing.normalise import normalise
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
IDLE = """
from webapp.reports.reading import sources
from webapp.reports.writing import excel, normalise
"""
GROUPED = "Plan(group_by=['Region', 'Product'], works=[Work('Amount', 'sum'), Work('Amount', 'mean')], total_row=True)"
# Module, plan and kind of file for Outtray; the call for pandas, which only groups, because it cannot make a PDF.
TARGETS = {
    "xlsx": ("excel", "Plan()", "xlsx", "to_excel(target, index=False)"),
    "csv": ("csv", "Plan()", "csv", "to_csv(target, index=False)"),
    "parquet": ("parquet", "Plan()", "csv", "to_parquet(target, index=False)"),
    "pdf": ("pdf", GROUPED, "csv", "groupby(['Region', 'Product'])['Amount'].agg(['sum', 'mean']).to_csv(target)"),
}


@dataclass(frozen=True)
class Run:
    """Seconds, and the peak of memory in MB, for pandas above an idle process."""

    seconds: float
    megabytes: float


def main(rows: int = ROWS, pairs: int = 3, only: str = "") -> None:
    """Prints medians and ranges."""
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
        # The two processes run one after the other.
        ours.append(Run(understood.seconds + written.seconds, max(understood.megabytes, written.megabytes)))
        article.append(_fresh(ARTICLE.format(method=method), paths))
    _print(f"{target}: Outtray, reading too", ours)
    _print(f"{target}: Outtray, making alone", writes)
    _print(f"{target}: pandas", article)
    faster = statistics.median(run.seconds for run in article) / statistics.median(run.seconds for run in ours)
    share = statistics.median(run.megabytes for run in ours) / statistics.median(run.megabytes for run in article)
    print(f"{target}: {faster:.1f} × faster, {share:.2f} of the extra memory", flush=True)


def _growth(folder: Path, rows: int) -> None:
    """Compares the peak of memory, above an idle process, with that of a tenth of the rows."""
    idle = _fresh(IDLE, []).megabytes
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
    """Writes a table of 11 columns, as office software exports it."""
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
    printed = child.stdout.read().split()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"A measured process ended with {child.returncode}.")
    if printed:
        return Run(float(printed[0]), (usage.ru_maxrss - int(printed[1])) / 1024)
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024)


def _print(name: str, runs: list[Run]) -> None:
    seconds, megabytes = [run.seconds for run in runs], [run.megabytes for run in runs]
    print(
        f"{name:<26} {statistics.median(seconds):8.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        f" {statistics.median(megabytes):8.0f} MB ({min(megabytes):.0f} to {max(megabytes):.0f})",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", default="", choices=["", *TARGETS])
    main(**vars(parser.parse_args()))
