"""What the form pages of single kinds have besides their form models; a kind that is not here needs none of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.installation import Installation
from webapp.kinds.email.kind import KIND as EMAIL
from webapp.kinds.notification.kind import KIND as NOTIFICATION
from webapp.kinds.report.kind import KIND as REPORT
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks.model import Task
from webapp.web.email import buttons as email_buttons
from webapp.web.email import form_page as email_page
from webapp.web.forms.buttons import Handler
from webapp.web.forms.reading import Filled
from webapp.web.http.multipart import FormData
from webapp.web.notifications import preview as notification_preview
from webapp.web.reports import form_page as report_page
from webapp.web.reports import preview as report_preview
from webapp.web.reports import rerun


def _as_it_is(installation: Installation, person: Person, filled: Filled[Any]) -> Filled[Any]:
    return filled


@dataclass(frozen=True, kw_only=True)
class KindPage:
    """The special parts of one kind's form page; every part may be left out.

    `fields`, `beside`, `actions`: templates of the form's fields, of what stands beside it, of its further buttons.
    `preview`: the view that `beside` shows. `extras`: further values for `fields`. `before_reading` changes what was
    posted. `again` and `only_failed` change the form that an earlier task fills in.
    """

    fields: str = "start/_fields.html"
    beside: str = ""
    actions: str = "start/_none.html"
    preview: Callable[[Installation, Person, Filled[Any]], Any] | None = None
    extras: Callable[[Installation, Person, Filled[Any]], dict[str, Any]] = lambda installation, person, filled: {}
    buttons: Mapping[str, Handler] = field(default_factory=dict)
    before_reading: Callable[[FormData], None] = lambda posted: None
    again: Callable[[Installation, Person, Filled[Any]], Filled[Any]] = _as_it_is
    only_failed: Callable[[Installation, Task, Filled[Any]], Filled[Any]] = lambda installation, task, filled: filled
    review: str = ""  # the page on which a person looks the task over before it starts


KIND_PAGES = {
    EMAIL.name: KindPage(
        fields="email/form/_form.html",
        beside="email/form/_beside.html",
        actions="email/form/_further.html",
        preview=email_page.preview_of,
        extras=email_page.extras,
        buttons={
            "test": email_buttons.test,
            "change-list": email_buttons.change_list,
            "keep-list": email_buttons.keep_list,
        },
        again=email_page.again,
        only_failed=email_page.only_failed,
        review="/new/email/check",
    ),
    NOTIFICATION.name: KindPage(
        fields="notifications/form/_form.html",
        beside="notifications/form/_beside.html",
        preview=notification_preview.pane,
    ),
    REPORT.name: KindPage(
        fields="reports/form/_form.html",
        beside="reports/form/_beside.html",
        preview=report_preview.pane,
        extras=report_page.extras,
        before_reading=rerun.rename,
        again=report_page.again,
    ),
}


def page_of(kind: Kind) -> KindPage:
    return KIND_PAGES.get(kind.name, KindPage())
