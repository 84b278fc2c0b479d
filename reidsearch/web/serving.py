"""From a request to a handler and back: who asks, what is given, in which form it is answered."""

from __future__ import annotations

import hmac
import types
import typing
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import ReidsearchError, UsageError
from reidsearch.output.times import use_zone
from reidsearch.web.api.saved import waiting
from reidsearch.web.call import Call
from reidsearch.web.chooser import TO_BE_CHOSEN, here, to_chooser, working
from reidsearch.web.declared import Endpoint, Form, Given, Page
from reidsearch.web.person import Person, Role
from reidsearch.web.problems import Denied, problem_of, problem_response
from reidsearch.web.state import State
from reidsearch.web.templating import render

FORM_TOKEN = "form_token"  # noqa: S105  the name of a field
FORM_MEDIA = "application/x-www-form-urlencoded"
LARGEST_JSON = 1024 * 1024  # bytes: thousands of crops; what it is decoded to is larger
LARGEST_ID = 2**63 - 1  # of a database
LARGEST_FORM = 64 * 1024
MOST_FIELDS = 1_000
NOBODY = Person("", Role.ANYBODY)
Served = Callable[[Request], Awaitable[Response]]


def serve_endpoint(endpoint: Endpoint, state: State) -> Served:
    """Return what answers the requests of an endpoint."""

    async def served(request: Request) -> Response:
        try:
            person = await person_of(request, state)
            call = await _call(request, state, person, endpoint.role, endpoint.body is not None)
            given = _checked(endpoint.takes, await _given(request, endpoint))
            answered = await run_in_threadpool(
                _run, endpoint.handler, call, given, for_case=endpoint.for_case
            )
            if isinstance(answered, Response):
                return answered
            return JSONResponse(answered, endpoint.status)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except Exception as error:  # noqa: BLE001  the one boundary
            return problem_response(error)

    return served


def serve_page(page: Page, state: State) -> Served:
    """Return what answers the requests of a page."""

    async def served(request: Request) -> Response:
        person = NOBODY
        try:
            person = await person_of(request, state)
            call = await _call(request, state, person, page.role)
            given = _checked(page.takes, _from_query(request, page.takes))
            return await run_in_threadpool(_run, _page(page), call, given, for_case=page.for_case)
        except Denied as denied:
            if denied.kind == "sign-in-needed":
                return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
            return await run_in_threadpool(_problem_page, state, request, person, denied)
        except ReidsearchError as error:
            if page.for_case and error.kind in TO_BE_CHOSEN:
                return to_chooser(request, error.kind)
            return await run_in_threadpool(_problem_page, state, request, person, error)
        except Exception as error:  # noqa: BLE001  the one boundary
            return await run_in_threadpool(_problem_page, state, request, person, error)

    return served


def serve_form(form: Form, state: State) -> Served:
    """Return what answers the requests of a form."""

    async def served(request: Request) -> Response:
        person = NOBODY
        try:
            person = await person_of(request, state)
            call = await _call(request, state, person, form.role)
            fields = await _fields(request, form.takes)
            _require_form_token(person, fields.pop(FORM_TOKEN, ""))
            given = _checked(form.takes, fields)
            return await run_in_threadpool(_run, form.handler, call, given, for_case=False)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except Exception as error:  # noqa: BLE001  the one boundary
            return await run_in_threadpool(_problem_page, state, request, person, error)

    return served


def _require_form_token(person: Person, given: object) -> None:
    """Refuse a form that was not filled in on a page of this session.

    Raises:
        Denied: its token is another.
    """
    if person.form_token and not hmac.compare_digest(person.form_token, str(given)):
        raise Denied(
            HTTPStatus.FORBIDDEN,
            "form-outdated",
            "this form is of another site, or of a session that has ended",
        )


def _run(handler: Callable[[Call, Any], Any], call: Call, given: Given, *, for_case: bool) -> Any:
    """Let a handler do its work as whoever asks, for their case where it is done for one."""
    use_zone(call.state.zone)
    if call.person is NOBODY:
        return handler(call, given)
    with acting(call.author if for_case else Author(call.person.name)):
        return handler(call, given)


def _page(page: Page) -> Callable[[Call, Any], Response]:
    def handler(call: Call, given: Any) -> Response:
        values = page.handler(call, given)
        if isinstance(values, Response):
            return values
        shown = {"person": call.person, "path": call.request.url.path, "Role": Role}
        return HTMLResponse(render(page.template, shown | menu_values(call) | dict(values)))

    return handler


