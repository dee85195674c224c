"""The rail of every page: where one can go, and how many tasks need somebody."""

from dataclasses import dataclass

from fastapi import Request

from webapp.ports.people import Person
from webapp.tasks import inbox, queries
from webapp.tasks.inbox import Bell


@dataclass(frozen=True)
class NavEntry:
    """A page group that the rail names; `match` is how the addresses of its pages begin."""

    name: str
    path: str
    icon: str
    admins_only: bool = False


PLACES = (
    NavEntry("Home", "/", "home"),
    NavEntry("Tasks", "/tasks", "tasks"),
    NavEntry("Inbox", "/inbox", "bell"),
    NavEntry("Files", "/files", "files"),
    NavEntry("People", "/people", "people", admins_only=True),
    NavEntry("Settings", "/settings", "settings", admins_only=True),
)


@dataclass(frozen=True)
class Item:
    """One link of the rail."""

    name: str
    path: str
    icon: str
    is_here: bool
    count: int | None = None  # None: nothing is counted there
    bell: Bell | None = None


def rail(request: Request, person: Person) -> list[Item]:
    """What this person sees there; only pages that the application has."""
    known = request.app.state.page_paths
    places = [place for place in PLACES if place.path in known and (person.is_admin or not place.admins_only)]
    with request.app.state.installation.read() as conn:
        bell, need_you = inbox.bell(conn, person), queries.need_you(conn, person)
    counts = {"/tasks": need_you, "/inbox": bell.unread}
    return [
        Item(place.name, place.path, place.icon, _is_here(place, request), counts.get(place.path))
        if place.path != "/inbox"
        else Item(place.name, place.path, place.icon, _is_here(place, request), bell.unread, bell)
        for place in places
    ]


def _is_here(place: NavEntry, request: Request) -> bool:
    here: str = request.scope["path"]
    if place.path == "/":
        return here == "/" or here.startswith(("/new/", "/lists", "/data"))
    if place.path == "/tasks" and here == "/notifications":
        return True
    return here == place.path or here.startswith(place.path + "/")
