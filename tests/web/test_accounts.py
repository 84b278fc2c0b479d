"""Signing in and out, one's own password, accounts of others: by pages and over the API."""

from __future__ import annotations

import re

import pytest
from archives import read_only
from json_schemas import require_valid
from signing import PASSWORD, WRONG, events
from starlette.testclient import TestClient

from reidsearch import Archive
from reidsearch.domain import accounts
from reidsearch.domain.event_log import Event
from reidsearch.services import sign_in
from reidsearch.web.app import make_app, make_state
from reidsearch.web.person import Person, Role
from reidsearch.web.state import ServeSettings

VERA = Person("vera", Role.VIEWER)
OTHER = "staple of another kind"


def form(client: TestClient, page: str, path: str, **fields: str):
    """Send a form as a browser would that shows the page."""
    token = re.search(r'name="form_token" value="(\w+)"', client.get(page).text)
    assert token is not None
    return client.post(path, data={"form_token": token[1], **fields})


def session(client: TestClient) -> dict[str, object] | None:
    response = client.get("/api/v1/session")
    return response.json() if response.status_code == 200 else None


@pytest.fixture
def vera(served):
    served.account(VERA)
    return served.as_(None)


# -- signing in ----------------------------------------------------------------------------------


@pytest.mark.full
def test_signing_in_and_out_by_the_page(served, vera):
    assert 'name="password"' in vera.get("/sign-in").text
    response = vera.post("/sign-in", data={"name": "Vera", "password": PASSWORD})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Max-Age" not in cookie, "it ends when the browser is closed"
    assert "Signed in as vera" in vera.get("/").text
    kept = dict(vera.cookies)
    assert form(vera, "/", "/sign-out").headers["location"] == "/sign-in"
    assert not vera.cookies
    vera.cookies.update(kept)
    assert session(vera) is None, "the session has ended, not only the cookie"
    assert [one["actor"] for one in events(served.archive, Event.SIGN_IN)][-1] == "vera"
    assert [one["actor"] for one in events(served.archive, Event.SIGN_OUT)] == ["vera"]


def test_signing_in_and_out_over_the_api(vera):
    told = vera.post("/api/v1/session", json={"name": "vera", "password": PASSWORD})
    require_valid(told.json())
    assert session(vera) == told.json()
    assert (told.json()["role"], told.json()["cameras"]) == ("viewer", None)
    assert vera.delete("/api/v1/session").status_code == 204
    assert session(vera) is None


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "password"),
    [("vera", WRONG), ("nobody", PASSWORD), ("off", PASSWORD), ("", ""), ("vera\0", PASSWORD)],
)
def test_nothing_tells_what_was_wrong(served, vera, name, password):
    served.account(Person("off", Role.ADMIN))
    served.archive.accounts.disable("off")
    refused = vera.post("/api/v1/session", json={"name": name, "password": password})
    assert refused.status_code == 401
    assert refused.json()["detail"] == "the name or the password is wrong"
    assert "set-cookie" not in refused.headers
    shown = vera.post("/sign-in", data={"name": name, "password": password})
    assert shown.headers["location"] == "/sign-in?refused=true"


def test_guessing_is_slowed(vera):
    def guess():
        return vera.post("/api/v1/session", json={"name": "vera", "password": WRONG})

    assert [guess().status_code for _ in range(sign_in.FREE_FAILURES)] == [401] * 5
    refused = guess()
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 2
    page = vera.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    assert re.fullmatch(r"/sign-in\?wait_s=[12]", page.headers["location"])
    assert "tried too often" in vera.get(page.headers["location"]).text


@pytest.mark.full
def test_a_session_that_somebody_else_began_is_not_used(served, vera):
    """Session fixation: the token after signing in is none that was known before it."""
    planted = served.archive.sessions.open(served.account(Person("eve", Role.VIEWER)))
    cookie = served.state.sessions.cookie
    answer = vera.post(
        "/api/v1/session",
        json={"name": "vera", "password": PASSWORD},
        headers={"Cookie": f"{cookie}={planted}"},
    )
    assert answer.cookies[cookie] != planted
    assert served.archive.sessions.find(planted) is None
    for made_up in ("x" * 43, "", "\xff", "a=b"):
        other = TestClient(vera.app, base_url="http://127.0.0.1", follow_redirects=False)
        headers = [(b"Cookie", f"{cookie}={made_up}".encode("latin-1"))]
        given = {"name": "vera", "password": PASSWORD}
        assert other.post("/api/v1/session", json=given, headers=headers).status_code == 200
        assert served.archive.sessions.find(made_up) is None


@pytest.mark.full
def test_a_session_survives_a_restart_of_the_server(served, vera):
    vera.post("/api/v1/session", json={"name": "vera", "password": PASSWORD})
    again = make_app(make_state(served.archive, ServeSettings()))
    client = TestClient(again, base_url="http://127.0.0.1", cookies=dict(vera.cookies))
    assert session(client)["name"] == "vera"


