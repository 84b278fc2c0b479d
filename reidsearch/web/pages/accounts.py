"""One's own account, and for admins the accounts of all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from reidsearch.base.errors import UsageError
from reidsearch.web.api import accounts
from reidsearch.web.api.accounts import Name, Password, RoleName
from reidsearch.web.call import Call
from reidsearch.web.declared import Form, Given, Nothing, Page, Values
from reidsearch.web.person import Role

ACCOUNTS = "/accounts"
OWN = "/account"
Sees = Annotated[
    Literal["all", "only"], Meta(description="All cameras, or only those that are named.")
]
CameraLines = Annotated[str, Meta(max_length=30_000, description="Names of cameras, one a line.")]


class Asked(Given, frozen=True):
    """What was done last."""

    done: Literal["", "add", "password", "role", "cameras", "disable", "enable", "remove"] = ""


def own(call: Call, asked: Asked) -> Values:
    """Return what the page of one's own account shows."""
    return {"session": accounts.session(call, Nothing()), "done": asked.done}


def every(call: Call, asked: Asked) -> Values:
    """Return what the page of all accounts shows."""
    summary = call.archive.show()
    return {
        "accounts": accounts.listed(call, Nothing())["accounts"],
        "cameras": [name for name, *_ in summary.cameras if name is not None],
        "roles": ("viewer", "analyst", "admin"),
        "done": asked.done,
    }


class OwnPassword(Given, frozen=True):
    """One's own password, and the one that takes its place, typed twice."""

    old: Password
    new: Password
    again: Password


def take_own_password(call: Call, given: OwnPassword) -> Response:
    """Change one's own password."""
    require_same(given.new, given.again)
    accounts.own_password(call, accounts.OwnPassword(old=given.old, new=given.new))
    return RedirectResponse(f"{OWN}?done=password", HTTPStatus.SEE_OTHER)


class NewAccount(Given, frozen=True):
    """An account to be added, and which cameras it may see."""

    name: Name
    password: Password
    again: Password
    role: RoleName
    sees: Sees
    cameras: CameraLines = ""


def take_add(call: Call, given: NewAccount) -> Response:
    """Add an account."""
    require_same(given.password, given.again)
    accounts.add(
        call,
        accounts.NewAccount(
            name=given.name,
            password=given.password,
            role=given.role,
            cameras=_seen(given.sees, given.cameras),
        ),
    )
    return _done("add")


class NewPassword(Given, frozen=True):
    """Another password of an account, typed twice."""

    password: Password
    again: Password


def take_password(call: Call, given: NewPassword) -> Response:
    """Give an account another password."""
    require_same(given.password, given.again)
    return _changed(call, password=given.password)


class NewRole(Given, frozen=True):
    """Another role of an account."""

    role: RoleName


def take_role(call: Call, given: NewRole) -> Response:
    """Give an account another role."""
    return _changed(call, role=given.role)


class NewCameras(Given, frozen=True):
    """The cameras that an account may see."""

    sees: Sees
    cameras: CameraLines = ""


def take_cameras(call: Call, given: NewCameras) -> Response:
    """Say which cameras an account may see."""
    return _changed(call, cameras=_seen(given.sees, given.cameras))


def take_disable(call: Call, _: Nothing) -> Response:
    """Let nobody sign in to an account."""
    return _changed(call, disabled=True)


def take_enable(call: Call, _: Nothing) -> Response:
    """Let an account sign in again."""
    return _changed(call, disabled=False)


class Removal(Given, frozen=True):
    """Whether an account is really to be removed."""

    sure: bool = False


def take_remove(call: Call, given: Removal) -> Response:
    """Remove an account."""
    if not given.sure:
        raise UsageError("tick the box to say that the account is really to be removed")
    accounts.remove(call, Nothing())
    return _done("remove")


def require_same(first: str, second: str) -> None:
    """Refuse a new password that was not typed the same twice.

    Raises:
        UsageError: it was not.
    """
    if first != second:
        raise UsageError("the new password was not typed the same twice")


def _changed(call: Call, **values: Any) -> Response:
    return _done(accounts.change(call, accounts.Changed(**values))["change"])


def _done(what: str) -> Response:
    return RedirectResponse(f"{ACCOUNTS}?done={what}", HTTPStatus.SEE_OTHER)


def _seen(sees: str, lines: str) -> tuple[str, ...] | None:
    """Return the cameras that may be seen; None: all.

    Raises:
        UsageError: all are to be seen and some are named, so one of them is a mistake.
    """
    names = tuple(line.strip() for line in lines.splitlines() if line.strip())
    if sees == "only":
        return names
    if names:
        raise UsageError(
            "all cameras were chosen, but some are named",
            "choose only these, or empty the list",
        )
    return None


_ONE = ACCOUNTS + "/{account_id:int}"
PAGES = (
    Page(OWN, own, "account.html", takes=Asked, for_case=False),
    Page(
        ACCOUNTS,
        every,
        "accounts.html",
        takes=Asked,
        role=Role.ADMIN,
        menu="accounts",
        for_case=False,
    ),
)
FORMS = (
    Form(f"{OWN}/password", take_own_password, takes=OwnPassword),
    Form(f"{ACCOUNTS}/add", take_add, takes=NewAccount, role=Role.ADMIN),
    Form(f"{_ONE}/password", take_password, takes=NewPassword, role=Role.ADMIN),
    Form(f"{_ONE}/role", take_role, takes=NewRole, role=Role.ADMIN),
    Form(f"{_ONE}/cameras", take_cameras, takes=NewCameras, role=Role.ADMIN),
    Form(f"{_ONE}/disable", take_disable, role=Role.ADMIN),
    Form(f"{_ONE}/enable", take_enable, role=Role.ADMIN),
    Form(f"{_ONE}/remove", take_remove, takes=Removal, role=Role.ADMIN),
)
