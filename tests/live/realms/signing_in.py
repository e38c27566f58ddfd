"""A person at a browser in a realm of their own, and the level that the app is told."""

import base64
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from playwright.sync_api import Browser, Page

from idp_bridge.keycloak.provisioning import AdminApi
from idp_bridge.keycloak.provisioning.reconcile import Memory
from tests.live.realms.small_op import SmallOp

PASSWORD = "kite-river-42"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class TrialRealm:
    """A realm made from our own declarations, under another name."""

    keycloak: str
    name: str
    api: AdminApi
    op: SmallOp
    memory: Memory = field(default_factory=Memory)

    def person(self, *, password: bool = False, totp: bool = False) -> tuple[str, str]:
        """Somebody with these ways in: user name and id, linked to both ways of the bridge."""
        username = f"person-{secrets.token_hex(4)}"
        credentials: list[dict[str, Any]] = []
        if password:
            credentials.append({"type": "password", "value": PASSWORD})
        if totp:
            credentials.append(_totp())
        base = f"/realms/{self.name}/users"
        self.api.post(base, {"username": username, "enabled": True, "credentials": credentials})
        subject = self.api.get(f"{base}?exact=true&username={username}")[0]["id"]
        for way in ("qr", "activation"):
            link = {"identityProvider": way, "userId": subject, "userName": username}
            self.api.post(f"{base}/{subject}/federated-identity/{way}", link)
        return username, subject

    def require(self, subject: str, action: str) -> None:
        self.api.put(f"/realms/{self.name}/users/{subject}", {"requiredActions": [action]})

    @property
    def client(self) -> dict[str, str]:
        return {"client_id": "trial", "redirect_uri": f"{self.op.issuer}/done"}


def _totp() -> dict[str, str]:
    data = {
        "subType": "totp",
        "digits": 6,
        "period": 30,
        "algorithm": "HmacSHA1",
        "secretEncoding": "BASE32",
    }
    return {
        "type": "otp",
        "secretData": json.dumps({"value": TOTP}),
        "credentialData": json.dumps(data),
    }


def _code(later: int) -> str:
    step = int(time.time()) // 30 + later
    mac = hmac.digest(base64.b32decode(TOTP), step.to_bytes(8, "big"), "sha1")
    number = int.from_bytes(mac[(start := mac[-1] & 15) : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@dataclass
class Visitor:
    """One browser. ``at`` goes to an app; what follows is what the person does there."""

    realm: TrialRealm
    browser: Browser
    keys: list[dict[str, Any]] | None = None
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        context = self.browser.new_context(locale="en-US")
        self.page = context.new_page()
        self._cdp = context.new_cdp_session(self.page)
        if self.keys is not None:
            self._authenticator(self.keys)

    def at(self, **request: str) -> "Visitor":
        query = {**self.realm.client, "response_type": "code", "scope": "openid", **request}
        address = f"{self.realm.keycloak}/realms/{self.realm.name}/protocol/openid-connect/auth"
        self.page.goto(f"{address}?{urlencode(query)}")
        return self

    @property
    def is_done(self) -> bool:
        """Whether the browser is back at the app."""
        return self.page.url.startswith(self.realm.client["redirect_uri"])

    @property
    def level(self) -> str | None:
        """The ``acr`` of the app's token; ``None`` while Keycloak still asks something."""
        claims = self.claims()
        return None if claims is None else str(claims["acr"])

    def claims(self) -> dict[str, Any] | None:
        self.page.wait_for_load_state()
        if not self.is_done:
            return None
        code = parse_qs(urlsplit(self.page.url).query)["code"][0]
        answer = httpx.post(
            f"{self.realm.keycloak}/realms/{self.realm.name}/protocol/openid-connect/token",
            data={"grant_type": "authorization_code", "code": code, **self.realm.client},
        )
        body = answer.raise_for_status().json()["id_token"].split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(f"{body}=="))
        return claims

    def words(self) -> str:
        self.page.wait_for_load_state()
        return self.page.inner_text("main")

    def types_password(self, username: str = "") -> "Visitor":
        if username:
            self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        self.page.click("#kc-login")
        return self

    def types_code(self, later: int = 0) -> "Visitor":
        """A code works once; Keycloak takes the next one a little early, so nobody has to wait."""
        self.page.fill("#otp", _code(later))
        self.page.click("#kc-login")
        return self

    def held_keys(self) -> list[dict[str, Any]]:
        held = self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        keys: list[dict[str, Any]] = held["credentials"]
        return keys

    def _authenticator(self, keys: list[dict[str, Any]]) -> None:
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = made["authenticatorId"]
        for key in keys:
            given = {"authenticatorId": self._id, "credential": key}
            self._cdp.send("WebAuthn.addCredential", given)
