"""What holds for every declared endpoint and page, whoever adds one."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest
from declared import DECLARED, id_of
from json_schemas import FOLDER, require_valid

from reidsearch.web.api import ENDPOINTS
from reidsearch.web.declared import Endpoint, Form, Page
from reidsearch.web.pages import FORMS, PAGES
from reidsearch.web.person import Person, Role
from reidsearch.web.words import catalogue, word

ROLES = [role for role in Role if role is not Role.ANYBODY]


def path_of(declared: Endpoint | Page | Form) -> str:
    """A path with a value for each of its parts."""
    path = re.sub(r"\{\w+(:\w+)?\}", "1", declared.path)
    return f"/api/v1{path}" if isinstance(declared, Endpoint) else path


def ask(client: Any, declared: Endpoint | Page | Form, **headers: str) -> Any:
    if isinstance(declared, Form):
        return client.post(path_of(declared), data={"form_token": "x"}, headers=headers)
    method = declared.method if isinstance(declared, Endpoint) else "GET"
    return client.request(method, path_of(declared), headers=headers)


PROTECTED = [one for one in DECLARED if one.role is not Role.ANYBODY]
WRITES = [one for one in DECLARED if isinstance(one, Form) or getattr(one, "writes", False)]


def test_what_anybody_may_ask_for_is_signing_in() -> None:
    assert {id_of(one) for one in DECLARED if one.role is Role.ANYBODY} == {
        "Page /sign-in",
        "Form /sign-in",
        "POST /session",
    }


def test_what_writes_is_not_for_viewers() -> None:
    """But what concerns their own session, and searches, which are asked for in a body."""
    assert {id_of(one) for one in WRITES if one.role < Role.ANALYST} == {
        "Form /sign-in",
        "Form /sign-out",
        "Form /account/password",
        "Form /cases/choose",
        "Form /cases/leave",
        "POST /session",
        "DELETE /session",
        "POST /session/password",
        "POST /pictures",
        "POST /searches",
        "POST /searches/plan",
    }


@pytest.mark.parametrize("declared", PROTECTED, ids=id_of)
@pytest.mark.full
def test_nobody_gets_anything_without_signing_in(served, declared) -> None:
    response = ask(served.as_(None), declared)
    if isinstance(declared, Page):
        assert (response.status_code, response.headers["location"]) == (303, "/sign-in")
    elif isinstance(declared, Form):
        assert (response.status_code, "sign-in-needed" in response.text) == (401, True)
    else:
        assert (response.status_code, response.json()["kind"]) == (401, "sign-in-needed")


@pytest.mark.parametrize("declared", PROTECTED, ids=id_of)
@pytest.mark.full
def test_a_role_below_the_declared_one_is_refused(served, declared) -> None:
    for role in (one for one in ROLES if one < declared.role):
        response = ask(served.as_(Person("vera", role)), declared)
        assert response.status_code == 403, role


@pytest.mark.full
@pytest.mark.parametrize("declared", WRITES, ids=id_of)
def test_no_other_site_can_cause_a_change(served, declared) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ):
        response = ask(served.client, declared, **headers)
        assert (response.status_code, response.json()["kind"]) == (403, "other-site")


@pytest.mark.full
@pytest.mark.parametrize("form", [one for one in FORMS if one.role is not Role.ANYBODY], ids=id_of)
def test_a_form_without_the_token_of_its_session_is_refused(served, form) -> None:
    """What an old browser sends, which says nothing of where a form is from."""
    other = served.state.sessions.person(
        served.as_(Person("otto", Role.ADMIN)).cookies[served.state.sessions.cookie]
    )
    for given in ({"other": "1"}, {"form_token": ""}, {"form_token": other.form_token}):
        response = served.client.post(path_of(form), data=given)
        assert (response.status_code, "form-outdated" in response.text) == (403, True)


def test_every_endpoint_is_described(served) -> None:
    described = served.client.get("/api/v1/openapi.json").json()
    told = {(method, path) for path, one in described["paths"].items() for method in one}
    assert told == {
        (one.method.lower(), "/api/v1" + re.sub(r":\w+", "", one.path)) for one in ENDPOINTS
    }
    assert described["components"]["schemas"]["Problem"]["required"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_every_document_has_a_published_schema(endpoint) -> None:
    assert endpoint.document is None or (FOLDER / f"{endpoint.document}.json").is_file()
    assert endpoint.document is None or endpoint.media == "application/json"


@pytest.mark.full
@pytest.mark.parametrize(
    "endpoint",
    [one for one in ENDPOINTS if one.method == "GET" and one.document and "{" not in one.path],
    ids=lambda one: one.path,
)
def test_documents_are_what_their_schemas_say(served, endpoint) -> None:
    response = ask(served.client, endpoint)
    if response.status_code == 200:
        require_valid(response.json())
    else:
        assert response.json()["kind"] in {"nothing-linked", "usage"}  # needs more


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.path)
@pytest.mark.full
def test_pages_have_no_inline_script_or_style_and_ask_no_other_host(served, page) -> None:
    html = ask(served.client, page).text
    for tag in re.findall(r"<(?:script|style|link|img|iframe|video|form)[^>]*>", html):
        assert not tag.startswith("<style")
        assert "src=" in tag or 'type="application/json"' in tag or not tag.startswith("<script")
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", tag), tag
    assert not re.search(r"""<[^>]+\s(?:style|on\w+)=""", html)


def test_every_text_of_a_template_is_in_the_catalogue() -> None:
    folder = files("reidsearch.web").joinpath("templates")
    for template in folder.iterdir():
        text = template.read_text("utf-8")
        for name in re.findall(r"""\bt\("([\w.-]+)"[,)]""", text):
            found: Any = catalogue()
            for part in name.split("."):
                assert part in found, f"{template.name}: {name}"
                found = found[part]


def test_a_text_of_two_forms_takes_the_one_for_its_number() -> None:
    assert word("count.crops", n=1) == "1 crop"
    assert word("count.crops", n=2000) == "2,000 crops"
