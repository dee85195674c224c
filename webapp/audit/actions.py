"""What an entry of the audit trail can say: the action, and the kind of thing that it was done to."""

from dataclasses import dataclass
from enum import StrEnum


class AuditAction(StrEnum):
    """What was done; the stored value never changes, `text` is what people read."""

    SIGN_IN = "sign-in"
    SIGN_IN_REFUSED = "sign-in-refused"
    SIGN_OUT = "sign-out"
    SET_UP = "set-up"
    CHOOSE_PASSWORD = "choose-password"  # noqa: S105
    CHANGE_PASSWORD = "change-password"  # noqa: S105
    PASSWORD_REFUSED = "password-refused"  # noqa: S105
    START = "start"
    UNDO = "undo"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RELEASE = "release"
    RETRY = "retry"
    ACKNOWLEDGE = "acknowledge"
    LEAVE_UNKNOWN = "leave-unknown"
    SEND_UNKNOWN = "send-unknown"
    CHANGE_RATE = "change-rate"
    DOWNLOAD = "download"
    VIEW = "view"
    EXPORT = "export"
    UPLOAD = "upload"
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    REVOKE = "revoke"
    END = "end"
    TEST = "test"
    INVITE = "invite"
    MAKE_LINK = "make-link"
    CHANGE_ROLE = "change-role"
    DISABLE = "disable"
    ENABLE = "enable"
    SKIP = "skip"
    UNSUBSCRIBE = "unsubscribe"
    SUBSCRIBE_AGAIN = "subscribe-again"
    BACK_UP = "back-up"
    RESTORE = "restore"
    ROTATE_KEY = "rotate-key"
    ADOPT = "adopt"
    MIGRATE = "migrate"

    @property
    def text(self) -> str:
        return TEXTS[self]


TEXTS = {
    AuditAction.SIGN_IN: "signed in",
    AuditAction.SIGN_IN_REFUSED: "was refused a sign-in as",
    AuditAction.SIGN_OUT: "signed out",
    AuditAction.SET_UP: "set Outtray up",
    AuditAction.CHOOSE_PASSWORD: "chose a password",
    AuditAction.CHANGE_PASSWORD: "changed the password of",
    AuditAction.PASSWORD_REFUSED: "gave a wrong password",
    AuditAction.START: "started",
    AuditAction.UNDO: "undid",
    AuditAction.CANCEL: "cancelled",
    AuditAction.PAUSE: "paused",
    AuditAction.RESUME: "resumed",
    AuditAction.RELEASE: "released",
    AuditAction.RETRY: "retried",
    AuditAction.ACKNOWLEDGE: "marked as dealt with",
    AuditAction.LEAVE_UNKNOWN: "left unknown deliveries as they are, of",
    AuditAction.SEND_UNKNOWN: "sent unknown deliveries again, of",
    AuditAction.CHANGE_RATE: "changed the speed of",
    AuditAction.DOWNLOAD: "downloaded",
    AuditAction.VIEW: "viewed",
    AuditAction.EXPORT: "exported",
    AuditAction.UPLOAD: "uploaded",
    AuditAction.ADD: "added",
    AuditAction.CHANGE: "changed",
    AuditAction.REMOVE: "removed",
    AuditAction.REVOKE: "revoked",
    AuditAction.END: "ended",
    AuditAction.TEST: "tested",
    AuditAction.INVITE: "invited",
    AuditAction.MAKE_LINK: "made a link for",
    AuditAction.CHANGE_ROLE: "changed the role of",
    AuditAction.DISABLE: "disabled",
    AuditAction.ENABLE: "enabled",
    AuditAction.SKIP: "hid",
    AuditAction.UNSUBSCRIBE: "unsubscribed",
    AuditAction.SUBSCRIBE_AGAIN: "subscribed again",
    AuditAction.BACK_UP: "made a backup",
    AuditAction.RESTORE: "restored a backup",
    AuditAction.ROTATE_KEY: "encrypted the secrets with a new key",
    AuditAction.ADOPT: "adopted data directory, database and key",
    AuditAction.MIGRATE: "brought the database up to date",
}


class TargetKind(StrEnum):
    """The kind of thing that an action was done to."""

    NONE = ""
    TASK = "task"
    FILE = "file"
    LIST = "list"
    DATA = "data"
    UPLOAD = "upload"
    TEMPLATE = "template"
    SHORTCUT = "shortcut"
    PERSON = "person"
    PROFILE = "profile"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    MAIL_SERVER = "mail-server"
    CHANNEL = "channel"
    DATABASE = "database"
    QUERY = "query"
    HOOK = "hook"
    SUPPRESSION = "suppression"
    SUPPRESSIONS = "suppressions"
    RECIPIENTS = "recipients"
    NOTIFICATIONS = "notifications"
    ADDRESS = "address"
    TRAIL = "audit-trail"
    STEP = "step"
    ARCHIVE = "archive"

    @property
    def text(self) -> str:
        return KIND_TEXTS[self]


KIND_TEXTS = {
    TargetKind.NONE: "",
    TargetKind.TASK: "the task",
    TargetKind.FILE: "the file",
    TargetKind.LIST: "the list",
    TargetKind.DATA: "the data",
    TargetKind.UPLOAD: "the upload",
    TargetKind.TEMPLATE: "the template",
    TargetKind.SHORTCUT: "the shortcut",
    TargetKind.PERSON: "",
    TargetKind.PROFILE: "the profile of",
    TargetKind.SESSION: "a session of",
    TargetKind.TOKEN: "the token",
    TargetKind.MAIL_SERVER: "the mail server",
    TargetKind.CHANNEL: "the channel",
    TargetKind.DATABASE: "the database",
    TargetKind.QUERY: "the query",
    TargetKind.HOOK: "the hook",
    TargetKind.SUPPRESSION: "on the suppression list",
    TargetKind.SUPPRESSIONS: "the suppression list",
    TargetKind.RECIPIENTS: "the recipients of the task",
    TargetKind.NOTIFICATIONS: "the list of notifications",
    TargetKind.ADDRESS: "the address that links begin with",
    TargetKind.TRAIL: "the audit trail",
    TargetKind.STEP: "the step",
    TargetKind.ARCHIVE: "",
}


_ACTIONS = {action.value: text for action, text in TEXTS.items()}
_KINDS = {kind.value: text for kind, text in KIND_TEXTS.items()}


@dataclass(frozen=True)
class Target:
    """The thing that an action was done to; `owner` is the id of the person whose it is."""

    kind: TargetKind = TargetKind.NONE
    id: str | int = ""
    text: str = ""
    owner: int | None = None


def action_text(stored: str) -> str:
    """Returns what people read; an entry of an earlier version holds the text itself."""
    return _ACTIONS.get(stored, stored)


def kind_text(stored: str) -> str:
    """Returns what people read of a kind of thing."""
    return _KINDS.get(stored, stored)
