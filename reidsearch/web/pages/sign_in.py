"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from reidsearch.web.api import accounts
from reidsearch.web.call import Call
from reidsearch.web.declared import Form, Given, Nothing, Page, Values
from reidsearch.web.person import Role
from reidsearch.web.problems import Denied
from reidsearch.web.provider import THERE


class Asked(Given, frozen=True):
    """What became of the last attempt.

    Args:
        used: a link was tried that does not work.
        refused: name or password was wrong.
        wait_s: it was tried too often.
        provider: why nobody is signed in by the identity provider.
    """

    used: bool = False
    refused: bool = False
    wait_s: Annotated[int, Meta(ge=0, le=100_000)] = 0
    provider: Literal["away", "refused", "stranger"] | None = None


def sign_in(call: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    return {
        "used": asked.used,
        "refused": asked.refused,
        "wait_s": asked.wait_s,
        "local": call.state.settings.local,
        "trouble": asked.provider,
        "provider": THERE if call.state.provider is not None else None,
        "accounts": call.state.settings.sign_in.passwords
        and any(not one.disabled for one in call.archive.accounts.all()),
    }


def take_sign_in(call: Call, given: accounts.SignIn) -> Response:
    """Sign in, or show the page again."""
    try:
        token, _ = accounts.signed_in(call, given)
    except Denied as denied:
        wait_s = denied.headers.get("Retry-After")
        told = f"wait_s={wait_s}" if wait_s else "refused=true"
        return RedirectResponse(f"/sign-in?{told}", HTTPStatus.SEE_OTHER)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    call.state.sessions.give(response, token, local=False)
    return response


def take_sign_out(call: Call, _: Nothing) -> Response:
    """Sign out."""
    response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    call.state.sessions.end(call.session, call.address)
    call.state.sessions.take(response)
    return response


PAGES = (Page("/sign-in", sign_in, "sign_in.html", takes=Asked, role=Role.ANYBODY, for_case=False),)
FORMS = (
    Form("/sign-in", take_sign_in, takes=accounts.SignIn, role=Role.ANYBODY),
    Form("/sign-out", take_sign_out),
)
