"""A Keycloak with one realm, an application of forms and redirects, for apps to be checked by."""

import base64
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from idp_bridge.core.admission import CheckPerson, Roles

KEYCLOAK = "https://sso.example"
BRIDGE = "https://bridge.example"
CLIENT = "canteen"
KEY = "a key that only the bridge and the tests know, and no app"
_COOKIE = "KEYCLOAK_IDENTITY"


class SmallKeycloak:
    """Signs people in, and tells the app what it was told to tell. ``also`` is told beside."""

    def __init__(self, claims: tuple[str, ...] = ("name",), also: Mapping[str, str] | None = None):
        self.people: dict[str, tuple[CheckPerson, dict[str, list[str]]]] = {}
        self.sessions: dict[str, str] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.claims, self.also = claims, also or {}
        self.told_of_end: Any = lambda sid: None
        self.machines: dict[str, Mapping[str, Any]] = {}

    # The ports of the check.

    async def make(self, realm: str, roles: Roles, *, second_factor: bool) -> CheckPerson:
        mark = secrets.token_hex(4)
        person = CheckPerson(
            realm=realm,
            account=f"account-{mark}",
            username=f"check-{mark}",
            password=f"password-{mark}",
            totp=base64.b32encode(b"twenty bytes of it..").decode() if second_factor else "",
            name=f"姓名{mark}",
            phone=f"199{mark}",
            email=f"{mark}@check.invalid",
            post=f"/unit-{mark}/post",
        )
        held: dict[str, list[str]] = {}
        for client_id, role in roles:
            held.setdefault(client_id, []).append(role)
        self.people[person.username] = (person, held)
        return person

    async def settle(self) -> None:
        return

    async def end_sessions(self, person: CheckPerson) -> None:
        for sid in [s for s, username in self.sessions.items() if username == person.username]:
            del self.sessions[sid]
            self.told_of_end(sid)

    async def clear(self) -> None:
        self.people.clear()

    async def of(self, realm: str, client_id: str, account: str) -> Mapping[str, Mapping[str, Any]]:
        [person] = [p for p, _ in self.people.values() if p.account == account]
        return {"id": self.facts(person.username)}

    async def of_machine(self, realm: str, client_id: str) -> Mapping[str, Any] | None:
        return self.machines.get(client_id)

    # What apps and browsers see.

    def facts(self, username: str) -> dict[str, Any]:
        person, roles = self.people[username]
        access = {client: {"roles": held} for client, held in roles.items() if client == CLIENT}
        names = {"name": "name", "phone": "phone_number", "username": "preferred_username"}
        released = {names[claim]: person.personal[claim] for claim in self.claims}
        return {"sub": person.account, "acr": "password", "resource_access": access} | {
            **released,
            **self.also,
        }

    def mint(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), KEY, "HS256")

    def redeem(self, code: str) -> dict[str, Any] | None:
        return self.codes.pop(code, None)

    def app(self) -> Starlette:
        auth = "/realms/workers/protocol/openid-connect/auth"
        return Starlette(
            routes=[
                Route(auth, self._authorize),
                Route("/realms/workers/protocol/saml", self._authorize),
                Route("/login-actions/authenticate", self._authenticate, methods=["POST"]),
            ]
        )

    def bridge(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/cas/login", self._cas_login),
                Route("/cas/p3/serviceValidate", self._cas_validate),
                Route("/ticket/sign-in", self._ticket),
                Route("/sign-in", self._authorize),
            ]
        )

    async def _authorize(self, request: Request) -> Response:
        return self._answer(request, dict(request.query_params))

    async def _authenticate(self, request: Request) -> Response:
        form = dict(await request.form())
        found = self.people.get(str(form["username"]))
        if found is None or found[0].password != form["password"]:
            return self._form(dict(request.query_params))
        sid = secrets.token_hex(8)
        self.sessions[sid] = found[0].username
        answer = self._answer(request, dict(request.query_params), sid)
        answer.set_cookie(_COOKIE, sid, secure=True, httponly=True, samesite="none")
        return answer

    def _answer(self, request: Request, asked: dict[str, str], sid: str = "") -> Response:
        sid = sid or request.cookies.get(_COOKIE, "")
        if sid not in self.sessions:
            return self._form(asked)
        facts = self.facts(self.sessions[sid]) | {"sid": sid}
        if asked["kind"] == "saml":
            return _self_posting(asked, {"SAMLResponse": _assertion(facts)})
        if asked["kind"] == "ticket":
            return self._posted(asked, facts)
        code = f"ST-{secrets.token_hex(8)}"
        self.codes[code] = facts | {"service": asked["redirect_uri"]}
        if asked["kind"] == "cas":
            if not self._may_enter(facts):
                return HTMLResponse("no role", 403)
            return RedirectResponse(_with(asked["redirect_uri"], {"ticket": code}), 303)
        said = {"code": code} | ({"state": asked["state"]} if "state" in asked else {})
        return RedirectResponse(_with(asked["redirect_uri"], said), 303)

    def _posted(self, asked: dict[str, str], facts: dict[str, Any]) -> Response:
        if not self._may_enter(facts):
            return HTMLResponse("no role", 403)
        roles = facts["resource_access"][CLIENT]["roles"]
        claims = {k: v for k, v in facts.items() if k != "resource_access"} | {"roles": roles}
        claims |= {"jti": secrets.token_hex(8), "aud": CLIENT, "service": asked["redirect_uri"]}
        now = int(time.time())
        ticket = self.mint(claims | {"iat": now, "exp": now + 60})
        fields = {"ticket": ticket, "state": asked.get("state", "")}
        return _self_posting(asked, fields)

    @staticmethod
    def _may_enter(facts: dict[str, Any]) -> bool:
        return bool(facts["resource_access"].get(CLIENT))

    @staticmethod
    def _form(asked: dict[str, str]) -> Response:
        action = f"{KEYCLOAK}/login-actions/authenticate?{urlencode(asked)}"
        action = action.replace("&", "&amp;")
        return HTMLResponse(
            f'<form id="kc-form-login" method="post" action="{action}">'
            '<input name="username"><input type="password" name="password">'
            '<input type="submit" name="login"></form>'
        )

    async def _cas_login(self, request: Request) -> Response:
        return self._to_keycloak("cas", request.query_params["service"], {})

    async def _ticket(self, request: Request) -> Response:
        said = {"state": request.query_params.get("state", "")}
        return self._to_keycloak("ticket", request.query_params["service"], said)

    @staticmethod
    def _to_keycloak(kind: str, address: str, more: dict[str, str]) -> Response:
        query = {"kind": kind, "redirect_uri": address, "client_id": CLIENT, **more}
        path = "/realms/workers/protocol/openid-connect/auth"
        return RedirectResponse(f"{KEYCLOAK}{path}?{urlencode(query)}", 303)

    async def _cas_validate(self, request: Request) -> Response:
        facts = self.redeem(request.query_params["ticket"])
        if facts is None or facts["service"] != request.query_params["service"]:
            return JSONResponse({"serviceResponse": {"authenticationFailure": {}}})
        attributes = {"roles": facts["resource_access"][CLIENT]["roles"], "sid": facts["sid"]}
        attributes |= {k: facts[k] for k in facts if k in ("name", "phone_number")}
        success = {"user": facts["sub"], "attributes": attributes}
        return JSONResponse({"serviceResponse": {"authenticationSuccess": success}})


def _self_posting(asked: dict[str, str], fields: dict[str, str]) -> Response:
    inputs = "".join(f'<input type=hidden name="{k}" value="{v}">' for k, v in fields.items())
    form = f'<form method=post action="{asked["redirect_uri"]}">{inputs}<button>go</button>'
    return HTMLResponse(f"{form}</form>")


def _assertion(facts: dict[str, Any]) -> str:
    roles = facts["resource_access"].get(CLIENT, {}).get("roles", ["-"])
    said = {"id": secrets.token_hex(8), "sid": facts["sid"], "role": roles[0]}
    said |= {"name": facts["name"]}
    values = "".join(
        f'<Attribute Name="{name}"><AttributeValue>{value}</AttributeValue></Attribute>'
        for name, value in said.items()
    )
    opening = '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion">'
    plain = f"{opening}{values}</Assertion>"
    document = f"{opening}<Signature>{signed(plain)}</Signature>{values}</Assertion>"
    return base64.b64encode(document.encode()).decode()


def signed(document: str) -> str:
    """What only the holder of the key can write under a document."""
    return hmac.digest(KEY.encode(), document.encode(), "sha256").hex()


def _with(address: str, said: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(said)}"
