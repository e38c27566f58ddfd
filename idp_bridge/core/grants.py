"""The one piece that issues and redeems: codes, tickets, approvals, sessions.

    issue(Grant) -> token          the token leaves; only its SHA-256 is stored
    redeem(token, Binding) -> Grant    once; every binding is compared
    read(token, Binding) -> Grant      many times, for sessions
    revoke(token, kind), revoke_family(family)

Every grant is bound to (kind, realm, app, redirect, browser, account, expiry). A token of one kind
is never found under another: the kind is part of the key and again of the stored value. A redeemed
token leaves a tombstone until its expiry, so that a second use is recognised (RFC 6749, 4.1.2).
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import BoundOtherwise, GrantReused, InvalidGrant
from idp_bridge.core.secret import digest, new_token, same
from idp_bridge.core.store import Store

_SPENT = b"spent:"


@dataclass(frozen=True, slots=True)
class Binding:
    """What a grant is tied to. An empty string means "none" and must match "none" exactly.

    ``browser`` is the digest of a secret that only one browser or client holds.
    """

    kind: str
    realm: str
    app: str
    redirect: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing granted to one account. ``family`` names what is revoked if it is used twice."""

    binding: Binding
    account: str
    expires: datetime
    family: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def _encode(grant: Grant) -> bytes:
    value = asdict(grant)
    value["expires"] = grant.expires.timestamp()
    return json.dumps(value).encode()


def _decode(value: bytes | None, kind: str) -> Grant:
    if value is None:
        raise InvalidGrant(f"{kind} unknown")
    if value.startswith(_SPENT):
        raise GrantReused(f"{kind} redeemed twice", value.removeprefix(_SPENT).decode())
    raw = json.loads(value)
    return Grant(
        binding=Binding(**raw["binding"]),
        account=raw["account"],
        expires=datetime.fromtimestamp(raw["expires"], tz=UTC),
        family=raw["family"],
        facts=raw["facts"],
    )


class Grants:
    """Issues and redeems grants in a ``Store``."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def issue(self, grant: Grant) -> str:
        """Store ``grant`` until it expires and return its token (256 random bits)."""
        token = new_token()
        await self.put(token, grant)
        return token

    async def put(self, token: str, grant: Grant) -> None:
        """Store or replace ``grant`` under a token that the caller made."""
        ttl = grant.expires - self._clock()
        if ttl <= timedelta(0):
            raise InvalidGrant(f"{grant.binding.kind} would be born expired")
        await self._store.put(_key(grant.binding.kind, token), _encode(grant), ttl)

    async def redeem(self, token: str, binding: Binding) -> Grant:
        """Take the grant once.

        Raises ``GrantReused`` on a second use, ``BoundOtherwise`` for a wrong binding, which spends
        it too, for then the token has leaked; ``InvalidGrant`` when it is unknown or expired.
        """
        key = _key(binding.kind, token)
        value = await self._store.get(key)
        grant = _decode(value, binding.kind)
        left = grant.expires - self._clock()
        if value is None or left <= timedelta(0):
            raise InvalidGrant(f"{binding.kind} expired")
        # One step turns it into its tombstone: whoever loses the race finds the tombstone.
        if not await self._store.swap(key, value, _SPENT + grant.family.encode(), left):
            _decode(await self._store.get(key), binding.kind)
            raise InvalidGrant(f"{binding.kind} changed meanwhile")
        self._check(grant, binding)
        return grant

    async def read(self, token: str, binding: Binding) -> Grant:
        """Look at a grant without spending it. Raises ``InvalidGrant``."""
        grant = _decode(await self._store.get(_key(binding.kind, token)), binding.kind)
        self._check(grant, binding)
        if grant.family and await self._store.get(_revoked(grant.family)) is not None:
            raise InvalidGrant(f"{binding.kind} was revoked with its family")
        return grant

    async def revoke_family(self, family: str, life: timedelta) -> None:
        """Nothing of ``family`` can be read any more; ``life`` is the longest of its grants."""
        await self._store.put(_revoked(family), b"1", life)

    async def revoke(self, token: str, kind: str) -> None:
        """Forget a grant; unknown ones are ignored."""
        await self._store.take(_key(kind, token))

    def _check(self, grant: Grant, binding: Binding) -> None:
        # The store's expiry is a convenience; this comparison is the rule.
        if grant.expires <= self._clock():
            raise InvalidGrant(f"{binding.kind} expired")
        held = grant.binding
        for name in ("kind", "realm", "app", "redirect", "browser"):
            if not same(getattr(held, name), getattr(binding, name)):
                raise BoundOtherwise(f"{binding.kind} is bound to another {name}")


def _key(kind: str, token: str) -> str:
    return f"grant:{kind}:{digest(token)}"


def _revoked(family: str) -> str:
    return f"revoked-family:{family}"
