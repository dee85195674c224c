"""Puts the FastAPI application together; slots never import it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from webapp import __version__, paths
from webapp.engine.in_process import working
from webapp.installation import House, build
from webapp.web import routes
from webapp.web.api import openapi
from webapp.web.http import error_pages
from webapp.web.http.deps import guard
from webapp.web.http.head import Head
from webapp.web.http.security import Security
from webapp.web.http.static_files import Statics
from webapp.web.ops import metrics
from webapp.web.tasks.poll import Fragments, Unchanged
from webapp.web.tasks.version_watcher import watching


def create_app(house: House) -> FastAPI:
    """The application of one house."""
    app = FastAPI(title="Outtray", version=__version__, docs_url=None, redoc_url=None, lifespan=_lifespan)
    app.state.house = house
    app.state.needs_slots = True
    app.state.fragments = Fragments()
    app.state.counted = metrics.Counted()
    for router in routes.PAGES:
        app.include_router(router)
    app.state.page_paths = {route.path for route in _routes(*routes.PAGES) if "GET" in (route.methods or ())}
    app.state.routes = _routes(*routes.PAGES, *routes.PROGRAMS)
    for router in routes.PROGRAMS:
        app.include_router(router)
    app.mount("/static", Statics(directory=paths.STATIC), name="static")
    openapi.describe(app)
    error_pages.answer_in(app)
    guard(app)
    app.add_middleware(Head)
    app.add_middleware(error_pages.LastDoor)
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
