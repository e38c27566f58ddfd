"""Small apps in three protocols, sound unless they are given a fault."""

import base64
import json
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.admission.small_keycloak import BRIDGE, CLIENT, KEY, KEYCLOAK, SmallKeycloak, signed

APP = "https://canteen.example"
_AUTH = f"{KEYCLOAK}/realms/workers/protocol/openid-connect/auth"


class SmallApp:
    """Sessions, the protected pages, the logout; how people sign in is each protocol's."""

    def __init__(self, keycloak: SmallKeycloak, fault: str = "") -> None:
        self.keycloak, self.fault = keycloak, fault
        self.sessions: dict[str, dict[str, Any]] = {}
        if fault != "ignores logout":
            keycloak.told_of_end = self._ended

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._home),
                Route("/whoami", self._whoami),
                Route("/callback", self._callback, methods=["GET", "POST"]),
            ]
        )

    def begin(self, request: Request, session: str) -> Response:
        raise NotImplementedError

    async def arrive(self, request: Request, session: dict[str, Any]) -> dict[str, Any] | None:
        raise NotImplementedError

    async def _home(self, request: Request) -> Response:
        facts = self._facts(request)
        if facts is None:
            key = request.cookies.get("session", "") or secrets.token_urlsafe(16)
            self.sessions.setdefault(key, {})
            return self._with_cookie(self.begin(request, key), key)
        if refusal := self._refused(facts):
            return refusal
        policy = "unsafe-url" if self.fault == "tells others its address" else "same-origin"
        picture = "<img src='https://statistics.example/pixel.png'>"
        return HTMLResponse(f"dishes {picture}", headers={"Referrer-Policy": policy})

    async def _whoami(self, request: Request) -> Response:
        facts = self._facts(request)
        if facts is None:
            return Response(status_code=401)
        return self._refused(facts) or JSONResponse(
            {"name": facts.get("name"), "roles": self._roles(facts)}
            | ({"phone": facts["phone"]} if "phone" in facts else {})
        )

    async def _callback(self, request: Request) -> Response:
        before = request.cookies.get("session", "")
        session = self.sessions.get(before, {})
        facts = await self.arrive(request, session)
        if facts is None:
            return Response("not signed in", 400)
        key = before if self.fault == "keeps the session" else secrets.token_urlsafe(16)
        self.sessions.pop(before, None)
        self.sessions[key] = {"facts": facts}
        where = "/"
        if self.fault == "puts the name into an address":
            where = f"/?{urlencode({'welcome': facts['name']})}"
        elif self.fault == "leaves the ticket in the address":
            where = f"/?{urlencode({'ticket': 'ST-1'})}"
        elif self.fault == "puts a token into an address":
            where = f"/?{urlencode({'t': jwt.encode(facts, KEY, 'HS256')})}"
        return self._with_cookie(RedirectResponse(where, 303), key)

    def _facts(self, request: Request) -> dict[str, Any] | None:
        if self.fault == "lets anonymous people in":
            return {"name": "?", "resource_access": {CLIENT: {"roles": ["cook"]}}}
        if self.fault == "believes headers" and "x-forwarded-user" in request.headers:
            return {"name": "?", "resource_access": {CLIENT: {"roles": ["cook"]}}}
        if self.fault == "takes any cookie" and "session" in request.cookies:
            signed_in = [s for s in self.sessions.values() if "facts" in s]
            return signed_in[0]["facts"] if signed_in else None
        session = self.sessions.get(request.cookies.get("session", ""), {})
        facts: dict[str, Any] | None = session.get("facts")
        return facts

    def _refused(self, facts: dict[str, Any]) -> Response | None:
        if self.fault == "ignores roles" or self._roles(facts):
            return None
        return Response("no role", 403)

    def _roles(self, facts: dict[str, Any]) -> list[str]:
        roles: list[str] = facts.get("resource_access", {}).get(CLIENT, {}).get("roles", [])
        return roles

    def _ended(self, sid: str) -> None:
        for session in self.sessions.values():
            if session.get("facts", {}).get("sid") == sid:
                session.clear()

    def _with_cookie(self, answer: Response, key: str) -> Response:
        flags = {"secure": True, "httponly": True, "samesite": "lax"}
        flag = self.fault.removeprefix("a cookie without ")
        if flag in flags:
            flags[flag] = None if flag == "samesite" else False
        answer.set_cookie("session", key, path="/", **flags)  # type: ignore[arg-type]
        answer.set_cookie("language", "zh", path="/")
        return answer


