"""A channel, through which notifications go, and its limits."""

from dataclasses import dataclass, field

BUILT_IN = {"log": "Log file"}  # channels that need no set-up, and their names
AUDIENCES = {"everyone": "Everyone", "staff": "All staff", "admins": "All admins"}
PRIORITIES = {"low": "Low", "normal": "Normal", "high": "High", "urgent": "Urgent"}


@dataclass(frozen=True, kw_only=True)
class ChannelLimits:
    """What a channel accepts: characters of a message and of a title (0: any number, and no separate title)."""

    body: int = 0
    title: int = 0
    markdown: bool = True
    files: bool = True

    @property
    def is_sms(self) -> bool:
        return 0 < self.body <= 160


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One channel; `url` is a secret that stands in no page, log line or error.

    `internal`: whether its address may lie in the office's own network.
    """

    id: str
    name: str
    service: str
    url: str = field(repr=False, default="")
    internal: bool = False
    paused: bool = False
    takes: ChannelLimits = field(default_factory=ChannelLimits)
