"""The issuer's discovery document, for libraries that do not fetch it themselves."""

import time
from typing import Any

import httpx

from common.settings import stop


def discovered(issuer: str, verify: str | bool) -> dict[str, Any]:
    """What ``issuer`` says of itself. It has to call itself by the name we know."""
    answer = httpx.get(f"{issuer}/.well-known/openid-configuration", verify=verify, timeout=5)
    answer.raise_for_status()
    metadata: dict[str, Any] = answer.json()
    if metadata["issuer"] != issuer:
        raise ValueError("the discovery document names another issuer")
    return metadata


def discovered_at_start(issuer: str, verify: str | bool) -> dict[str, Any]:
    """As above, but patient: the issuer may be starting too."""
    for _ in range(60):
        try:
            return discovered(issuer, verify)
        except (httpx.HTTPError, ValueError):
            time.sleep(1)
    return stop(f"{issuer} does not answer.")
