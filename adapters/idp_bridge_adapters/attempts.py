"""Sign-ins that a browser has begun, remembered in its own cookie: nobody else can finish them.

The last few are kept, one for each tab. The cookie holds no more than the browser may know.
"""

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass

from idp_bridge_adapters.principal import ACR_LEVELS
from idp_bridge_adapters.web import Asked, Cookie, safe_next

LIFE = 600
MOST = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in on its way: ``acr`` is the level it asked for, ``next`` where it leads."""

    state: str
    nonce: str
    verifier: str
    realm: str
    next: str
    acr: str | None


def attempt(realm: str, after: str, acr: str | None) -> Attempt:
    """A new one, with nothing that could be guessed."""
    return Attempt(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        realm=realm,
        next=safe_next(after),
        acr=acr,
    )


class Attempts:
    """Reads and writes the cookie ``name``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def adding(self, asked: Asked, new: Attempt) -> Cookie:
        return self._written([*self._read(asked), new][-MOST:])

    def taking(self, asked: Asked, state: str) -> tuple[Attempt | None, Cookie]:
        """The attempt of ``state`` and the cookie without it: an answer finishes one sign-in."""
        known = self._read(asked)
        found = next((one for one in known if _same(one.state, state)), None)
        return found, self._written([one for one in known if one is not found])

    def _read(self, asked: Asked) -> list[Attempt]:
        text = asked.cookies.get(self._name, "")
        try:
            values = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            found = [Attempt(**value) for value in values]
        except (binascii.Error, ValueError, TypeError):
            return []
        return [one for one in found if _is_whole(one)]

    def _written(self, attempts: list[Attempt]) -> Cookie:
        if not attempts:
            return Cookie(self._name, "")
        text = json.dumps([asdict(one) for one in attempts], separators=(",", ":"))
        return Cookie(self._name, urlsafe_b64encode(text.encode()).decode().rstrip("="), LIFE)


def _is_whole(one: Attempt) -> bool:
    texts = (one.state, one.nonce, one.verifier, one.realm, one.next)
    return all(isinstance(text, str) for text in texts) and one.acr in (None, *ACR_LEVELS)


def _same(state: str, said: str) -> bool:
    return secrets.compare_digest(state.encode(), said.encode())
