"""Signing in at an identity provider: a browser is sent there, and comes back with what it says.

Two plain routes, since a provider may add to its answer what it likes. Between them the browser
keeps a secret in a cookie, of which `services/provider.py` makes all that has to fit.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reidsearch.domain.accounts import Role
from reidsearch.services.provider import ProviderTrouble
from reidsearch.services.sign_in import SignedIn, Why
from reidsearch.web.api.accounts import outcome
from reidsearch.web.templating import render

if TYPE_CHECKING:
    from reidsearch.web.state import State

THERE = "/sign-in/provider"
BACK = "/sign-in/back"
TOKEN_BYTES = 32
LASTS_S = 600
"""Seconds that somebody may take at the provider."""
LONGEST_GIVEN = 8192

_LOG = logging.getLogger("reidsearch.web")


def routes(state: State) -> list[Route]:
    """Return the routes, which answer only where there is a provider."""
    if state.provider is None:
        return []

    def threaded(
        handler: Callable[[State, Request], Response],
    ) -> Callable[..., Awaitable[Response]]:
        async def served(request: Request) -> Response:
            try:
                return await run_in_threadpool(handler, state, request)
            except Exception as error:  # noqa: BLE001  the boundary: nothing of it is shown
                _LOG.error("signing in at the identity provider failed", exc_info=error)
                return _told(Why.REFUSED)

        return served

    return [Route(THERE, threaded(_begin)), Route(BACK, threaded(_end))]


def _begin(state: State, request: Request) -> Response:
    """Send a browser to the provider."""
    if state.provider is None:
        return _told(Why.REFUSED)
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        there = state.provider.begin(secret, _back(state, request))
    except ProviderTrouble as trouble:
        _LOG.warning("nobody can sign in at the identity provider: %s", trouble)
        return _told(Why.AWAY if trouble.away else Why.REFUSED)
    response = RedirectResponse(there, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        _cookie(state),
        secret,
        max_age=LASTS_S,
        httponly=True,
        samesite="lax",  # the provider's site sends the browser back
        secure=state.settings.secure,
    )
    return response


def _end(state: State, request: Request) -> Response:
    """Sign in whom the provider names, and end the session before it."""
    secret = request.cookies.get(_cookie(state))
    if state.provider is None or not secret or len(request.url.query) > LONGEST_GIVEN:
        return _told(Why.REFUSED)
    address = request.client.host if request.client is not None else ""
    new = state.settings.sign_in.oidc_new_accounts
    attempt = state.archive.sign_in.by_provider(
        state.provider,
        secret,
        _back(state, request),
        dict(request.query_params),
        address=address,
        new=None if new is None else Role(new),
    )
    state.metrics.signed_in("provider", outcome(attempt))
    if isinstance(attempt, SignedIn):
        state.sessions.end(request.cookies.get(state.sessions.cookie), address)
        # A browser that comes from another site sends the new cookie only from the next page on.
        response: Response = HTMLResponse(render("signed_in.html", {}))
        state.sessions.give(response, attempt.token, local=False)
        state.sessions.take_case(response)
    else:
        response = _told(attempt.why, attempt.wait_s)
    response.delete_cookie(
        _cookie(state), httponly=True, samesite="lax", secure=state.settings.secure
    )
    return response


def _told(why: Why, wait_s: int = 0) -> Response:
    told = f"wait_s={wait_s}" if wait_s else f"provider={why.value}"
    return RedirectResponse(f"/sign-in?{told}", HTTPStatus.SEE_OTHER)


def _cookie(state: State) -> str:
    return f"{state.sessions.cookie}-provider"


def _back(state: State, request: Request) -> str:
    """Return the address that the provider sends the browser back to."""
    scheme = "https" if state.settings.secure else "http"
    return f"{scheme}://{request.headers['host']}{BACK}"
