"""Activation codes: how a resident without any credential gets the first one.

A counter or an administrator checks who is there and issues a code, good once for 24 h. Whoever
types it is signed in to Keycloak with the lowest level and must set a passkey or a password there.
"""

from datetime import timedelta
from typing import Literal

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.audit import Audit, AuditEvent
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Forbidden, InvalidGrant, NotFound
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.limits import Limits
from idp_bridge.core.shortcode import new_code, normal

LIFE = timedelta(hours=24)
REALM = "residents"
CONNECTORS = ("qr", "activation")

Credential = Literal["passkey", "password"]
_ACTIONS: dict[Credential, str] = {
    "passkey": "webauthn-register-passwordless",
    "password": "UPDATE_PASSWORD",
}


class Activations:
    """Issues and redeems; ``durable`` grants survive a flush of the store."""

    def __init__(
        self, durable: Grants, accounts: Accounts, audit: Audit, limits: Limits, clock: Clock
    ) -> None:
        self._durable = durable
        self._accounts = accounts
        self._audit = audit
        self._limits = limits
        self._clock = clock

    async def issue(self, *, subject: str, actor: str) -> str:
        """A code for a resident whose identity ``actor`` has checked.

        Raises ``NotFound`` for no such resident, ``Forbidden`` for a disabled or an
        administrator's account.
        """
        account = await self._accounts.find(REALM, subject)
        if account is None:
            raise NotFound("no such resident")
        if not account.enabled or account.is_administrator:
            raise Forbidden("no activation for this account")
        for connector in CONNECTORS:
            if not await self._accounts.is_linked(REALM, subject, connector):
                await self._accounts.link(REALM, subject, connector)
        code = new_code()
        now = self._clock()
        await self._durable.put(normal(code), Grant(_ACTIVATION, subject, now + LIFE))
        await self._record("activation_issued", subject, actor=actor)
        return code

    async def redeem(self, code: str, *, credential: Credential, network: str) -> str:
        """Spend a code; the subject, who now must set ``credential`` at Keycloak.

        Raises ``InvalidGrant``, ``GrantReused``, ``TooManyRequests`` after 5 tries in 10 min from
        one network, ``Forbidden`` when the account was disabled meanwhile.
        """
        await self._limits.spend(f"activation:{network}", 5, timedelta(minutes=10))
        try:
            grant = await self._durable.redeem(normal(code), _ACTIVATION)
        except InvalidGrant:
            await self._record("activation_refused", "", network=network)
            raise
        account = await self._accounts.find(REALM, grant.account)
        if account is None or not account.enabled or account.is_administrator:
            raise Forbidden("the account cannot be activated")
        await self._accounts.require_action(REALM, grant.account, _ACTIONS[credential])
        await self._record("activation_redeemed", grant.account, network=network)
        return grant.account

    async def _record(self, name: str, subject: str, actor: str = "", network: str = "") -> None:
        await self._audit.record(
            AuditEvent(self._clock(), name, REALM, subject, actor, network=network)
        )


_ACTIVATION = Binding(kind="activation", realm=REALM, app="")