def test_a_team_has_no_link_and_no_session_by_one(served):
    by_link = served.as_(None)
    by_link.get(f"/sign-in/{served.state.sessions.link()}")
    assert session(by_link)["account_id"] is None
    settings = ServeSettings(hosts=("cctv.example",), secure=True, local=False)
    team = make_app(make_state(served.archive, settings))
    client = TestClient(team, base_url="https://cctv.example", follow_redirects=False)
    name = make_state(served.archive, settings).sessions.cookie
    client.cookies.set(name, by_link.cookies[served.state.sessions.cookie])
    assert session(client) is None
    assert "printed in the terminal" not in client.get("/sign-in").text
    served.account(VERA)
    response = client.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-reidsearch-")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert "max-age=" in response.headers["strict-transport-security"]


@pytest.mark.full
def test_an_archive_that_cannot_be_written_is_served(served, tmp_path):
    served.archive.close()
    with read_only(tmp_path / "archive") as folder, Archive.open(folder, actor="maria") as archive:
        state = make_state(archive, ServeSettings())
        client = TestClient(make_app(state), base_url="http://127.0.0.1")
        link = state.sessions.link()
        client.get(f"/sign-in/{link}")
        assert session(client)["name"] == "maria"
        kept = dict(client.cookies)
        assert client.get(f"/sign-in/{link}").url.query == b"used=true"
        assert client.delete("/api/v1/session").status_code == 204
        client.cookies.update(kept)
        assert session(client) is None


@pytest.mark.full
def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_added(served):
    settings = ServeSettings(hosts=("cctv.example",), secure=True, local=False, proxied=True)
    app = make_app(make_state(served.archive, settings))
    client = TestClient(app, base_url="https://cctv.example")

    def guess(*forwarded: str) -> int:
        headers = [("X-Forwarded-For", one) for one in forwarded]
        given = {"name": f"name{guess.count}", "password": WRONG}
        guess.count += 1
        return client.post("/api/v1/session", json=given, headers=headers).status_code

    guess.count = 0
    made_up = [guess(f"203.0.113.{n}, 192.0.2.1") for n in range(sign_in.FREE_FAILURES + 1)]
    assert made_up == [401] * sign_in.FREE_FAILURES + [429]
    assert guess("192.0.2.1", "192.0.2.2") == 401, "the last one counts"
    addresses = {one["address"] for one in events(served.archive, Event.SIGN_IN_FAILED)}
    assert addresses == {"192.0.2.1", "192.0.2.2"}
    for bad in ((), ("",), ("unknown",), ("192.0.2.1, evil",)):
        assert guess(*bad) == 400


@pytest.mark.full
def test_without_a_proxy_nobody_chooses_an_address(served, vera):
    for number in range(sign_in.FREE_FAILURES):
        vera.post(
            "/api/v1/session",
            json={"name": f"name{number}", "password": WRONG},
            headers={"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": "for=192.0.2.9"},
        )
    refused = vera.post("/api/v1/session", json={"name": "vera", "password": PASSWORD})
    assert refused.status_code == 429


# -- passwords and accounts ----------------------------------------------------------------------


@pytest.mark.full
def test_changing_the_own_password_ends_the_other_sessions(served):
    here, there = served.as_(VERA), served.as_(VERA)
    fields = {"old": PASSWORD, "new": OTHER, "again": OTHER}
    refused = form(here, "/account", "/account/password", **fields | {"old": WRONG})
    assert refused.status_code == 401
    refused = form(here, "/account", "/account/password", **fields | {"again": "x"})
    assert "not typed the same twice" in refused.text
    refused = form(here, "/account", "/account/password", **fields | {"new": "x", "again": "x"})
    assert "at least 12 characters" in refused.text
    assert session(there) is not None
    done = form(here, "/account", "/account/password", **fields)
    assert done.headers["location"] == "/account?done=password"
    assert session(here) is not None
    assert session(there) is None
    assert served.archive.accounts.verify("vera", OTHER)


def test_guessing_the_old_password_in_a_stolen_session_is_slowed(served):
    client = served.as_(VERA)
    given = {"old": WRONG, "new": OTHER}
    codes: list[int] = []
    while 429 not in codes and len(codes) < 12:  # a slow machine outlives the first, short waits
        codes.append(client.post("/api/v1/session/password", json=given).status_code)
    assert codes[:5] == [401] * 5
    assert codes[-1] == 429


def test_who_started_the_server_has_no_password(served):
    client = served.as_(None)
    client.get(f"/sign-in/{served.state.sessions.link()}")
    assert 'action="/account/password"' not in client.get("/account").text
    refused = client.post("/api/v1/session/password", json={"old": "", "new": OTHER})
    assert refused.json()["kind"] == "account-none"


