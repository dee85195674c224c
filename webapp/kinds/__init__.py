"""The list of the kinds of tasks, in the order in which people see them."""

from webapp.kinds import email, notification, report, selftest
from webapp.ports import Kind

KINDS: dict[str, Kind] = {module.KIND.name: module.KIND for module in (notification, email, report, selftest)}
