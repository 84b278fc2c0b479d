"""How endpoints and pages are declared: data that routes, OpenAPI and tests are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from starlette.responses import Response

from reidsearch.web.person import Role


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a caller gives to an endpoint beside its path; names that are not declared are refused.

    Fields are checked by their types; `msgspec.Meta` adds bounds and descriptions. Where it is
    read from a query string, a list field takes its name several times.
    """


class Nothing(Given, frozen=True):
    """What is given to an endpoint that takes nothing."""


Document: TypeAlias = Mapping[str, Any]
Handler: TypeAlias = Callable[[Any, Any], Document | Response]
"""Takes a `call.Call` and what was given."""
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path below `/api/v1`.

    Args:
        path: with Starlette's parts, `/crops/{crop_id:int}`.
        summary: one sentence for OpenAPI.
        takes: query string of a GET, JSON body of the others.
        document: name of the schema in `output/schemas` of what is returned, `coverage-1`; None:
            no document, but `media`.
        media: type of what is returned.
        body: type of a body that is no JSON, such as `image/*`; the handler reads `call.body`.
        role: the least one that may call it.
        status: of success.
        for_case: it is done, and recorded, for the case that whoever asks works for, and refused
            once nothing can belong to that any more.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    takes: type[Given] = Nothing
    document: str | None = None
    media: str = "application/json"
    body: str | None = None
    role: Role = Role.VIEWER
    status: int = 200
    for_case: bool = True

    @property
    def writes(self) -> bool:
        """Whether it may change something, so that other sites must not cause it."""
        return self.method not in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Args:
        path: `/play/{source_id:int}`.
        handler: returns the values of the template.
        template: name of the file in `templates/`.
        takes: of the query string.
        menu: its entry in the menu, a name below `menu` in the words; empty: none.
        for_case: as of an `Endpoint`.
    """

    path: str
    handler: Callable[[Any, Any], Values | Response]
    template: str
    takes: type[Given] = Nothing
    role: Role = Role.VIEWER
    menu: str = ""
    for_case: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """What a page's form is sent to, so that it works without JavaScript; always a POST.

    What it does is done for no case. Whoever is signed in sends the `form_token` of their `Person`
    along, which is checked before the handler runs.

    Args:
        path: `/accounts/add`.
        handler: does what the form asks for, mostly by the handler of an endpoint, and returns
            where to go on.
        takes: the fields of the form but its token.
    """

    path: str
    handler: Callable[..., Response]
    takes: type[Given] = Nothing
    role: Role = Role.VIEWER
