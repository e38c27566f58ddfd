"""A CAS app of the tests' own at the real stack: a copy of key-person, gone at the end."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from tests.live.proxies.registered import Keycloak
from tests.waiting import within

CLIENT = "cas-trial"
_COPIED = "key-person"


@contextmanager
def registered(
    stack: dict[str, Any], urls: Sequence[str], settings: dict[str, Any], username: str
) -> Iterator[Keycloak]:
    """An app that lives below each of ``urls``; ``username`` is a member."""
    keycloak = Keycloak(stack)
    keycloak.remove(CLIENT)
    copied = keycloak.client(_COPIED)
    logout = copied["attributes"]["backchannel.logout.url"].replace(_COPIED, CLIENT)
    attributes = copied["attributes"] | {
        "bridge.url": f"{urls[0]}/",
        "bridge.settings": json.dumps(settings),
        "bridge.state": "admitted",
        "backchannel.logout.url": logout,
    }
    callback = f"{stack['urls']['bridge']}/apps/callback/workers/{CLIENT}"
    own = {
        "clientId": CLIENT,
        "attributes": attributes,
        "redirectUris": [callback, *(f"{url}/*" for url in urls)],
        "protocolMappers": [_for_trial(mapper) for mapper in copied["protocolMappers"]],
    }
    kept = {k: v for k, v in copied.items() if k not in ("id", "secret", "access")}
    keycloak.add(kept | own, ["member", "keeper"])
    keycloak.give(username, CLIENT, "member")
    login = f"{stack['urls']['bridge']}/cas/login"
    assert within(5, lambda: _known(login, f"{urls[0]}/")), "the bridge did not follow"
    try:
        yield keycloak
    finally:
        keycloak.remove(CLIENT)


def _for_trial(mapper: dict[str, Any]) -> dict[str, Any]:
    """The copy's mappers speak of the copy."""
    config = {k: CLIENT if v == _COPIED else v for k, v in mapper["config"].items()}
    return {k: v for k, v in mapper.items() if k != "id"} | {"config": config}


def _known(login: str, service: str) -> bool:
    return httpx.get(login, params={"service": service}).status_code == 303
