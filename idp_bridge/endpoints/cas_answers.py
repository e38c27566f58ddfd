"""What CAS validation answers: plain text (1.0), XML (2.0, 3.0), JSON. Built by libraries only.

Nothing that the asking side sent is ever repeated, and a failure says fixed sentences: a client
that looks for a success anywhere in the text finds none.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from starlette.responses import PlainTextResponse, Response

from idp_bridge.core.cas import Validated

_CAS = "http://www.yale.edu/tp/cas"
register_namespace("cas", _CAS)

_NO_STORE = {"Cache-Control": "no-store"}
# XML 1.0 has no way to write these.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_SENTENCES = {
    "INVALID_REQUEST": "A required parameter is missing, or one was given twice",
    "INVALID_TICKET_SPEC": "A proxy ticket has to be shown to proxyValidate",
    "INVALID_TICKET": "The ticket is unknown, used, expired, or not good for this demand",
    "INVALID_SERVICE": "The ticket is not for this service",
    "INVALID_PROXY_CALLBACK": "The proxy callback is not registered or did not answer",
    "UNAUTHORIZED_SERVICE_PROXY": "This service may not proxy",
    "UNAUTHORIZED_SERVICE": "The target service is not open to this proxy",
    "INTERNAL_ERROR": "Validation is not possible right now",
}

Attributes = Mapping[str, str | list[str]]


def attributes(validated: Validated) -> dict[str, str | list[str]]:
    """What the app's client releases at Keycloak, by the names that the manifest gives them."""
    told = validated.released
    facts: dict[str, Any] = {
        **told.claims,
        # Two people of two realms may have one name; an app of both keeps them apart by this.
        "realm": validated.given.app.realm,
        "roles": list(told.roles),
        "posts": list(told.posts),
    }
    wished: Mapping[str, str] = validated.given.app.settings.get("attributes") or {}
    named = {claim: claim for claim in facts if claim not in wished.values()}
    return {
        _name(name): _text(facts[claim])
        for name, claim in {**named, **wished}.items()
        if facts.get(claim) not in (None, "", [])
    }


def about_the_sign_in(validated: Validated) -> dict[str, str | list[str]]:
    """The three attributes that the protocol itself names (CAS 3.0, appendix A)."""
    return {
        "authenticationDate": moment(validated.given.session.auth_time),
        "longTermAuthenticationRequestTokenUsed": "false",
        "isFromNewLogin": "true" if validated.given.fresh else "false",
    }


def success(
    validated: Validated, *, as_json: bool, with_attributes: bool, pgtiou: str = ""
) -> Response:
    """Who it is."""
    said: dict[str, Any] = {"user": writable(validated.released.user)}
    if with_attributes:
        said["attributes"] = {**about_the_sign_in(validated), **attributes(validated)}
    if pgtiou:
        said["proxyGrantingTicket"] = pgtiou
    if validated.given.proxies:
        said["proxies"] = list(validated.given.proxies)
    return _response("authenticationSuccess", said, as_json=as_json)


def failure(code: str, *, as_json: bool, kind: str = "authenticationFailure") -> Response:
    """Why not, by the specification's own code."""
    if as_json:
        # The specification has one name for both kinds here (2.7.2).
        said = {"code": code, "description": _SENTENCES[code]}
        return _json({"serviceResponse": {"authenticationFailure": said}})
    root = Element(f"{{{_CAS}}}serviceResponse")
    SubElement(root, f"{{{_CAS}}}{kind}", {"code": code}).text = _SENTENCES[code]
    return _xml(root)


def proxy_ticket(ticket: str, *, as_json: bool) -> Response:
    """A ticket for the target service."""
    return _response("proxySuccess", {"proxyTicket": ticket}, as_json=as_json)


def yes(validated: Validated) -> Response:
    """CAS 1.0: two lines."""
    user = writable(validated.released.user)
    return PlainTextResponse(f"yes\n{' '.join(user.split())}\n", headers=_NO_STORE)


def no() -> Response:
    """CAS 1.0: two lines."""
    return PlainTextResponse("no\n\n", headers=_NO_STORE)


def moment(when: datetime) -> str:
    """As XML Schema writes it."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def writable(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return _UNWRITABLE.sub("", text)


def _response(kind: str, said: dict[str, Any], *, as_json: bool) -> Response:
    if as_json:
        return _json({"serviceResponse": {kind: said}})
    root = Element(f"{{{_CAS}}}serviceResponse")
    _fill(SubElement(root, f"{{{_CAS}}}{kind}"), said)
    return _xml(root)


def _fill(parent: Element, said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        tag = f"{{{_CAS}}}{name}"
        if isinstance(value, Mapping):
            _fill(SubElement(parent, tag), value)
        elif name == "proxies":
            _fill(SubElement(parent, tag), {"proxy": value})
        else:
            for one in value if isinstance(value, list) else [value]:
                SubElement(parent, tag).text = one


def _name(name: str) -> str:
    plain = _NAME.sub("_", name)
    return plain if plain[:1].isalpha() or plain.startswith("_") else f"_{plain}"


def _text(value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [str(_text(one)) for one in value]
    if isinstance(value, str):
        return writable(value)
    return json.dumps(value, ensure_ascii=False)


def _xml(root: Element) -> Response:
    text = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(text, media_type="application/xml", headers=_NO_STORE)


def _json(said: Mapping[str, Any]) -> Response:
    text = json.dumps(said, ensure_ascii=False)
    return Response(text, media_type="application/json", headers=_NO_STORE)
