"""Turns the form of a report into the plan of its rows, and finds the errors of its fields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.rows import SortLine
from webapp.reports.shaping.filter_values import filter_value
from webapp.reports.shaping.plan import NUMBERS, Filter, Order, Plan, Work, find

ALONE = "A cross table also needs rows. Choose a column under “One row for each”."
TWICE = "“{}” is already chosen under “One row for each”. Choose another column."
NOTHING_ADDED = "Choose under “Work out” what the total row adds up."
NO_TOTAL = "“{}” holds {}, so it has no {}."
NO_CHART = "A chart needs numbers. Work something out, or choose a column of numbers."
Where = Callable[[str], str]
_HELD = {"text": "text", "yes-no": "yes and no", "date": "dates", "time": "dates"}


def plan_of(form: ReportForm, kinds: Mapping[str, str], today: date) -> Plan:
    """Returns the plan for data with these columns (name: type). Names of columns match in any case."""
    known = list(kinds)

    def actual(name: str) -> str:
        return find(name, known) or name

    works = [Work(actual(line.column) if line.column else "", line.how) for line in form.sums]
    plan = Plan(
        columns=[actual(name) for name in form.columns],
        filters=[Filter(actual(line.column), line.test, line.value) for line in form.filters],
        group_by=list(dict.fromkeys(actual(name) for name in form.group_by)),
        across=actual(form.across) if form.across else "",
        works=list(dict.fromkeys(works)),
        top=form.top,
        total_row=form.total_row,
        today=today,
    )
    outcome = plan.outcome if plan.is_grouped else known
    sort = [Order(_sorted_by(line, plan, outcome), line.direction == "down") for line in form.sort]
    names = {find(line.column, [*outcome, *known]) or line.column: line.title.strip() for line in form.names}
    return Plan(**{**plan.__dict__, "sort": sort, "names": names})


def _sorted_by(line: SortLine, plan: Plan, outcome: Sequence[str]) -> str:
    """Returns the column to sort by; in a grouped report it may be given by the column that it was computed from."""
    name = find(line.column, outcome)
    if name is None and plan.is_grouped:
        computed = [title for title, work in zip(plan.titles, plan.works, strict=True) if work.column == line.column]
        name = computed[0] if computed else None
    return name or line.column


def errors_of(
    form: ReportForm, plan: Plan, kinds: Mapping[str, str], title: str, where: Where = lambda column: ""
) -> dict[str, str]:
    """Returns errors by field; empty if the report can be made. `where` names the rows in which a column holds text."""
    errors = {
        "columns": _unknown(plan.columns, kinds, title),
        "names": _unknown([name for name in plan.names if name not in plan.outcome], kinds, title),
        "filters": " ".join(_filter_errors(plan, kinds, title)),
        "group_by": _unknown(plan.group_by, kinds, title),
        "across": _pivot_error(plan, kinds, title),
        "sums": " ".join(_computed_errors(plan, kinds, title, where)),
        "total_row": NOTHING_ADDED if plan.total_row and not plan.works and not plan.group_by else "",
        "sort": _sort_error(plan, kinds, title),
        "chart": NO_CHART if form.chart and not has_numbers(plan, kinds) else "",
    }
    return {name: message for name, message in errors.items() if message}


def has_numbers(plan: Plan, kinds: Mapping[str, str]) -> bool:
    """Returns True if the report has a column that a chart can draw."""
    if plan.is_grouped:
        return True  # at least the rows are counted
    return any(kinds.get(name) in NUMBERS for name in plan.columns or kinds)


def _unknown(names: Sequence[str], kinds: Mapping[str, str], title: str) -> str:
    missing = [name for name in names if name not in kinds]
    if not missing:
        return ""
    known = list(kinds)
    column_list = ", ".join(known[:20]) + (f" and {len(known) - 20:,} more" if len(known) > 20 else "")
    named = ", ".join(f"“{name}”" for name in missing[:5])
    message = f"{named} {'is not a column' if len(missing) == 1 else 'are not columns'} of {title}."
    return f"{message} Its columns are {column_list}."


def _filter_errors(plan: Plan, kinds: Mapping[str, str], title: str) -> Iterator[str]:
    if message := _unknown([one.column for one in plan.filters], kinds, title):
        yield message
    for one in plan.filters:
        if one.column in kinds:
            try:
                filter_value(one, kinds[one.column], plan.today)
            except ValueError as error:
                yield str(error)


def _pivot_error(plan: Plan, kinds: Mapping[str, str], title: str) -> str:
    if not plan.across:
        return ""
    if plan.across in plan.group_by:
        return TWICE.format(plan.across)
    return _unknown([plan.across], kinds, title) or ("" if plan.group_by else ALONE)


def _computed_errors(plan: Plan, kinds: Mapping[str, str], title: str, where: Where) -> Iterator[str]:
    if message := _unknown([work.column for work in plan.works if work.column], kinds, title):
        yield message
    nouns = {"sum": "total", "mean": "average"}
    for work in plan.works:
        kind = kinds.get(work.column, "number")
        if work.how in nouns and kind not in NUMBERS:
            rows = where(work.column) if kind == "text" else ""
            content = f"text in {rows}" if rows else _HELD.get(kind, kind)
            yield NO_TOTAL.format(work.column, content, nouns[work.how])


def _sort_error(plan: Plan, kinds: Mapping[str, str], title: str) -> str:
    if not plan.is_grouped:
        return _unknown([one.column for one in plan.sort], kinds, title)
    missing = [one.column for one in plan.sort if one.column not in plan.outcome]
    if not missing or plan.across:  # the columns of a cross table are known only when it is made
        return ""
    return f"“{missing[0]}” is not a column of this report. Its columns are {', '.join(plan.outcome)}."
