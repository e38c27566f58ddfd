r"""What people see of forward-auth, on the app's own host below ``/.idp-bridge/``.

sign-in --> Keycloak --> callback --> the very address that was asked for
                            \--level still too low, once--> Keycloak again
lost      a form came from somebody who was signed out: it was not sent
refused   why not, for proxies that cannot hand on the page of the answer itself
sign-out --> Keycloak --> signed-out
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp_bridge.core.doors import AcrTooLow, AppSuspended, check_entry
from idp_bridge.core.errors import BridgeError, Forbidden, InvalidRequest, NotSignedIn
from idp_bridge.core.forward_auth import AT, Guard, Malformed, Site, path_of
from idp_bridge.core.levels import RANKS, reaches
from idp_bridge.core.pages import Pages, Reader
from idp_bridge.core.secret import new_token
from idp_bridge.endpoints.forward_auth_decision import Decision
from idp_bridge.endpoints.forward_auth_table import Table
from idp_bridge.incoming import parameters_of, reader_from

_LONGEST = 4000


def sign_in_path(wanted: str, acr: str = "") -> str:
    """Where a page is sent when somebody has to sign in, or to sign in more strongly."""
    return f"{AT}/sign-in?{urlencode({'to': wanted} | ({'acr': acr} if acr else {}))}"


def lost_path(wanted: str, acr: str = "") -> str:
    """Where a form is sent that cannot be handed on."""
    return f"{AT}/lost?{urlencode({'to': wanted} | ({'acr': acr} if acr else {}))}"


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the pages are made of."""

    table: Table
    decision: Decision
    pages: Pages


