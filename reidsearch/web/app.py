"""The application: routes made from the declared endpoints and pages, behind `safety.Safety`."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from reidsearch.base.timecode import parse_zone
from reidsearch.web import openapi
from reidsearch.web.api import ENDPOINTS
from reidsearch.web.declared import Page
from reidsearch.web.pages import PAGES
from reidsearch.web.person import Role
from reidsearch.web.problems import Denied
from reidsearch.web.safety import Safety
from reidsearch.web.serving import serve_endpoint, serve_page
from reidsearch.web.sessions import COOKIE
from reidsearch.web.state import ServeSettings, State

if TYPE_CHECKING:
    from reidsearch.archive import Archive

STATIC = "static"


def make_state(archive: Archive, settings: ServeSettings) -> State:
    """Return the state of an application over an open archive."""
    zone = archive.timezone
    return State(archive, settings, parse_zone(zone) if zone else None)


def make_app(state: State) -> Starlette:
    """Return the ASGI application.

    Example:
        >>> with Archive.open("archive") as archive:
        ...     app = make_app(make_state(archive, ServeSettings()))
    """
    routes = [
        Route(
            openapi.BASE + endpoint.path,
            serve_endpoint(endpoint, state),
            methods=[endpoint.method],
        )
        for endpoint in ENDPOINTS
    ]
    described = openapi.document(ENDPOINTS)

    async def describe(_: Request) -> Response:
        return JSONResponse(described)

    async def redeem(request: Request) -> Response:
        return signed_in(state, request.path_params["token"])

    async def missing(_: Request, error: Exception) -> Response:
        return await serve_page(MISSING, state)(_)

    static = StaticFiles(directory=str(files(__package__).joinpath(STATIC)))
    return Starlette(
        routes=[
            Route(f"{openapi.BASE}/openapi.json", describe),
            *routes,
            *(Route(page.path, serve_page(page, state)) for page in PAGES),
            Route("/sign-in/{token}", redeem),
            Mount(f"/{STATIC}", static),
        ],
        middleware=[
            Middleware(Safety, settings=state.settings),
            Middleware(GZipMiddleware, minimum_size=2_000),
        ],
        exception_handlers={HTTPStatus.NOT_FOUND: missing},
    )


def signed_in(state: State, token: str) -> Response:
    """Return the response to a one-time link: signed in, or told that it is used."""
    session = state.sessions.redeem(token)
    if session is None:
        return RedirectResponse("/sign-in?used=true", HTTPStatus.SEE_OTHER)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE, session, httponly=True, samesite="strict", secure=state.settings.secure
    )
    return response


def _missing(*_: Any) -> Any:
    raise Denied(HTTPStatus.NOT_FOUND, "not-found", "there is no such page")


MISSING = Page("", _missing, "problem.html", role=Role.ANYBODY)
