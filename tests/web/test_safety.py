"""What no request gets past: foreign hosts, large bodies, other sites, used links."""

from __future__ import annotations

import pytest

from reidsearch.web.state import ServeSettings


@pytest.mark.full
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "evil:80", "[::2]"])
def test_a_foreign_host_is_not_answered(served, host: str) -> None:
    response = served.client.get("/", headers={"Host": host})
    assert (response.status_code, response.json()["kind"]) == (421, "other-host")


@pytest.mark.full
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "[::1]:8765", "LOCALHOST"])
def test_own_names_are_answered(served, host: str) -> None:
    assert served.client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.full
def test_every_response_has_a_strict_policy(served) -> None:
    for path in ("/", "/sign-in", "/static/style.css", "/api/v1/archive", "/nowhere"):
        headers = served.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_link_signs_in_once(served) -> None:
    client = served.as_(None)
    token = served.state.sessions.link()
    first = client.get(f"/sign-in/{token}")
    cookie = first.headers["set-cookie"]
    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.get("/").status_code == 200
    again = served.as_(None).get(f"/sign-in/{token}")
    assert again.headers["location"] == "/sign-in?used=true"
    assert "set-cookie" not in again.headers


def test_nothing_outside_of_the_static_files_is_read(served) -> None:
    for path in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "....//app.py", "/etc/passwd"):
        assert served.client.get(f"/static/{path}").status_code == 404


def test_an_unknown_page_says_so(served) -> None:
    response = served.client.get("/nowhere")
    assert response.status_code == 404
    assert "there is no such page" in response.text


def test_largest_body_is_bounded() -> None:
    assert ServeSettings().largest_body <= 64 * 1024 * 1024


def test_an_unknown_address_of_the_api_is_a_problem(served) -> None:
    response = served.client.get("/api/v1/nowhere")
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["kind"]) == (404, "not-found")
