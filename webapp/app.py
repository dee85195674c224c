"""Puts the FastAPI application together; slots never import it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from webapp import __version__, paths
from webapp.engine.in_process import working
from webapp.installation import Installation, build
from webapp.web import routes
from webapp.web.api import openapi
from webapp.web.budgets import RULES
from webapp.web.http import error_pages
from webapp.web.http.audit_origin import AuditOriginMiddleware
from webapp.web.http.budget import rules_of
from webapp.web.http.catch_all import CatchAllMiddleware
from webapp.web.http.deps import guard
from webapp.web.http.head import HeadMiddleware
from webapp.web.http.security import SecurityMiddleware
from webapp.web.http.static_files import Statics
from webapp.web.ops import metrics
from webapp.web.tasks.poll import FragmentCache, NotModifiedMiddleware
from webapp.web.tasks.version_watcher import watching


class _Panel(FastAPI):
    """Has the catch-all around the whole stack: no middleware stands outside of it, whenever it is added."""

    def build_middleware_stack(self) -> ASGIApp:
        installation: Installation = self.state.installation
        return CatchAllMiddleware(super().build_middleware_stack(), installation.settings.base_url)


def create_app(installation: Installation) -> FastAPI:
    """Returns the application of one installation."""
    app = _Panel(
        title="Outtray", version=__version__, docs_url=None, redoc_url=None, lifespan=_lifespan, redirect_slashes=False
    )
    app.state.installation = installation
    app.state.needs_slots = True
    app.state.fragments = FragmentCache()
    app.state.counted = metrics.Counted()
    for router in routes.PAGES:
        app.include_router(router)
    app.state.page_paths = {route.path for route in _routes(*routes.PAGES) if "GET" in (route.methods or ())}
    app.state.routes = _routes(*routes.PAGES, *routes.PROGRAMS)
    app.state.rules = rules_of(app.state.routes, RULES)
    for router in routes.PROGRAMS:
        app.include_router(router)
    app.mount("/static", Statics(directory=paths.STATIC), name="static")
    openapi.describe(app)
    error_pages.add_handlers(app)
    guard(app)
    app.add_middleware(AuditOriginMiddleware)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(
        SecurityMiddleware,
        base_url=installation.settings.base_url,
        hosts=installation.settings.trusted_hosts,
    )
    app.add_middleware(NotModifiedMiddleware)
    return app


def _routes(*routers: APIRouter) -> list[APIRoute]:
    """For the rail, which names only pages that exist, and for refusals, which name the methods that do."""
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    installation: Installation = app.state.installation
    with watching(installation), working(installation, build):
        yield