@pytest.mark.full
def test_an_admin_manages_accounts_by_the_page(served):
    admin = served.client

    def sent(path: str, **fields: str) -> str:
        response = form(admin, "/accounts", f"/accounts/{path}", **fields)
        return response.headers.get("location", response.text)

    twice = {"password": PASSWORD, "again": PASSWORD}
    fields = {"name": "vera", "role": "viewer", "sees": "only", "cameras": "gate\n yard \n"}
    fields |= twice
    assert sent("add", **fields) == "/accounts?done=add"
    vera = served.archive.accounts.find("vera")
    assert (vera.role, vera.cameras) == ("viewer", ("gate", "yard"))
    number = vera.account_id
    assert sent(f"{number}/role", role="analyst") == "/accounts?done=role"
    assert sent(f"{number}/cameras", sees="all", cameras="") == "/accounts?done=cameras"
    assert sent(f"{number}/password", password=OTHER, again=OTHER) == "/accounts?done=password"
    assert served.archive.accounts.verify("vera", OTHER).cameras is None
    assert sent(f"{number}/disable") == "/accounts?done=disable"
    assert "cannot sign in" in admin.get("/accounts").text
    assert sent(f"{number}/enable") == "/accounts?done=enable"
    assert "really to be removed" in sent(f"{number}/remove")
    assert sent(f"{number}/remove", sure="true") == "/accounts?done=remove"
    assert {one.name for one in served.archive.accounts.all()} == {"anna"}
    actors = {
        one["actor"] for one in events(served.archive, Event.ACCOUNT) if one["name"] == "vera"
    }
    assert actors == {"anna"}


@pytest.mark.full
def test_who_may_see_no_camera_does_not_see_all_once_the_form_is_sent_as_it_was_shown(served):
    number = served.account(Person("vera", Role.VIEWER, frozenset())).account_id
    path = f"/accounts/{number}/cameras"
    page = served.client.get("/accounts").text
    shown = page[page.index(f'action="{path}"') :].partition("</form>")[0]
    (chosen,) = re.findall(r'name="sees" value="(\w+)"[^>]* checked', shown)
    (lines,) = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", shown)
    assert form(served.client, "/accounts", path, sees=chosen, cameras=lines).status_code == 303
    assert served.archive.accounts.find("vera").cameras == ()
    refused = form(served.client, "/accounts", path, sees="all", cameras="gate")
    assert "some are named" in refused.text
    assert form(served.client, "/accounts", path, cameras="").status_code == 422
    assert served.archive.accounts.find("vera").cameras == ()


def test_an_admin_manages_accounts_over_the_api(served):
    given = {"name": "vera", "password": PASSWORD, "role": "viewer", "cameras": ["gate"]}
    made = served.client.post("/api/v1/accounts", json=given)
    assert made.status_code == 201
    require_valid(made.json())
    place = f"/api/v1/accounts/{made.json()['account']['account_id']}"
    for change, value in (
        ("cameras", None),
        ("role", "admin"),
        ("disabled", True),
        ("disabled", False),
        ("password", OTHER),
    ):
        told = served.client.patch(place, json={change: value})
        require_valid(told.json())
        assert told.json()["account"].get(change, value) == value
        assert OTHER not in told.text
        assert "argon2" not in told.text
    for wrong in ({}, {"role": "admin", "disabled": True}, {"role": "boss"}, {"hash": "x"}):
        assert served.client.patch(place, json=wrong).status_code == 422
    assert served.client.post("/api/v1/accounts", json=given).json()["kind"] == "account-name-taken"
    assert served.client.delete(place).status_code == 200
    assert served.client.delete(place).status_code == 404


def test_nobody_takes_rights_from_themselves(served):
    """So an admin always stays; and another admin, or the command line, can always help."""
    number = served.archive.accounts.find("anna").account_id
    for answer in (
        served.client.patch(f"/api/v1/accounts/{number}", json={"role": "viewer"}),
        served.client.patch(f"/api/v1/accounts/{number}", json={"disabled": True}),
        served.client.delete(f"/api/v1/accounts/{number}"),
    ):
        assert answer.json()["kind"] == "account-of-self"
    assert f'action="/accounts/{number}/' not in served.client.get("/accounts").text


def test_a_role_that_is_taken_away_holds_at_once(served):
    admin = served.as_(Person("otto", Role.ADMIN))
    assert admin.get("/accounts").status_code == 200
    served.archive.accounts.set_role("otto", accounts.Role.VIEWER)
    assert admin.get("/accounts").status_code == 403
    assert admin.get("/api/v1/accounts").json()["kind"] == "role-too-low"
    served.archive.accounts.disable("otto")
    assert admin.get("/api/v1/accounts").json()["kind"] == "sign-in-needed"


@pytest.mark.full
def test_hostile_names_are_shown_as_text(served):
    name = "<img src=x onerror=alert(1)>\"'&"
    served.account(Person(name, Role.VIEWER, frozenset({"<b>gate</b>"})))
    for client, page in (
        (served.client, "/accounts"),
        (served.as_(Person(name, Role.VIEWER)), "/"),
    ):
        html = client.get(page).text
        assert "<img" not in html
        assert "<b>gate" not in html
        assert "&lt;img src=x" in html
