"""Lists the kinds of tasks, in the order in which pages show them."""

from webapp.kinds.email.kind import KIND as EMAIL
from webapp.kinds.notification.kind import KIND as NOTIFICATION
from webapp.kinds.report.kind import KIND as REPORT
from webapp.kinds.selftest.kind import KIND as SELF_TEST
from webapp.ports.kinds import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (NOTIFICATION, EMAIL, REPORT, SELF_TEST)}
NOTE_KIND = EMAIL  # mails people how their tasks ended
ANNOUNCEMENT_KIND = NOTIFICATION  # started by incoming webhooks
