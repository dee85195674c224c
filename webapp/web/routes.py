"""Every router of the application, in the order in which their paths are matched."""

from webapp.web.account import invite, login, profile, sessions_and_tokens, setup
from webapp.web.api import article, incoming_webhooks, task_parts
from webapp.web.api import tasks as api_tasks
from webapp.web.api import uploads as api_uploads
from webapp.web.email import preview as email_preview
from webapp.web.email import recipient_lists, review, unsubscribe
from webapp.web.files import pages as files
from webapp.web.home import pages as home
from webapp.web.notifications import inbox, sent
from webapp.web.notifications import preview as notification_preview
from webapp.web.ops import health, metrics, service_worker
from webapp.web.reports import datasets
from webapp.web.reports import preview as report_preview
from webapp.web.settings import address, audit_trail, channels, databases, mail_servers, people, suppressions, webhooks
from webapp.web.settings import pages as settings
from webapp.web.start import pages as start
from webapp.web.tasks import actions, failure_groups, poll, send_rate
from webapp.web.tasks import pages as tasks

# Previews come before the form pages, whose path also matches them; the poll before a task's page; the send rate
# before the task's other actions.
FORMS = (review, notification_preview, email_preview, report_preview, start)
WORK = (home, *FORMS, poll, tasks, sent, failure_groups, send_rate, actions, files, recipient_lists, datasets)
ACCOUNT = (login, setup, invite, profile, sessions_and_tokens)
CONNECTIONS = (mail_servers, databases, channels, webhooks)
SETTINGS = (people, *CONNECTIONS, suppressions, audit_trail, settings, address)
PAGES = tuple(module.router for module in (*WORK, *ACCOUNT, *SETTINGS, inbox, unsubscribe, service_worker))
PROGRAMS = tuple(
    module.router for module in (article, api_tasks, task_parts, api_uploads, incoming_webhooks, health, metrics)
)
