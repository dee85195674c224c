"""What the page of a channel asks of a child process, so that the web process never imports Apprise."""

from webapp.ports.channels import ChannelLimits
from webapp.ports.deliveries import Reply

TITLE, BODY = "Test from Outtray", "If you can read this, the channel works."


def look(url: str) -> tuple[str, ChannelLimits]:
    """What stands behind a URL: its service and what it takes; UserError where it cannot be used."""
    from webapp.notify import channels

    return channels.look_at(url)


def send_test(url: str, internal: bool) -> Reply:
    """Sends a short notification there."""
    from webapp.notify import channels

    return channels.send(url, TITLE, BODY, "normal", [], internal=internal)
