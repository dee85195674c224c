"""What the channels' page runs in a child process, so that the web process never imports Apprise."""

from webapp.ports.channels import ChannelLimits
from webapp.ports.deliveries import Reply

TITLE, BODY = "Test from Outtray", "If you can read this, the channel works."


def describe(url: str) -> tuple[str, ChannelLimits]:
    """Returns the name of a URL's service and its limits; raises UserError if it cannot be used."""
    from webapp.notify import channels

    return channels.describe(url)


def send_test(url: str, internal: bool) -> Reply:
    """Sends a short notification."""
    from webapp.notify import channels

    return channels.send(url, channels.Outgoing(title=TITLE, body=BODY), internal=internal)
