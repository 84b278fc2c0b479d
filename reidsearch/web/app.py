"""The application: routes made from the declared endpoints and pages, behind `safety.Safety`."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from reidsearch.base.errors import UsageError
from reidsearch.base.secret import read_secret
from reidsearch.base.timecode import parse_zone
from reidsearch.services.provider import Provider
from reidsearch.web import openapi, provider
from reidsearch.web.api import ENDPOINTS
from reidsearch.web.declared import Page
from reidsearch.web.pages import FORMS, PAGES
from reidsearch.web.person import Role
from reidsearch.web.problems import Denied, problem_response
from reidsearch.web.safety import Safety
from reidsearch.web.serving import serve_endpoint, serve_form, serve_page
from reidsearch.web.sessions import Sessions
from reidsearch.web.state import ServeSettings, State
from reidsearch.web.watched import Watched

if TYPE_CHECKING:
    from reidsearch.archive import Archive

STATIC = "static"


def make_state(archive: Archive, settings: ServeSettings) -> State:
    """Return the state of an application over an open archive."""
    zone = archive.timezone
    local = archive.actor if settings.local else None
    sessions = Sessions(archive, local, settings.secure)
    state = State(archive, settings, parse_zone(zone) if zone else None, sessions)
    state.provider = asked_provider(settings)
    return state


def asked_provider(settings: ServeSettings) -> Provider | None:
    """Return the identity provider of the settings; None: there is none.

    Raises:
        UsageError: it cannot be used, or nobody could sign in.
        InputError: the file with the secret cannot be read.
    """
    chosen = settings.sign_in
    if chosen.oidc_issuer is None:
        if not chosen.passwords and not settings.local:
            raise UsageError(
                "passwords are switched off, and there is no identity provider: nobody can sign in"
            )
        return None
    secret = read_secret("REIDSEARCH_OIDC_SECRET", chosen.oidc_secret_file)
    return Provider(chosen, secret)


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
        return await run_in_threadpool(by_link, state, request)

    async def missing(request: Request, _: Exception) -> Response:
        if request.url.path.startswith("/api/"):
            return problem_response(NO_PAGE)
        return await serve_page(MISSING, state)(request)

    static = StaticFiles(directory=str(files(__package__).joinpath(STATIC)))
    return Starlette(
        routes=[
            Route(f"{openapi.BASE}/openapi.json", describe),
            *routes,
            *(Route(page.path, serve_page(page, state)) for page in PAGES),
            *(Route(form.path, serve_form(form, state), methods=["POST"]) for form in FORMS),
            *provider.routes(state),
            Route("/sign-in/{token}", redeem),
            Mount(f"/{STATIC}", static),
        ],
        middleware=[
            Middleware(Watched, state=state),
            Middleware(Safety, settings=state.settings),
            Middleware(GZipMiddleware, minimum_size=2_000),
        ],
        exception_handlers={HTTPStatus.NOT_FOUND: missing},
    )


def by_link(state: State, request: Request) -> Response:
    """Return the response to a one-time link: signed in, or told that it is used."""
    sessions = state.sessions
    address = request.client.host if request.client is not None else ""
    token = sessions.redeem(request.path_params["token"], address)
    if token is None:
        return RedirectResponse("/sign-in?used=true", HTTPStatus.SEE_OTHER)
    sessions.end(request.cookies.get(sessions.cookie))
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    sessions.give(response, token, local=True)
    return response


NO_PAGE = Denied(HTTPStatus.NOT_FOUND, "not-found", "there is no such page")


def _missing(*_: Any) -> Any:
    raise NO_PAGE


MISSING = Page("", _missing, "problem.html", role=Role.ANYBODY, for_case=False)
