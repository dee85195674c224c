"""The list of the kinds of tasks, in the order in which people see them."""

from webapp.kinds.email import kind as email
from webapp.kinds.notification import kind as notification
from webapp.kinds.report import kind as report
from webapp.kinds.selftest import kind as selftest
from webapp.ports import Kind

KINDS: dict[str, Kind] = {module.KIND.name: module.KIND for module in (notification, email, report, selftest)}
