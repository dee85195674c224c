"""The navigation of every page, with the number of tasks that need attention."""

from dataclasses import KW_ONLY, dataclass

from fastapi import Request

from webapp.ports.people import Person
from webapp.tasks import inbox, queries
from webapp.tasks.inbox import Bell


@dataclass(frozen=True)
class NavEntry:
    """A group of pages that the navigation names; the addresses of its pages begin with `path`."""

    name: str
    path: str
    icon: str
    _: KW_ONLY
    admins_only: bool = False


ENTRIES = (
    NavEntry("Home", "/", "home"),
    NavEntry("Tasks", "/tasks", "tasks"),
    NavEntry("Inbox", "/inbox", "bell"),
    NavEntry("Files", "/files", "files"),
    NavEntry("People", "/people", "people", admins_only=True),
    NavEntry("Settings", "/settings", "settings", admins_only=True),
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One link of the navigation."""

    name: str
    path: str
    icon: str
    is_here: bool
    count: int | None = None  # None: nothing is counted there
    bell: Bell | None = None


def rail(request: Request, person: Person) -> list[Item]:
    """Returns the links that this person sees; only those of pages that the application has."""
    known = request.app.state.page_paths
    entries = [entry for entry in ENTRIES if entry.path in known and (person.is_admin or not entry.admins_only)]
    with request.app.state.installation.read() as conn:
        bell, need_you = inbox.bell(conn, person), queries.need_you(conn, person)
    counts = {"/tasks": need_you, "/inbox": bell.unread}
    return [
        Item(
            name=entry.name,
            path=entry.path,
            icon=entry.icon,
            is_here=_is_here(entry, request),
            count=counts.get(entry.path),
            bell=bell if entry.path == "/inbox" else None,
        )
        for entry in entries
    ]


def _is_here(entry: NavEntry, request: Request) -> bool:
    here: str = request.scope["path"]
    if entry.path == "/":
        return here == "/" or here.startswith(("/new/", "/lists", "/data"))
    if entry.path == "/tasks" and here == "/notifications":
        return True
    return here == entry.path or here.startswith(entry.path + "/")
