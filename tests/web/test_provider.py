"""Signing in at a real identity provider: who gets in, who does not, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from identity_providers import CLIENT, Real, asked_of, provider
from signing import PASSWORD, events
from starlette.testclient import TestClient

from reidsearch.base.settings import SignInSettings
from reidsearch.domain.accounts import Role
from reidsearch.domain.event_log import Event
from reidsearch.web.app import make_app, make_state
from reidsearch.web.state import ServeSettings

pytestmark = pytest.mark.full
HOST = "https://cctv.example"


@pytest.fixture(scope="module")
def real() -> Iterator[Real]:
    with provider(Real) as made:
        yield made


@dataclass
class Site:
    """A server that people sign in to by the provider."""

    archive: Any
    provider: Real
    app: Any

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url=HOST, follow_redirects=False)

    def sent(self, browser: TestClient) -> str:
        """Where the browser is sent to."""
        answer = browser.get("/sign-in/provider")
        assert answer.status_code == 303
        return answer.headers["location"]

    def signed_in(self, subject: str, browser: TestClient | None = None) -> str | None:
        """Sign in as somebody; return their name here."""
        browser = browser or self.browser()
        back = self.provider.visited(self.sent(browser), subject)
        answer = browser.get(back, headers={"Sec-Fetch-Site": "cross-site"})
        if answer.status_code == 303:
            self.told = answer.headers["location"]
            assert browser.get(self.told).status_code == 200
            assert browser.get("/api/v1/session").status_code == 401
            return None
        assert answer.status_code == 200
        assert 'http-equiv="refresh"' in answer.text
        return str(browser.get("/api/v1/session").json()["name"])


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REIDSEARCH_OIDC_SECRET", "a secret of this client")


@pytest.fixture
def site(served, real) -> Site:
    return make_site(served.archive, real)


def make_site(archive: Any, real: Real, **more: Any) -> Site:
    chosen = SignInSettings(oidc_issuer=real.issuer, oidc_client_id=CLIENT, **more)
    settings = ServeSettings(("cctv.example",), secure=True, local=False, sign_in=chosen)
    return Site(archive, real, make_app(make_state(archive, settings)))


def test_an_account_signs_in_and_is_recorded_and_signs_out(site) -> None:
    site.archive.accounts.add("maria", None, Role.ANALYST, cameras=["yard"])
    site.provider.know("s-maria", preferred_username="Maria")
    browser = site.browser()
    assert site.signed_in("s-maria", browser) == "maria"
    session = browser.get("/api/v1/session").json()
    assert (session["role"], session["cameras"]) == ("analyst", ["yard"])
    cookies = [one for one in browser.cookies.jar if "provider" not in one.name]
    assert all(one.secure and one.name.startswith("__Host-") for one in cookies)
    last = events(site.archive, Event.SIGN_IN)[-1]
    assert (last["actor"], last["how"]) == ("maria", "provider")
    bound = events(site.archive, Event.ACCOUNT)[-1]
    assert (bound["change"], bound["subject"]) == ("bind", "s-maria")
    assert browser.delete("/api/v1/session").status_code == 204
    assert browser.get("/api/v1/session").status_code == 401
    assert site.archive.log.faults() == []


def test_who_gets_a_name_later_does_not_get_its_account(site) -> None:
    site.archive.accounts.add("vera", None, Role.ANALYST)
    site.provider.know("s-vera", preferred_username="vera")
    assert site.signed_in("s-vera") == "vera"
    site.provider.know("s-vera", preferred_username="vera.married")
    site.provider.know("s-mallory", preferred_username="vera")
    assert site.signed_in("s-vera") == "vera", "under another name at the provider"
    assert site.signed_in("s-mallory") is None
    assert site.told == "/sign-in?provider=stranger"
    site.archive.accounts.unbind("vera")
    assert site.signed_in("s-mallory") == "vera"


def test_strangers_and_disabled_accounts_do_not_get_in(site) -> None:
    site.archive.accounts.add("dora", None, Role.VIEWER)
    site.archive.accounts.disable("dora")
    site.provider.know("s-dora", preferred_username="dora")
    site.provider.know("s-nobody", preferred_username="nobody")
    for subject in ("s-dora", "s-nobody", "s-nameless"):
        assert site.signed_in(subject) is None
        assert site.told == "/sign-in?provider=stranger"
    names = [one["name"] for one in events(site.archive, Event.SIGN_IN_FAILED)]
    assert names == ["dora", None, None]
    assert {one.name for one in site.archive.accounts.all()} >= {"dora"}
    assert "nobody" not in {one.name for one in site.archive.accounts.all()}


def test_new_accounts_are_made_where_the_settings_say_so(served, real) -> None:
    site = make_site(served.archive, real, oidc_new_accounts="viewer")
    real.know("s-new", preferred_username="Newt")
    assert site.signed_in("s-new") == "Newt"
    made = site.archive.accounts.find("newt")
    assert (made.role, made.cameras) == (Role.VIEWER, None)
    site.archive.accounts.disable("newt")
    assert site.signed_in("s-new") is None
    assert site.archive.accounts.verify("newt", "!") is None


def test_a_sign_in_is_of_one_browser_and_of_once(site) -> None:
    site.archive.accounts.add("ida", None, Role.VIEWER)
    site.provider.know("s-ida", preferred_username="ida")
    browser, other = site.browser(), site.browser()
    back = site.provider.visited(site.sent(browser), "s-ida")
    site.sent(other)
    refused = other.get(back)  # somebody is led to sign in as another
    assert refused.headers["location"] == "/sign-in?provider=refused"
    assert other.get("/api/v1/session").status_code == 401
    assert browser.get(back).status_code == 200
    again = browser.get(back)
    assert again.headers["location"] == "/sign-in?provider=refused"
    for path in ("/sign-in/back", "/sign-in/back?error=access_denied&state=x"):
        assert site.browser().get(path).headers["location"] == "/sign-in?provider=refused"


def test_a_provider_that_is_away_is_told_and_nothing_of_it(served, caplog) -> None:
    with provider(Real) as gone:
        site = make_site(served.archive, gone)
        browser = site.browser()
        back = gone.visited(site.sent(browser), "s-x")
    answer = browser.get(back)
    assert answer.headers["location"] == "/sign-in?provider=away"
    page = browser.get(answer.headers["location"]).text
    assert "cannot be reached" in page
    assert gone.issuer not in page
    assert "cannot be reached" in caplog.text


def test_passwords_can_be_switched_off(served, real) -> None:
    site = make_site(served.archive, real, passwords=False)
    site.archive.accounts.add("pia", PASSWORD, Role.VIEWER)
    real.know("s-pia", preferred_username="pia")
    browser = site.browser()
    page = browser.get("/sign-in").text
    assert "/sign-in/provider" in page
    assert 'type="password"' not in page
    given = {"name": "pia", "password": PASSWORD}
    refused = browser.post("/api/v1/session", json=given)
    assert (refused.status_code, refused.json()["kind"]) == (403, "passwords-off")
    assert site.signed_in("s-pia", browser) == "pia"
    change = {"old": PASSWORD, "new": "another long one"}
    assert browser.post("/api/v1/session/password", json=change).status_code == 403


def test_the_browser_is_asked_for_what_it_needs(site) -> None:
    browser = site.browser()
    answer = browser.get("/sign-in/provider")
    asked = asked_of(answer.headers["location"])
    assert asked["redirect_uri"] == f"{HOST}/sign-in/back"
    assert asked["client_id"] == CLIENT
    cookie = answer.headers["set-cookie"]
    assert all(one in cookie for one in ("HttpOnly", "Secure", "SameSite=lax", "__Host-"))
    assert json.dumps(asked).find(cookie.split("=")[1].split(";")[0]) == -1