class ForwardAuthPages:
    """The pages of every app behind a proxy."""

    def __init__(self, parts: PageParts) -> None:
        self._table = parts.table
        self._decision = parts.decision
        self._pages = parts.pages

    def routes(self) -> list[BaseRoute]:
        """Below ``/.idp-bridge``."""
        return [
            Route("/sign-in", self._sign_in),
            Route("/callback", self._callback),
            Route("/sign-out", self._ask_to_sign_out, methods=["GET"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/signed-out", self._signed_out),
            Route("/lost", self._lost),
            Route("/refused", self._refused),
        ]

    def refusal(self, reader: Reader, error: BridgeError, guard: Guard | None) -> str:
        """The page that says why not."""
        names = guard.app.names if guard else {}
        return self._pages.render(
            "gate/refused.html", reader, error=error, app=names.get(reader.language, ""), at=AT
        )

    async def _sign_in(self, request: Request) -> Response:
        site = await self._site(request)
        said = parameters_of(request)
        guard = site.guards[0] if len(site.guards) == 1 else site.guard(said.get("realm", ""))
        if guard is None:
            return self._choose(request, site, said)
        acr = said.get("acr", "")
        if acr not in ("", *RANKS):
            raise InvalidRequest("no such level")
        wanted = {"to": _way_back(said.get("to", "/")), "acr": acr}
        return await self._send(request, site, guard, wanted)

    async def _send(
        self, request: Request, site: Site, guard: Guard, wanted: Mapping[str, str]
    ) -> Response:
        if not guard.app.enabled:
            return self._told_why(request, AppSuspended("disabled"), guard)
        browser = request.cookies.get(site.login_cookie) or new_token()
        asked = {"ui_locales": reader_from(request).ui_locales}
        if level := _strongest(guard.app.minimum_acr, wanted["acr"]):
            asked["acr_values"] = level
        if "stepped" in wanted:
            asked["prompt"] = "login"
        url = await self._decision.sessions(site, guard).begin(
            browser=browser, wanted=json.dumps(dict(wanted)), extra=asked
        )
        answer = _redirect(url)
        _set(answer, site.login_cookie, browser)
        return answer

    async def _callback(self, request: Request) -> Response:
        site = await self._site(request)
        said = parameters_of(request)
        guard = _answering(site, said.get("iss", ""))
        sessions = self._decision.sessions(site, guard)
        browser, state = request.cookies.get(site.login_cookie, ""), said.get("state", "")
        if "error" in said:
            wanted = json.loads(await sessions.wanted(browser=browser, state=state))
            return self._not_signed_in(request, said["error"], wanted)
        finished = await sessions.finish(
            browser=browser,
            state=state,
            code=said.get("code", ""),
            previous=request.cookies.get(site.session_cookie),
        )
        wanted = json.loads(finished.wanted)
        answer = await self._onward(request, site, guard, wanted, finished.session.acr)
        _set(answer, site.session_cookie, finished.token)
        return answer

    async def _onward(
        self, request: Request, site: Site, guard: Guard, wanted: dict[str, str], acr: str
    ) -> Response:
        level = _strongest(guard.app.minimum_acr, wanted["acr"])
        if not level or reaches(acr, (level,)):
            return _redirect(wanted["to"])
        if "stepped" in wanted:
            # Sent back there, the person would be sent here again, for ever.
            return self._told_why(request, AcrTooLow(f"{acr!r} is below {level!r}", level), guard)
        return await self._send(request, site, guard, {**wanted, "stepped": "1"})

    async def _ask_to_sign_out(self, request: Request) -> Response:
        site = await self._site(request)
        return self._page(request, "gate/sign_out.html", app=_name(site, request))

    async def _sign_out(self, request: Request) -> Response:
        site = await self._site(request)
        _check_same_origin(request, site)
        token = request.cookies.get(site.session_cookie, "")
        target = f"{site.origin}{AT}/signed-out"
        for guard in site.guards:
            target = await self._decision.sessions(site, guard).end(token, target)
        answer = _redirect(target)
        for name in (site.session_cookie, site.login_cookie):
            answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    async def _signed_out(self, request: Request) -> Response:
        return self._page(request, "gate/signed_out.html")

    async def _lost(self, request: Request) -> Response:
        site = await self._site(request)
        said = parameters_of(request)
        way = sign_in_path(_way_back(said.get("to", "/")), said.get("acr", ""))
        return self._page(request, "gate/lost.html", app=_name(site, request), way=way)

    async def _refused(self, request: Request) -> Response:
        """Says as much as can be known here, where the address asked for is not told."""
        site = await self._site(request)
        token = request.cookies.get(site.session_cookie, "").encode()
        try:
            seen = await self._decision.seen(site, token)
            check_entry(seen.guard.app, seen.session)
        except NotSignedIn:
            return self._told_why(request, Forbidden(), None)
        except BridgeError as error:
            return self._told_why(request, error, site.guards[0])
        return self._told_why(request, Forbidden(), seen.guard)

    def _not_signed_in(self, request: Request, error: str, wanted: dict[str, str]) -> Response:
        again = sign_in_path(wanted["to"], wanted["acr"])
        reason = "access_denied" if error == "access_denied" else "other"
        return self._page(request, "sign_in_refused.html", 403, again=again, reason=reason)

    def _told_why(self, request: Request, error: BridgeError, guard: Guard | None) -> Response:
        content = self.refusal(reader_from(request), error, guard)
        return HTMLResponse(content, 403, {"Cache-Control": "no-store"})

    def _choose(self, request: Request, site: Site, said: Mapping[str, str]) -> Response:
        ways = [
            (guard.app.realm, f"{AT}/sign-in?{urlencode({**said, 'realm': guard.app.realm})}")
            for guard in site.guards
        ]
        return self._page(request, "apps/choose.html", app=site.guards[0].app, ways=ways)

    def _page(self, request: Request, template: str, status: int = 200, **facts: Any) -> Response:
        content = self._pages.render(template, reader_from(request), at=AT, **facts)
        return HTMLResponse(content, status, {"Cache-Control": "no-store"})

    async def _site(self, request: Request) -> Site:
        scheme = request.headers.getlist("x-forwarded-proto")
        host = request.headers.getlist("host")
        if len(scheme) != 1 or len(host) != 1:
            raise Malformed("the proxy does not say where it is asked")
        return await self._table.site(scheme[0], host[0])


def _way_back(to: str) -> str:
    """An address on this very origin, spelt in the only way. Raises ``Malformed``."""
    path, _, query = to.partition("?")
    if len(to) > _LONGEST or not query.isascii() or not query.isprintable():
        raise Malformed("the way back")
    if "#" in query or "\\" in query or " " in query or not path.isascii():
        raise Malformed("the way back")
    path_of(path.encode())
    return to


def _answering(site: Site, issuer: str) -> Guard:
    """Whose answer it is (RFC 9207): an app of both realms comes back to one address."""
    if len(site.guards) == 1:
        return site.guards[0]
    guard = site.guard(issuer.rpartition("/")[2])
    if guard is None:
        raise InvalidRequest("the answer does not say whose it is")
    return guard


def _strongest(*levels: str) -> str:
    return max(levels, key=lambda level: RANKS.get(level, -1))


def _check_same_origin(request: Request, site: Site) -> None:
    said = request.headers.get("origin", "")
    same = said == site.origin if said else request.headers.get("sec-fetch-site") == "same-origin"
    if not same:
        raise Forbidden("a form of another site")


def _name(site: Site, request: Request) -> str:
    return site.guards[0].app.names.get(reader_from(request).language, "")


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 303, {"Cache-Control": "no-store"})


def _set(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="lax")
