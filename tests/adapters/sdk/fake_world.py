"""One small app on each SDK, all with the same addresses, and a client that drives them alike."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import flask
import httpx
from fastapi import Depends, FastAPI
from starlette.requests import Request

from idp_bridge_adapters.app import App
from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.roles import AppRole
from idp_bridge_adapters.sdk import flask as flask_sdk
from idp_bridge_adapters.sdk import starlette as starlette_sdk
from idp_bridge_adapters.testing import FakeBridge
from tests.adapters.sdk import django_site

PAGE = {"accept": "text/html"}


class Role(AppRole):
    """The small app's roles."""

    VISITOR = "visitor"
    COUNSELLOR = "counsellor"
    REGISTRAR = "registrar", "staff"


class Visitor:
    """A browser's cookies in front of one copy of the app. Looks at pages unless told otherwise."""

    def __init__(self, bridge: FakeBridge, send: Callable[[httpx.Request], httpx.Response]) -> None:
        self.bridge = bridge
        self.jar = httpx.Cookies()
        self._send = send

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.ask("GET", path, PAGE if headers is None else headers)

    def post(self, path: str, *, origin: str | None = None, **form: str) -> httpx.Response:
        said = {"origin": origin or self.bridge.base_url}
        return self.ask("POST", path, {**PAGE, **said}, form)

    def ask(
        self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None
    ) -> httpx.Response:
        request = httpx.Request(
            method,
            httpx.URL(self.bridge.base_url).join(path),
            headers=headers,
            data=form,
            cookies=self.jar,
        )
        answer = self._send(request)
        answer.request = request
        self.jar.extract_cookies(answer)
        return answer

    def sign_in(self, realm: str = "workers", **claims: Any) -> httpx.Response:
        there = self.get(f"/login/{realm}").headers["location"]
        return self.get(self.bridge.sign_in(there, **claims))

    def back(self, there: str, **claims: Any) -> httpx.Response:
        """Agree at ``there`` and come back."""
        return self.get(self.bridge.sign_in(there, **claims))

    @property
    def session(self) -> str:
        return self.jar.get("__Host-app-443", "")

    def beside(self) -> "Visitor":
        """Another browser at the same copy."""
        return Visitor(self.bridge, self._send)


def served_by_starlette(app: App, bridge: FakeBridge, **options: Any) -> Visitor:
    sign_on = starlette_sdk.SignOn(app, around=bridge.around, **options)
    api = FastAPI()
    sign_on.install(api)
    admit, called = sign_on.require_role, sign_on.require_machine

    @api.get("/")
    @api.post("/")
    async def home(who: Annotated[Principal, Depends(admit())]) -> dict[str, Any]:
        return facts(who)

    @api.get("/bookings")
    async def bookings(who: Annotated[Principal, Depends(admit(Role.COUNSELLOR))]) -> Any:
        return facts(who)

    @api.get("/strong")
    async def strong(who: Annotated[Principal, Depends(admit(acr="mfa"))]) -> Any:
        return facts(who)

    def unit(request: Request) -> str:
        return f"/baoan/{request.path_params['unit']}"

    @api.get("/units/{unit}")
    async def at(who: Annotated[Principal, Depends(admit(Role.REGISTRAR, org=unit))]) -> Any:
        return facts(who)

    @api.post("/api/{unit}")
    async def api_at(who: Annotated[Principal, Depends(called(Role.REGISTRAR, org=unit))]) -> Any:
        return facts(who)

    transport = httpx.ASGITransport(api)

    def send(request: httpx.Request) -> httpx.Response:
        async def sent() -> httpx.Response:
            answer = await transport.handle_async_request(request)
            await answer.aread()
            return answer

        return asyncio.run(sent())

    return Visitor(bridge, send)


def served_by_flask(app: App, bridge: FakeBridge, **options: Any) -> Visitor:
    sign_on = flask_sdk.SignOn(app, around=bridge.around, **options)
    site = flask.Flask(__name__)
    sign_on.init_app(site)
    admit = sign_on.require_role

    def shown(**_path: str) -> Any:
        return facts(sign_on.current())

    def unit() -> str:
        return f"/baoan/{(flask.request.view_args or {})['unit']}"

    site.add_url_rule("/", "home", admit()(shown), methods=["GET", "POST"])
    site.add_url_rule("/bookings", "bookings", admit(Role.COUNSELLOR)(shown))
    site.add_url_rule("/strong", "strong", admit(acr="mfa")(shown))
    site.add_url_rule("/units/<unit>", "unit", admit(Role.REGISTRAR, org=unit)(shown))
    called = sign_on.require_machine(Role.REGISTRAR, org=unit)(shown)
    site.add_url_rule("/api/<unit>", "api", called, methods=["POST"])
    return Visitor(bridge, _over_wsgi(site.wsgi_app))


def served_by_django(app: App, bridge: FakeBridge, **options: Any) -> Visitor:
    return Visitor(bridge, _over_wsgi(django_site.site(app, bridge, Role, facts, **options)))


def _over_wsgi(application: Any) -> Callable[[httpx.Request], httpx.Response]:
    transport = httpx.WSGITransport(application)

    def send(request: httpx.Request) -> httpx.Response:
        answer = transport.handle_request(request)
        answer.read()
        return answer

    return send


def facts(who: Principal) -> dict[str, Any]:
    return {"name": who.name, "realm": who.realm, "roles": sorted(who.roles), "acr": who.acr}


SDKS: dict[str, Callable[..., Visitor]] = {
    "starlette": served_by_starlette,
    "flask": served_by_flask,
    "django": served_by_django,
}
