"""States and reasons are members of their enums: no module and no template writes one of them as a bare string."""

import ast
import re
from pathlib import Path

import pytest

from webapp.ports.deliveries import ReplyState
from webapp.ports.delivery_state import DeliveryState, SkipReason
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldAction, HoldReason

ROOT = Path(__file__).parent.parent
MODULES = [path for path in sorted((ROOT / "webapp").rglob("*.py")) if "versions" not in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VALUES = {*map(str, [*DeliveryState, *SkipReason, *ReplyState])}
# Words that nothing else is called by.
UNIQUE = {"sending", "sent", "unknown", "skipped", "returned", "bad", "duplicate", "later", "lost"}
# Where deliveries are handled, no value of theirs may stand, except for a word of another closed set.
HANDLING = ("engine", "maintenance", "notify", "ports", "tasks", "web/api", "web/notifications")
DEFINING = {
    "webapp/ports/delivery_state.py": VALUES,
    "webapp/ports/deliveries.py": {"later", "lost"},  # ReplyState
    "webapp/tasks/model.py": {"waiting", "failed"},  # State
    "webapp/tasks/inbox.py": {"failed"},  # the preferences of a person
}


def strings(source: str) -> set[str]:
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


def forbidden(name: str) -> set[str]:
    handles = name.startswith(tuple(f"webapp/{folder}/" for folder in HANDLING))
    return (VALUES if handles else UNIQUE) - DEFINING.get(name, set())


def in_expressions(template: str) -> set[str]:
    """The strings in what Jinja evaluates."""
    inside = " ".join(re.findall(r"\{[{%].*?[%}]\}", template, re.DOTALL))
    return set(re.findall(r"[\"'](\w+)[\"']", inside))


def compared(source: str, name: str) -> set[object]:
    """The constants with which something called `name` is compared, or that are passed as `name`."""
    found: set[object] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(ast.unparse(side).endswith(name) for side in sides):
                found |= {part.value for side in sides for part in ast.walk(side) if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.keyword) and node.arg == name and isinstance(node.value, ast.Constant):
            found.add(node.value.value)
    return found


def test_no_module_holds_a_state_or_a_reason_as_a_string():
    names = {path: path.relative_to(ROOT).as_posix() for path in MODULES}
    found = {name: strings(path.read_text()) & forbidden(name) for path, name in names.items()}
    assert {name: values for name, values in found.items() if values} == {}


def test_no_template_compares_the_state_of_a_delivery_with_a_string():
    found = {path.name: in_expressions(path.read_text()) & UNIQUE for path in TEMPLATES}
    assert {name: values for name, values in found.items() if values} == {}


@pytest.mark.parametrize("name", ["hold_reason", "requested"])
def test_no_module_compares_a_hold_reason_or_a_request_with_a_string(name: str):
    values = {*map(str, [*HoldReason, *HoldAction, *StopRequest])}
    found = {path.name: compared(path.read_text(), name) & values for path in MODULES}
    assert {name: values for name, values in found.items() if values} == {}


def test_the_walk_would_find_them():
    assert strings('reply.state in ("sent", "saved")') & VALUES == {"sent", "saved"}
    assert in_expressions('{% if one.state == "sent" %}sent{% endif %}') == {"sent"}
    assert compared('task.hold_reason == "paused" or move(hold_reason="restored")', "hold_reason") == {
        "paused", "restored",
    }  # fmt: skip