def _problem_page(state: State, request: Request, person: Person, error: Exception) -> Response:
    use_zone(state.zone)
    problem = problem_of(error)
    call = Call(request, state, person)
    values = {"person": person, "path": request.url.path, "Role": Role, "problem": problem}
    html = render("problem.html", values | menu_values(call))
    headers = error.headers if isinstance(error, Denied) else {}
    return HTMLResponse(html, problem["status"], headers=headers)


def menu_values(call: Call) -> dict[str, Any]:
    """Return what the header of a page shows to whoever asks: the menu, and their case."""
    from reidsearch.web.pages import PAGES

    return {
        "menu": [page for page in PAGES if page.menu and call.may(page.role)],
        "working": None if call.person is NOBODY else working(call),
        "waiting": 0 if call.person is NOBODY else _waiting(call),
        "here": here(call.request),
    }


def _waiting(call: Call) -> int:
    """Return how many new answers of saved questions wait; none where that cannot be read."""
    try:
        return waiting(call)
    except ReidsearchError:  # which the page tells, or `check`
        return 0


async def person_of(request: Request, state: State) -> Person:
    """Return who asks."""
    token = request.cookies.get(state.sessions.cookie)
    return await run_in_threadpool(state.sessions.person, token) or NOBODY


async def _call(
    request: Request, state: State, person: Person, role: Role, body: bool = False
) -> Call:
    """Return the call of a request.

    Raises:
        Denied: nobody is signed in, or somebody who may not do this.
    """
    if person.role < role:
        if person is NOBODY:
            raise Denied(HTTPStatus.UNAUTHORIZED, "sign-in-needed", "nobody is signed in")
        raise Denied(
            HTTPStatus.FORBIDDEN,
            "role-too-low",
            f"this needs the role {role.name.lower()}; {person.name} is {person.role.name.lower()}",
        )
    if any(isinstance(one, int) and one > LARGEST_ID for one in request.path_params.values()):
        raise Denied(HTTPStatus.NOT_FOUND, "not-found", "nothing here has so large a number")
    content = await request.body() if body else b""
    return Call(request, state, person, dict(request.path_params), content)


async def _given(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    if not endpoint.writes or endpoint.body is not None:
        return _from_query(request, endpoint.takes)
    content = await _bounded(request, LARGEST_JSON)
    if not content:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Denied(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", "the body has to be application/json"
        )
    try:
        given = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UsageError(f"the body is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise UsageError("the body has to be a JSON object")
    return given


async def _fields(request: Request, takes: type[Given]) -> dict[str, Any]:
    """Return the fields of a form that was sent.

    Raises:
        Denied: it is too large, or something else.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != FORM_MEDIA:
        raise Denied(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-a-form", "this takes a form")
    content = await _bounded(request, LARGEST_FORM)
    try:
        pairs = parse_qsl(
            content.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise UsageError("the form cannot be read") from error
    return _by_name(pairs, takes)


async def _bounded(request: Request, most: int) -> bytes:
    """Return the body of a request.

    Raises:
        Denied: it has more bytes than that.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise Denied(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "body-too-large",
                f"what was sent has more than {most:,} bytes",
            )
    return bytes(content)


def _from_query(request: Request, takes: type[Given]) -> dict[str, Any]:
    """Return the query string as values by name."""
    filled = [pair for pair in request.query_params.multi_items() if pair[1] != ""]
    return _by_name(filled, takes)  # without the fields of a form that were left empty


def _by_name(pairs: Iterable[tuple[str, str]], takes: type[Given]) -> dict[str, Any]:
    """Return values by name; only a field that is a list may come twice."""
    lists = _list_fields(takes)
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise UsageError(f"{name} was given twice")
        else:
            found[name] = value
    return found


@cache
def _list_fields(takes: type[Given]) -> frozenset[str]:
    def listed(kind: Any) -> bool:
        if typing.get_origin(kind) in {types.UnionType, typing.Union}:
            return any(map(listed, typing.get_args(kind)))
        if typing.get_origin(kind) is typing.Annotated:
            return listed(typing.get_args(kind)[0])
        return typing.get_origin(kind) in {list, tuple, set, frozenset}

    hints = typing.get_type_hints(takes, include_extras=True)
    return frozenset(name for name, kind in hints.items() if listed(kind))


def _checked(takes: type[Given], given: dict[str, Any]) -> Given:
    """Return what was given as the type that is declared for it.

    Raises:
        UsageError: naming what does not fit.
    """
    try:
        return msgspec.convert(given, takes, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"what was asked for does not fit: {error}") from error
