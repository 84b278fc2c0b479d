"""Signing in and out, one's own password, and the accounts of others."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import JSONResponse, Response

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain import accounts
from reidsearch.domain.accounts import Account, AccountChange
from reidsearch.output.accounts import accounts_json, change_json, session_json
from reidsearch.services.accounts import AccountService
from reidsearch.services.sign_in import Attempt, SignedIn
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role
from reidsearch.web.problems import Denied

Name = Annotated[str, Meta(max_length=200)]
Password = Annotated[str, Meta(max_length=4096)]
Cameras = Annotated[tuple[str, ...], Meta(max_length=1000, description="Names of cameras.")]
RoleName = Literal["viewer", "analyst", "admin"]


class SignIn(Given, frozen=True):
    """Who signs in."""

    name: Name
    password: Password


def sign_in(call: Call, given: SignIn) -> Response:
    """Sign in; the answer sets the cookie of the session."""
    token, account = signed_in(call, given)
    cameras = account.cameras
    response = JSONResponse(
        session_json(account.name, account.role.value, cameras, account.account_id)
    )
    call.state.sessions.give(response, token, local=False)
    return response


def signed_in(call: Call, given: SignIn) -> tuple[str, Account]:
    """Return the token of a new session, and whose it is; the one before it ends.

    Raises:
        Denied: the name or the password is wrong, it was tried too often, or passwords are
            switched off.
    """
    require_passwords(call)
    tried = call.archive.sign_in.by_password(given.name, given.password, address=call.address)
    call.state.metrics.signed_in("password", outcome(tried))
    attempt = require(tried)
    call.state.sessions.end(call.session, call.address)
    return attempt.token, attempt.account


def outcome(attempt: Attempt) -> str:
    """Return how figures name what became of an attempt to sign in."""
    if isinstance(attempt, SignedIn):
        return "signed-in"
    return "too-often" if attempt.wait_s else attempt.why.value


def require_passwords(call: Call) -> None:
    """Refuse passwords where they are switched off.

    Raises:
        Denied: they are.
    """
    if not call.state.settings.sign_in.passwords:
        raise Denied(HTTPStatus.FORBIDDEN, "passwords-off", "nobody signs in by a password here")


def require(attempt: Attempt) -> SignedIn:
    """Return what an attempt to sign in gave.

    Raises:
        Denied: the name or the password is wrong, or it was tried too often.
    """
    if isinstance(attempt, SignedIn):
        return attempt
    if attempt.wait_s == 0:
        raise Denied(
            HTTPStatus.UNAUTHORIZED, "sign-in-refused", "the name or the password is wrong"
        )
    raise Denied(
        HTTPStatus.TOO_MANY_REQUESTS,
        "sign-in-too-often",
        f"it was tried too often; wait {attempt.wait_s} s",
        {"Retry-After": str(attempt.wait_s)},
    )


def session(call: Call, _: Nothing) -> Document:
    """Return who is signed in."""
    person = call.person
    return session_json(person.name, person.role.name.lower(), person.cameras, person.account_id)


def sign_out(call: Call, _: Nothing) -> Response:
    """Sign out."""
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    call.state.sessions.end(call.session, call.address)
    call.state.sessions.take(response)
    return response


class OwnPassword(Given, frozen=True):
    """One's own password, and the one that takes its place."""

    old: Password
    new: Password


def own_password(call: Call, given: OwnPassword) -> Document:
    """Change one's own password; all of one's other sessions end.

    Raises:
        UsageError: whoever started the server has no account; the new password is none.
        Denied: the old one is wrong, or it was tried too often.
    """
    if call.person.account_id is None:
        raise UsageError(
            f"{call.person.name} has no account here: the link that the server printed signs in",
            kind=Kind.ACCOUNT_NONE,
        )
    require_passwords(call)
    name = call.person.name
    require(call.archive.sign_in.verified(name, given.old, address=call.address))
    keep = call.person.session_id
    return change_json(call.accounts.set_password(name, given.new, keep=keep))


def listed(call: Call, _: Nothing) -> Document:
    """Return all accounts."""
    return accounts_json(call.accounts.all())


class NewAccount(Given, frozen=True):
    """An account to be added."""

    name: Name
    password: Password
    role: RoleName
    cameras: Cameras | None = None


def add(call: Call, given: NewAccount) -> Document:
    """Add an account."""
    role = accounts.Role(given.role)
    return change_json(call.accounts.add(given.name, given.password, role, cameras=given.cameras))


class Changed(Given, frozen=True):
    """What is to change of an account: one of these."""

    role: RoleName | UnsetType = UNSET
    cameras: Cameras | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET
    password: Password | UnsetType = UNSET


def change(call: Call, given: Changed) -> Document:
    """Change one thing of an account of somebody else."""
    name = another(call).name
    fields = (given.role, given.cameras, given.disabled, given.password)
    if sum(value is not UNSET for value in fields) != 1:
        raise UsageError("give one of role, cameras, disabled, password")
    return change_json(_changed(call.accounts, name, given))


def _changed(held: AccountService, name: str, given: Changed) -> AccountChange:
    if not isinstance(given.role, UnsetType):
        return held.set_role(name, accounts.Role(given.role))
    if not isinstance(given.cameras, UnsetType):
        return held.set_cameras(name, given.cameras)
    if not isinstance(given.password, UnsetType):
        return held.set_password(name, given.password)
    return held.disable(name) if given.disabled else held.enable(name)


def remove(call: Call, _: Nothing) -> Document:
    """Remove an account of somebody else."""
    return change_json(call.accounts.remove(another(call).name))


def another(call: Call) -> Account:
    """Return the account that the path names, which is not one's own.

    So nobody takes an admin's rights from themselves, and one admin always stays.

    Raises:
        NotFound: there is none.
        UsageError: it is one's own.
    """
    account = call.accounts.numbered(call.path["account_id"])
    if account.account_id == call.person.account_id:
        raise UsageError("nobody changes their own account", kind=Kind.ACCOUNT_OF_SELF)
    return account


ENDPOINTS = (
    Endpoint(
        "POST",
        "/session",
        sign_in,
        "Sign in by name and password.",
        takes=SignIn,
        document="session-1",
        role=Role.ANYBODY,
        for_case=False,
    ),
    Endpoint("GET", "/session", session, "Who is signed in.", document="session-1", for_case=False),
    Endpoint(
        "DELETE", "/session", sign_out, "Sign out.", status=HTTPStatus.NO_CONTENT, for_case=False
    ),
    Endpoint(
        "POST",
        "/session/password",
        own_password,
        "Change the password of whoever is signed in; their other sessions end.",
        takes=OwnPassword,
        document="account-change-1",
        for_case=False,
    ),
    Endpoint(
        "GET",
        "/accounts",
        listed,
        "All accounts.",
        document="accounts-1",
        role=Role.ADMIN,
        for_case=False,
    ),
    Endpoint(
        "POST",
        "/accounts",
        add,
        "Add an account.",
        takes=NewAccount,
        document="account-change-1",
        role=Role.ADMIN,
        status=HTTPStatus.CREATED,
        for_case=False,
    ),
    Endpoint(
        "PATCH",
        "/accounts/{account_id:int}",
        change,
        "Change role, cameras, password of an account, or whether it is disabled.",
        takes=Changed,
        document="account-change-1",
        role=Role.ADMIN,
        for_case=False,
    ),
    Endpoint(
        "DELETE",
        "/accounts/{account_id:int}",
        remove,
        "Remove an account; its decisions stay.",
        document="account-change-1",
        role=Role.ADMIN,
        for_case=False,
    ),
)
