"""What the page of a channel asks of a child process, so that the web process never imports Apprise."""

from typing import TYPE_CHECKING

from webapp.ports import Reply

if TYPE_CHECKING:
    from webapp.notify.channels import Known

TITLE, BODY = "Test from Outtray", "If you can read this, the channel works."


def look(url: str) -> "Known":
    """What stands behind a URL; UserError where it cannot be used."""
    from webapp.notify import channels

    return channels.look_at(url)


def send_test(url: str, internal: bool) -> Reply:
    """Sends a short notification there."""
    from webapp.notify import channels

    return channels.send(url, TITLE, BODY, "normal", [], internal=internal)
