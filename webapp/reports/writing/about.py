"""The description of a report: its title, when and by whom it was made, from which data, and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from webapp.reports.shaping.plan import HOWS, TESTS, Plan

FACTS_OF_DATES = {
    "iso": ("yyyy-mm-dd", "%Y-%m-%d"),
    "day": ("dd.mm.yyyy", "%d.%m.%Y"),
    "slash": ("dd/mm/yyyy", "%d/%m/%Y"),
    "us": ("mm/dd/yyyy", "%m/%d/%Y"),
    "words": ("d mmm yyyy", "%-d %b %Y"),
}


@dataclass(frozen=True)
class About:
    """The description. `facts`: pairs of a label and its value; `dates`: the format of dates."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    dates: str = "iso"
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def excel_day(self) -> str:
        return FACTS_OF_DATES[self.dates][0]


PLAIN = About("Report")


def facts_of(plan: Plan) -> list[tuple[str, str]]:
    """Returns what the plan does to the data, as pairs of a label and its value."""
    facts = []
    if plan.filters:
        tests = [
            f"{one.column} {TESTS[one.test]}{f' {one.value}' if one.test not in ('empty', 'filled') else ''}"
            for one in plan.filters
        ]
        facts.append(("Only rows where", "; ".join(tests)))
    if plan.group_by:
        facts.append(("One row for each", ", ".join(plan.group_by)))
    if plan.across:
        facts.append(("One column for each", plan.across))
    if plan.works:
        worked = [f"{work.column}: {HOWS[work.how]}" if work.column else "number of rows" for work in plan.works]
        facts.append(("Worked out", ", ".join(worked)))
    if plan.sort:
        order = [f"{one.column}{', largest first' if one.descending else ''}" for one in plan.sort]
        facts.append(("Sorted by", "; ".join(order)))
    if plan.top is not None:
        facts.append(("Only the first", f"{plan.top:,} rows"))
    if plan.names:
        facts.append(("Other names", ", ".join(f"{name} is {title}" for name, title in plan.names.items())))
    return facts
