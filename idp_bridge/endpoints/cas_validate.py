"""CAS validation: apps show tickets and are told who it is, in the answer of their version."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.cas import Asked, CasRefused, CasTickets, SessionsOf, Validated
from idp_bridge.core.cas_proxy import CasProxies
from idp_bridge.core.cas_services import named
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidRequest, Unavailable
from idp_bridge.endpoints import cas_answers as answers
from idp_bridge.endpoints.cas_login import demanded
from idp_bridge.endpoints.cas_saml import LONGEST, read_request, saml_failure, saml_success
from idp_bridge.incoming import parameters_of

log = structlog.get_logger()

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class CasValidation:
    """The endpoints that apps call, without a browser."""

    tickets: CasTickets
    proxies: CasProxies
    sessions: SessionsOf
    issuer: str
    clock: Clock

    async def validate(self, request: Request) -> Response:
        """CAS 1.0."""
        try:
            validated, _ = await self._validated(_said(request), proxied=False)
        except (CasRefused, Unavailable) as refusal:
            _code(request, refusal)
            return answers.no()
        return answers.yes(validated)

    def service_validate(self, *, with_attributes: bool, proxied: bool) -> Endpoint:
        """CAS 2.0, or with attributes 3.0; ``proxied`` also takes proxy tickets."""

        async def endpoint(request: Request) -> Response:
            as_json = request.query_params.get("format", "").upper() == "JSON"
            try:
                said = _said(request)
                validated, pgtiou = await self._validated(said, proxied=proxied)
            except (CasRefused, Unavailable) as refusal:
                return answers.failure(_code(request, refusal), as_json=as_json)
            return answers.success(
                validated, as_json=as_json, with_attributes=with_attributes, pgtiou=pgtiou
            )

        return endpoint

    async def proxy(self, request: Request) -> Response:
        """A ticket to another app, for one that may stand in for the person there."""
        as_json = request.query_params.get("format", "").upper() == "JSON"
        try:
            said = _said(request)
            if not said.get("pgt") or not said.get("targetService"):
                raise CasRefused("INVALID_REQUEST", "missing")
            ticket = await self.proxies.ticket(said["pgt"], named(said["targetService"]))
        except (CasRefused, Unavailable) as refusal:
            code = _code(request, refusal)
            return answers.failure(code, as_json=as_json, kind="proxyFailure")
        return answers.proxy_ticket(ticket, as_json=as_json)

    async def saml_validate(self, request: Request) -> Response:
        """SAML 1.1: the ticket comes in a SOAP envelope, the service as ``TARGET``."""
        number = ""
        try:
            service = _said(request).get("TARGET", "")
            asked = read_request(await _body(request))
            if asked is None:
                raise CasRefused("INVALID_REQUEST", "not a SAML 1.1 request")
            number = asked.number
            shown = {"ticket": asked.ticket, "service": service}
            validated, _ = await self._validated(shown, proxied=False)
        except (CasRefused, Unavailable) as refusal:
            _code(request, refusal)
            return saml_failure(number, self.clock())
        return saml_success(validated, number, self.issuer, self.clock())

    async def _validated(self, said: Mapping[str, str], *, proxied: bool) -> tuple[Validated, str]:
        if not said.get("ticket") or not said.get("service"):
            raise CasRefused("INVALID_REQUEST", "missing")
        renew = demanded(said, "renew")
        asked = Asked(said["ticket"], named(said["service"]), renew=renew, proxied=proxied)
        validated = await self.tickets.validate(asked)
        if said.get("pgtUrl"):
            return validated, await self.proxies.grant(validated, said["pgtUrl"])
        given = validated.given
        if not given.proxies:
            await self.sessions(given.app).forget(given.token)
        return validated, ""


def _said(request: Request) -> dict[str, str]:
    try:
        said = parameters_of(request)
    except InvalidRequest as error:
        raise CasRefused("INVALID_REQUEST", str(error)) from None
    if said.get("format", "XML").upper() not in ("XML", "JSON"):
        raise CasRefused("INVALID_REQUEST", "format")
    return said


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise CasRefused("INVALID_REQUEST", "too long")
    return body


def _code(request: Request, refusal: CasRefused | Unavailable) -> str:
    """The specification's code; an operator finds the reason in the log, an administrator on the
    page of tickets."""
    code = refusal.code if isinstance(refusal, CasRefused) else "INTERNAL_ERROR"
    log.info("cas_refused", answer=code, reason=str(refusal), path=request.url.path)
    return code
