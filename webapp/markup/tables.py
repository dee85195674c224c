"""The Markdown rule of tables, for which a text gets no more cells than its length allows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock

# A row may leave out cells, and each costs 15 µs: 2,000 characters would become 65,536 cells, in almost a second.
FREE_CELLS = 3_000  # of a text, beside one for each of its characters
_CELLS = "outtray_cells"


def table(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Parses a table at line `start`; one with too many cells, and all after it, stay text as they were typed."""
    from markdown_it.rules_block import table as rule

    if silent or state.env.get(_CELLS, 0) < 0:
        return silent and rule(state, start, end, True)
    if not rule(state, start, end, True):
        return False
    cells = state.env.get(_CELLS, 0) + _most_cells(state, start, end)
    state.env[_CELLS] = cells if cells <= FREE_CELLS + len(state.src) else -1
    return state.env[_CELLS] > 0 and rule(state, start, end, False)


def _most_cells(state: "StateBlock", start: int, end: int) -> int:
    """Returns the most cells that a table from here on can have: its columns by the lines up to an empty one."""
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    last = start
    while last < end and not state.isEmpty(last):
        last += 1
    return columns * (last - start)
