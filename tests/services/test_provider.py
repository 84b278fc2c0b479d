"""What an identity provider, or somebody in its name, says: believed only where all of it holds."""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from identity_providers import CLIENT, Forger, asked_of, provider

from reidsearch.base.errors import UsageError
from reidsearch.base.settings import SignInSettings
from reidsearch.services.provider import Claimed, Provider, ProviderTrouble

BACK = "https://cctv.example/sign-in/back"
SECRET = "what the browser keeps"


@pytest.fixture
def forger():
    with provider(Forger) as made:
        yield made


def client(forger: Forger, **settings: Any) -> Provider:
    chosen = SignInSettings(oidc_issuer=forger.issuer, oidc_client_id=CLIENT, **settings)
    return Provider(chosen, "a secret")


def begun(forger: Forger, asking: Provider) -> dict[str, str]:
    asked = asked_of(asking.begin(SECRET, BACK))
    forger.claims = forger.sound(asked)
    return asked


def given(asked: dict[str, str], **more: str) -> dict[str, str]:
    return {"code": "the code", "state": asked["state"], "session_state": "x"} | more


def test_what_holds_is_believed(forger) -> None:
    asking = client(forger)
    asked = begun(forger, asking)
    assert asked["redirect_uri"] == BACK
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert SECRET not in repr(asked)
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    found = client(forger).end(SECRET, BACK, given(asked))  # another server ends it
    assert found == Claimed(forger.issuer, "s-1", "maria")
    with pytest.raises(ProviderTrouble, match="400"):
        asking.end(SECRET, BACK, given(asked))  # the code was used


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"iss": "https://evil.example"}, "does not hold"),
        ({"aud": "another"}, "does not hold"),
        ({"aud": [CLIENT, "another"]}, "another client"),
        ({"azp": "another"}, "another client"),
        ({"exp": int(time.time()) - 120}, "does not hold"),
        ({"exp": None}, "does not hold"),
        ({"iat": int(time.time()) + 600}, "does not hold"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": None}, "does not hold"),
    ],
)
def test_a_token_that_does_not_hold_is_refused(forger, changed, why) -> None:
    asking = client(forger)
    asked = begun(forger, asking)
    claims = forger.claims | changed
    forger.claims = {name: value for name, value in claims.items() if value is not None}
    with pytest.raises(ProviderTrouble, match=why):
        asking.end(SECRET, BACK, given(asked))


def test_a_clock_may_be_a_little_wrong(forger) -> None:
    asking = client(forger)
    asked = begun(forger, asking)
    forger.claims["exp"] = int(time.time()) - 30
    assert asking.end(SECRET, BACK, given(asked)).subject == "s-1"


def test_another_signature_is_refused(forger) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    asking = client(forger)
    asked = begun(forger, asking)
    public = forger.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    whole = jwt.encode(forger.claims, forger.key, "RS256", headers={"kid": "1"})
    assert asking.verified(whole, asked["nonce"]).subject == "s-1"
    head, body, _ = whole.split(".")
    by_hmac = part(b'{"alg":"HS256","kid":"1"}') + "." + body
    for token in (
        jwt.encode(forger.claims, other, "RS256", headers={"kid": "1"}),
        f"{by_hmac}.{part(hmac.digest(public, by_hmac.encode(), 'sha256'))}",
        part(b'{"alg":"none"}') + f".{body}.",
        f"{head}.{body}.",
        "",
    ):
        with pytest.raises(ProviderTrouble, match=r"does not hold|is refused"):
            asking.verified(token, asked["nonce"])


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_what_came_back_has_to_fit_this_browser(forger) -> None:
    asking = client(forger)
    asked = begun(forger, asking)
    for secret, sent in (
        ("another browser", given(asked)),
        (SECRET, given(asked, state="another")),
        (SECRET, {"code": "the code"}),
        (SECRET, given(asked, iss="https://evil.example")),
        (SECRET, {"error": "access_denied", "state": asked["state"]}),
        (SECRET, {"state": asked["state"]}),
    ):
        with pytest.raises(ProviderTrouble):
            asking.end(secret, BACK, sent)
    assert forger.codes, "the code was not even sent"


def test_a_name_is_taken_from_the_chosen_claim_alone(forger) -> None:
    for claim, claims, name in (
        ("email", {"email": "m@x.example", "email_verified": True}, "m@x.example"),
        ("email", {"email": "m@x.example"}, None),
        ("email", {"email": "m@x.example", "email_verified": "true"}, None),
        ("sub", {}, "s-1"),
        ("preferred_username", {"preferred_username": ["maria"]}, None),
        ("preferred_username", {"preferred_username": "ma\u202eria"}, None),
    ):
        asking = client(forger, oidc_claim=claim)
        asked = begun(forger, asking)
        forger.claims |= claims
        assert asking.end(SECRET, BACK, given(asked)).name == name


def test_keys_may_change(forger) -> None:
    asking = client(forger)
    asking.end(SECRET, BACK, given(begun(forger, asking)))
    forger.told, told = (lambda path: {**told(path), "keys": []}), forger.told
    assert asking.end(SECRET, BACK, given(begun(forger, asking))).name == "maria", "kept a while"


def test_a_provider_that_is_away_or_of_another_name_is_told() -> None:
    with provider(Forger) as forger:
        asking = client(forger)
    with pytest.raises(ProviderTrouble) as trouble:
        asking.begin(SECRET, BACK)
    assert trouble.value.away
    with provider(Forger) as forger:
        chosen = SignInSettings(oidc_issuer=f"{forger.issuer}/realm", oidc_client_id=CLIENT)
        with pytest.raises(ProviderTrouble, match="another issuer"):
            Provider(chosen, None).begin(SECRET, BACK)


def test_only_https_is_asked() -> None:
    for issuer in ("http://login.example", "file:///etc/passwd"):
        with pytest.raises(UsageError, match="https"):
            Provider(SignInSettings(oidc_issuer=issuer, oidc_client_id=CLIENT), None)
    with pytest.raises(UsageError, match="oidc_client_id"):
        Provider(SignInSettings(oidc_issuer="https://login.example"), None)
