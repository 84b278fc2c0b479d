"""Signing in at an identity provider: OpenID Connect, authorization code with PKCE.

In: the provider's settings, and what a browser brought back. Out: who the provider says it is. What
has to be remembered between the two requests of a browser is one secret, which it keeps itself in a
cookie: `state`, `nonce` and the code verifier are made of it, so any server can end what another
one has begun. The provider is asked over HTTPS, without redirects, within bounds of time and size.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from reidsearch.base.errors import UsageError
from reidsearch.base.settings import SignInSettings

TIMEOUT_S = 10.0
LARGEST_ANSWER = 1 << 20
KNOWN_FOR_S = 600.0
"""How long the provider's own description and keys are believed without asking again."""
CLOCK_SKEW_S = 60
LONGEST_NAME = 100
LONGEST_SUBJECT = 255
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures by a key that the provider alone has."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ProviderTrouble(Exception):
    """Nobody can be signed in by what the provider, or the browser, says; for the server's log.

    Args:
        away: the provider cannot be asked just now.
    """

    def __init__(self, why: str, *, away: bool = False) -> None:
        super().__init__(why)
        self.away = away


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who the provider says somebody is.

    Args:
        subject: never of another at this provider.
        name: of their account here, by the claim that was chosen; None: there is no such claim.
    """

    issuer: str
    subject: str
    name: str | None


@dataclass(slots=True)
class _Known:
    at: float
    value: dict[str, Any] = field(repr=False)


class Provider:
    """An identity provider; threads may share it.

    Args:
        settings: with issuer and client id.
        secret: of this client; None: it has none, PKCE alone protects the code.

    Raises:
        UsageError: they cannot be used, or a library is missing.
    """

    def __init__(self, settings: SignInSettings, secret: str | None) -> None:
        issuer, client = settings.oidc_issuer, settings.oidc_client_id
        if issuer is None or client is None:
            raise UsageError("an identity provider needs oidc_issuer and oidc_client_id together")
        _require_https(issuer)
        try:
            import jwt  # noqa: F401
        except ImportError as error:
            raise UsageError(
                "signing in at an identity provider needs the package PyJWT",
                "install reidsearch with the extra `team`",
            ) from error
        self._issuer, self._client, self._secret = issuer.rstrip("/"), client, secret
        self._claim = settings.oidc_claim
        self._known: dict[str, _Known] = {}
        self._asking = threading.Lock()
        self._opener = build_opener(_NoRedirect)

    def begin(self, secret: str, back: str) -> str:
        """Return the address where a browser signs in.

        Args:
            secret: that the browser keeps.
            back: the address here that it is sent back to.

        Raises:
            ProviderTrouble: the provider cannot be asked.
        """
        challenge = hashlib.sha256(_made_of(secret, "verifier").encode()).digest()
        fields = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": back,
            "scope": "openid profile email",
            "state": _made_of(secret, "state"),
            "nonce": _made_of(secret, "nonce"),
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        at = self._endpoint("authorization_endpoint")
        return f"{at}{'&' if '?' in at else '?'}{urlencode(fields)}"

    def end(self, secret: str, back: str, given: Mapping[str, str]) -> Claimed:
        """Return who has signed in.

        Args:
            secret: as the browser kept it.
            given: what the provider sent back with the browser.

        Raises:
            ProviderTrouble: nobody, or what says so does not hold.
        """
        state = given.get("state", "").encode("utf-8", "backslashreplace")
        if not hmac.compare_digest(state, _made_of(secret, "state").encode()):
            raise ProviderTrouble("state is another: not of a sign-in that this browser began")
        if given.get("iss", self._issuer).rstrip("/") != self._issuer:
            raise ProviderTrouble("the answer is of another issuer")
        if "error" in given or "code" not in given:
            raise ProviderTrouble(f"the provider says {given.get('error', 'nothing')[:80]!r}")
        fields = {
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": back,
            "client_id": self._client,
            "code_verifier": _made_of(secret, "verifier"),
        }
        answer = self._json(self._request_of_tokens(fields))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderTrouble("the provider gave no id_token")
        return self.verified(token, _made_of(secret, "nonce"))

    def verified(self, token: str, nonce: str) -> Claimed:
        """Return who an id token is about.

        Raises:
            ProviderTrouble: its signature, issuer, audience, time or nonce does not hold.
        """
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in ALGORITHMS:
                raise ProviderTrouble(f"an id_token signed by {str(algorithm)[:20]!r} is refused")
            claims = jwt.decode(
                token,
                self._key(header.get("kid"), algorithm),
                algorithms=[algorithm],
                audience=self._client,
                issuer=[self._issuer, f"{self._issuer}/"],
                leeway=CLOCK_SKEW_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise ProviderTrouble(f"the id_token does not hold: {error}") from error
        if not hmac.compare_digest(
            str(claims.get("nonce")).encode("utf-8", "backslashreplace"), nonce.encode()
        ):
            raise ProviderTrouble("nonce is another: the id_token is of another sign-in")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client) != self._client:
            raise ProviderTrouble("the id_token was made for another client")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise ProviderTrouble("the id_token names nobody")
        return Claimed(self._issuer, subject, self._name(claims))

    def _name(self, claims: Mapping[str, Any]) -> str | None:
        name = claims.get(self._claim)
        if self._claim == "email" and claims.get("email_verified") is not True:
            return None  # anybody may have typed it
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            return None
        return name if len(name) <= LONGEST_NAME else None

    # -- asking the provider ----------------------------------------------------------------

    def _key(self, kid: str | None, algorithm: str) -> Any:
        import jwt

        for again in (False, True):  # keys change: an unknown one is asked for
            known = self._fetched(self._endpoint("jwks_uri"), again=again)
            listed = known.get("keys")
            for one in listed if isinstance(listed, list) else []:
                if (
                    isinstance(one, dict)
                    and one.get("use", "sig") == "sig"
                    and (kid is None or one.get("kid") == kid)
                ):
                    return jwt.PyJWK.from_dict(one, algorithm).key
        raise ProviderTrouble("the id_token is signed by no key of the provider")

    def _endpoint(self, name: str) -> str:
        told = self._fetched(f"{self._issuer}/.well-known/openid-configuration")
        if str(told.get("issuer", "")).rstrip("/") != self._issuer:
            raise ProviderTrouble("the provider's description is of another issuer")
        address = told.get(name)
        if not isinstance(address, str):
            raise ProviderTrouble(f"the provider's description has no {name}")
        try:
            _require_https(address)
        except UsageError as error:
            raise ProviderTrouble(error.message) from error
        return address

    def _fetched(self, address: str, *, again: bool = False) -> dict[str, Any]:
        """Return a document of the provider, as it was within the last minutes.

        Args:
            again: it is asked for even so, once a minute at most.
        """
        with self._asking:
            known = self._known.get(address)
            age = time.monotonic() - known.at if known else KNOWN_FOR_S
            if known is not None and age < (KNOWN_FOR_S / 10 if again else KNOWN_FOR_S):
                return known.value
            value = self._json(Request(address, headers={"Accept": "application/json"}))  # noqa: S310
            self._known[address] = _Known(time.monotonic(), value)
            return value

    def _request_of_tokens(self, fields: dict[str, str]) -> Request:
        address = self._endpoint("token_endpoint")
        told = self._fetched(f"{self._issuer}/.well-known/openid-configuration")
        headers = {"Accept": "application/json"}
        ways = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._secret is not None and "client_secret_basic" in ways:
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif self._secret is not None:
            fields = fields | {"client_secret": self._secret}
        return Request(address, urlencode(fields).encode(), headers)  # noqa: S310

    def _json(self, request: Request) -> dict[str, Any]:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                read = answer.read(LARGEST_ANSWER + 1)
            value = json.loads(read) if len(read) <= LARGEST_ANSWER else None
        except HTTPError as error:
            error.close()
            away = error.code >= 500
            raise ProviderTrouble(f"the provider answered {error.code}", away=away) from error
        except (URLError, OSError) as error:
            raise ProviderTrouble(f"the provider cannot be reached: {error}", away=True) from error
        except (ValueError, RecursionError) as error:
            raise ProviderTrouble("the provider answered no JSON") from error
        if not isinstance(value, dict):
            raise ProviderTrouble("the provider answered something else")
        return value


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: what is sent holds codes and the secret."""


def _require_https(address: str) -> None:
    """Refuse an address that is not asked over HTTPS, but for one of this machine.

    Raises:
        UsageError: it is none.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise UsageError(f"{address} does not begin with https://")


def _made_of(secret: str, what: str) -> str:
    """Return a text for one use that tells nothing of the secret, nor of those for other uses."""
    made = hmac.new(secret.encode("utf-8", "backslashreplace"), what.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made.digest()).decode().rstrip("=")
