"""From the form of a report to the plan of its rows, and what is wrong with it, in plain words beside each field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.rows import SortLine
from webapp.reports.shaping.filter_values import wanted
from webapp.reports.shaping.plan import NUMBERS, Filter, Order, Plan, Work, find

ALONE = "A cross table has rows too: choose what there is one row for each of."
TWICE = "“{}” is one row for each already. Choose another column."
NOTHING_ADDED = "Say under “Work out” what the total row adds up."
NO_TOTAL = "“{}” holds {}, so it has no {}."
NO_CHART = "A chart needs numbers. Work something out, or choose a column of numbers."
Where = Callable[[str], str]
_HELD = {"text": "text", "yes-no": "yes and no", "date": "dates", "time": "dates"}


def plan_of(form: ReportForm, kinds: Mapping[str, str], today: date) -> Plan:
    """The plan for data with these columns (name: type); names that differ only in capitals are meant."""
    known = list(kinds)

    def meant(name: str) -> str:
        return find(name, known) or name

    works = [Work(meant(line.column) if line.column else "", line.how) for line in form.sums]
    plan = Plan(
        columns=[meant(name) for name in form.columns],
        filters=[Filter(meant(line.column), line.test, line.value) for line in form.filters],
        group_by=list(dict.fromkeys(meant(name) for name in form.group_by)),
        across=meant(form.across) if form.across else "",
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
    """In a grouped report a column may be meant by the column that something was worked out of."""
    name = find(line.column, outcome)
    if name is None and plan.is_grouped:
        made = [title for title, work in zip(plan.titles, plan.works, strict=True) if work.column == line.column]
        name = made[0] if made else None
    return name or line.column


def wrong_with(
    form: ReportForm, plan: Plan, kinds: Mapping[str, str], title: str, where: Where = lambda column: ""
) -> dict[str, str]:
    """What is wrong, by field; empty where the report can be made. `where` says in which rows a column holds text."""
    found = {
        "columns": _unknown(plan.columns, kinds, title),
        "names": _unknown([name for name in plan.names if name not in plan.outcome], kinds, title),
        "filters": " ".join(_wrong_filters(plan, kinds, title)),
        "group_by": _unknown(plan.group_by, kinds, title),
        "across": _wrong_across(plan, kinds, title),
        "sums": " ".join(_wrong_works(plan, kinds, title, where)),
        "total_row": NOTHING_ADDED if plan.total_row and not plan.works and not plan.group_by else "",
        "sort": _wrong_sort(plan, kinds, title),
        "chart": NO_CHART if form.chart and not has_numbers(plan, kinds) else "",
    }
    return {name: words for name, words in found.items() if words}


def has_numbers(plan: Plan, kinds: Mapping[str, str]) -> bool:
    """Whether the report has a column that a chart can draw."""
    if plan.is_grouped:
        return True  # at least the rows are counted
    return any(kinds.get(name) in NUMBERS for name in plan.columns or kinds)


def _unknown(wanted_names: Sequence[str], kinds: Mapping[str, str], title: str) -> str:
    missing = [name for name in wanted_names if name not in kinds]
    if not missing:
        return ""
    known = list(kinds)
    shown = ", ".join(known[:20]) + (f" and {len(known) - 20:,} more" if len(known) > 20 else "")
    named = ", ".join(f"“{name}”" for name in missing[:5])
    words = f"{named} {'is not a column' if len(missing) == 1 else 'are not columns'} of {title}."
    return f"{words} Its columns are {shown}."


def _wrong_filters(plan: Plan, kinds: Mapping[str, str], title: str) -> Iterator[str]:
    if words := _unknown([one.column for one in plan.filters], kinds, title):
        yield words
    for one in plan.filters:
        if one.column in kinds:
            try:
                wanted(one, kinds[one.column], plan.today)
            except ValueError as error:
                yield str(error)


def _wrong_across(plan: Plan, kinds: Mapping[str, str], title: str) -> str:
    if not plan.across:
        return ""
    if plan.across in plan.group_by:
        return TWICE.format(plan.across)
    return _unknown([plan.across], kinds, title) or ("" if plan.group_by else ALONE)


def _wrong_works(plan: Plan, kinds: Mapping[str, str], title: str, where: Where) -> Iterator[str]:
    if words := _unknown([work.column for work in plan.works if work.column], kinds, title):
        yield words
    nouns = {"sum": "total", "mean": "average"}
    for work in plan.works:
        kind = kinds.get(work.column, "number")
        if work.how in nouns and kind not in NUMBERS:
            rows = where(work.column) if kind == "text" else ""
            held = f"text in {rows}" if rows else _HELD.get(kind, kind)
            yield NO_TOTAL.format(work.column, held, nouns[work.how])


def _wrong_sort(plan: Plan, kinds: Mapping[str, str], title: str) -> str:
    if not plan.is_grouped:
        return _unknown([one.column for one in plan.sort], kinds, title)
    missing = [one.column for one in plan.sort if one.column not in plan.outcome]
    if not missing or plan.across:  # the columns of a cross table are known when it is made
        return ""
    return f"“{missing[0]}” is not a column of this report. Its columns are {', '.join(plan.outcome)}."
