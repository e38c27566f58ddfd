"""CAS single logout: tells an app that the session of one of its tickets is over.

The app is sent a form with ``logoutRequest``, in which ``SessionIndex`` is the ticket that it once
validated (CAS 3.0, 2.3.3).
"""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from idp_bridge.core.app_logout import NotTold
from idp_bridge.core.clock import Clock
from idp_bridge.core.visits import Visit
from idp_bridge.endpoints.cas_answers import moment, writable
from idp_bridge.endpoints.outbound import NotReached, Outbound

_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
register_namespace("samlp", _PROTOCOL)
register_namespace("saml", _ASSERTION)


def logout_request(ticket: str, user: str, now: datetime) -> str:
    """The document that clients understand."""
    facts = {"ID": f"LR-{token_hex(16)}", "Version": "2.0", "IssueInstant": moment(now)}
    root = Element(f"{{{_PROTOCOL}}}LogoutRequest", facts)
    SubElement(root, f"{{{_ASSERTION}}}NameID").text = writable(user)
    SubElement(root, f"{{{_PROTOCOL}}}SessionIndex").text = ticket
    return tostring(root, encoding="unicode")


class CasTeller:
    """A ``Teller`` for CAS apps."""

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._outbound = outbound
        self._clock = clock

    async def tell(self, visit: Visit) -> None:
        """Post the logout request to the app. A redirect is an answer: many apps give one."""
        form: Mapping[str, str] = {
            "logoutRequest": logout_request(visit.reference, visit.user, self._clock())
        }
        try:
            status = await self._outbound.post(visit.tell, form)
        except NotReached as error:
            raise NotTold(str(error)) from None
        if status >= 400:
            raise NotTold(f"answered {status}")


class CasCallback:
    """A ``ProxyCallback``: https, or http to this machine, which the address was judged by."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def answers(self, url: str) -> bool:
        """Whether the app answered 200."""
        try:
            return await self._outbound.get(url) == 200
        except NotReached:
            return False
