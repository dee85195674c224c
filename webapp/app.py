"""Puts the FastAPI application together; slots never import it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from webapp import __version__, paths
from webapp.engine.in_process import working
from webapp.installation import House, build
from webapp.web.account import invite, login, setup
from webapp.web.account import profile as account
from webapp.web.account import sessions_and_tokens as access
from webapp.web.api import article, openapi
from webapp.web.api import incoming_webhooks as hooks
from webapp.web.api import task_parts as api_parts
from webapp.web.api import tasks as api
from webapp.web.api import uploads as api_uploads
from webapp.web.email import preview as composing
from webapp.web.email import recipient_lists as savedlists
from webapp.web.email import review as check
from webapp.web.email import unsubscribe
from webapp.web.files import pages as files
from webapp.web.home import pages as home
from webapp.web.http import error_pages as failures
from webapp.web.http.deps import guard
from webapp.web.http.head import Head
from webapp.web.http.security import Security
from webapp.web.http.static_files import Statics
from webapp.web.notifications import inbox
from webapp.web.notifications import preview as announcing
from webapp.web.notifications import sent as history
from webapp.web.ops import health, metrics
from webapp.web.ops import service_worker as worker
from webapp.web.reports import datasets as data
from webapp.web.reports import preview as reporting
from webapp.web.settings import channels, databases, people
from webapp.web.settings import mail_servers as mailservers
from webapp.web.settings import pages as settings
from webapp.web.settings import suppressions as neverwrite
from webapp.web.settings import webhooks as hook_entry
from webapp.web.start import pages as new
from webapp.web.tasks import actions, poll
from webapp.web.tasks import failure_groups as causes
from webapp.web.tasks import pages as tasks
from webapp.web.tasks import send_rate as speed
from webapp.web.tasks.poll import Fragments, Unchanged
from webapp.web.tasks.version_watcher import watching

# The poll of the log stands before the page of a task, whose address begins alike; so does the speed before actions.
ENTRY = (
    login,
    setup,
    invite,
    account,
    access,
    people,
    mailservers,
    neverwrite,
    settings,
    unsubscribe,
    worker,
    databases,
    channels,
    hook_entry,
    inbox,
)
FORMS = (check, announcing, composing, reporting, new)
WORK = (home, *FORMS, poll, tasks, history, causes, speed, actions, files, savedlists, data)
ROUTERS = tuple(page.router for page in (*WORK, *ENTRY))
PROGRAMS = tuple(part.router for part in (article, api, api_parts, api_uploads, hooks, health, metrics))


def create_app(house: House) -> FastAPI:
    """The application of one house."""
    app = FastAPI(title="Outtray", version=__version__, docs_url=None, redoc_url=None, lifespan=_lifespan)
    app.state.house = house
    app.state.needs_slots = True
    app.state.fragments = Fragments()
    app.state.counted = metrics.Counted()
    for router in ROUTERS:
        app.include_router(router)
    app.state.page_paths = {route.path for route in _routes(*ROUTERS) if "GET" in (route.methods or ())}
    app.state.routes = _routes(*ROUTERS, *PROGRAMS)
    for router in PROGRAMS:
        app.include_router(router)
    app.mount("/static", Statics(directory=paths.STATIC), name="static")
    openapi.describe(app)
    failures.answer_in(app)
    guard(app)
    app.add_middleware(Head)
    app.add_middleware(failures.LastDoor)
    app.add_middleware(Security, base_url=house.settings.base_url)
    app.add_middleware(Unchanged)
    return app


def _routes(*routers: APIRouter) -> list[APIRoute]:
    """For the rail, which names only pages that exist, and for refusals, which name the methods that do."""
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    house: House = app.state.house
    with watching(house), working(house, build):
        yield