class OidcApp(SmallApp):
    """Asks Keycloak itself."""

    def begin(self, request: Request, session: str) -> Response:
        state = secrets.token_urlsafe(16)
        state = "always-the-same" if self.fault == "sends the same state" else state
        self.sessions[session]["state"] = state
        asked = {"kind": "oidc", "client_id": CLIENT, "redirect_uri": f"{APP}/callback"}
        asked |= {"response_type": "code", "state": state, "scope": "openid"}
        if self.fault != "asks without PKCE":
            asked |= {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
        return RedirectResponse(f"{_AUTH}?{urlencode(asked)}", 303)

    async def arrive(self, request: Request, session: dict[str, Any]) -> dict[str, Any] | None:
        said = request.query_params
        careless = self.fault in ("ignores state", "sends the same state")
        if not careless and said.get("state") != session.pop("state", "no login"):
            return None
        if self.fault == "accepts any code" and "code" in said:
            return {"name": "?", "sid": "?", "resource_access": {CLIENT: {"roles": ["cook"]}}}
        return self.keycloak.redeem(said.get("code", ""))


class CasApp(SmallApp):
    """Validates tickets at the bridge; ``http`` is how it gets there."""

    def __init__(self, keycloak: SmallKeycloak, fault: str = "") -> None:
        super().__init__(keycloak, fault)
        self.http: Callable[[], httpx.AsyncClient]
        self._seen: dict[str, dict[str, Any]] = {}

    def begin(self, request: Request, session: str) -> Response:
        query = urlencode({"service": f"{APP}/callback"})
        return RedirectResponse(f"{BRIDGE}/cas/login?{query}", 303)

    async def arrive(self, request: Request, session: dict[str, Any]) -> dict[str, Any] | None:
        ticket = request.query_params.get("ticket", "")
        if self.fault == "takes any ticket":
            return {"sid": "?", "resource_access": {CLIENT: {"roles": ["cook"]}}}
        if self.fault == "takes a used ticket again" and ticket in self._seen:
            return self._seen[ticket]
        query = urlencode({"ticket": ticket, "service": f"{APP}/callback", "format": "JSON"})
        if self.fault == "does not encode the ticket":
            query = f"service={APP}/callback&format=JSON&ticket={ticket}"
        async with self.http() as http:
            answer = (await http.get(f"{BRIDGE}/cas/p3/serviceValidate?{query}")).json()
        success = answer["serviceResponse"].get("authenticationSuccess")
        if success is None:
            return None
        attributes = success["attributes"]
        facts = {**attributes, "resource_access": {CLIENT: {"roles": attributes["roles"]}}}
        self._seen[ticket] = facts
        return facts


class TicketApp(SmallApp):
    """Reads signed tickets."""

    def __init__(self, keycloak: SmallKeycloak, fault: str = "") -> None:
        super().__init__(keycloak, fault)
        self._used: set[str] = set()

    def begin(self, request: Request, session: str) -> Response:
        state = secrets.token_urlsafe(16)
        self.sessions[session]["state"] = state
        query = urlencode({"app": CLIENT, "service": f"{APP}/callback", "state": state})
        return RedirectResponse(f"{BRIDGE}/ticket/sign-in?{query}", 303)

    async def arrive(self, request: Request, session: dict[str, Any]) -> dict[str, Any] | None:
        form = await request.form()
        if self.fault != "ignores state" and form["state"] != session.get("state"):
            return None
        claims = self._claims(str(form["ticket"]))
        if claims is None or claims["service"] != f"{APP}/callback":
            return None
        if claims["jti"] in self._used and self.fault != "takes it twice":
            return None
        self._used.add(claims["jti"])
        return {**claims, "resource_access": {CLIENT: {"roles": claims["roles"]}}}

    def _claims(self, ticket: str) -> dict[str, Any] | None:
        if self.fault == "verifies no signature":
            payload = ticket.split(".")[1]
            found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
            return found
        try:
            head = jwt.get_unverified_header(ticket)
            if self.fault == "lets the ticket choose" and head["alg"] == "none":
                options: Any = {"verify_signature": False, "verify_aud": False}
                return jwt.decode(ticket, options=options)
            if self.fault == "takes tickets of other apps":
                return jwt.decode(ticket, KEY, ["HS256"], options={"verify_aud": False})
            return jwt.decode(ticket, KEY, ["HS256"], audience=CLIENT)
        except jwt.PyJWTError:
            return None


class SamlApp(SmallApp):
    """Reads assertions; their signature is a keyed digest of all the rest."""

    def __init__(self, keycloak: SmallKeycloak, fault: str = "") -> None:
        super().__init__(keycloak, fault)
        self._used: set[str] = set()

    def begin(self, request: Request, session: str) -> Response:
        query = urlencode({"kind": "saml", "redirect_uri": f"{APP}/callback"})
        return RedirectResponse(f"{KEYCLOAK}/realms/workers/protocol/saml?{query}", 303)

    async def arrive(self, request: Request, session: dict[str, Any]) -> dict[str, Any] | None:
        form = await request.form()
        document = base64.b64decode(str(form["SAMLResponse"])).decode()
        signature = re.search(r"<Signature>(.*?)</Signature>", document)
        plain = re.sub(r"<Signature>.*?</Signature>", "", document)
        if signature is None and self.fault != "wants no signature":
            return None
        if signature and self.fault != "compares no signature" and signature[1] != signed(plain):
            return None
        values = dict(re.findall(r'Name="(\w+)"><AttributeValue>(.*?)<', document))
        if values["id"] in self._used and self.fault != "takes it twice":
            return None
        self._used.add(values["id"])
        roles = [values["role"]] if values["role"] != "-" else []
        return {**values, "resource_access": {CLIENT: {"roles": roles}}}
