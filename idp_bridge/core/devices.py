"""Phones and what they sign: registered keys, proofs of possession, decisions.

A phone keeps a non-extractable P-256 key; its id is the key's thumbprint. Two kinds of message are
signed with it, told apart by ``typ``: ``dpop+jwt`` proves that a request comes from the phone
(RFC 9449), ``qr-decision+jwt`` decides one flow (P2). Neither is accepted as the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Forbidden, NotFound
from idp_bridge.core.secret import digest, same
from idp_bridge.core.store import Store
from idp_bridge_qr.errors import CodeError
from idp_bridge_qr.keys import DevicePublicKey, read_jws, read_proof

FRESH = timedelta(minutes=5)
OWN_ACT = frozenset({"activation", "password", "mfa", "passkey"})
"""Levels that are an act of the person at this phone; a sign-in by QR or hand-over is none (P1)."""
PROOF_AGE = timedelta(seconds=60)
PROOF_MEMORY = timedelta(minutes=5)


class DeviceRefused(Forbidden):
    """The phone's signature, key or proof is not good."""

    code, public = "device_refused", "This phone could not be recognised. Please register it again"


class FreshSignInNeeded(Forbidden):
    """The act asks for a sign-in of the last five minutes."""

    code, public = "fresh_sign_in_needed", "Please sign in again to confirm that it is you"


@dataclass(frozen=True, slots=True)
class Device:
    """A registered phone. ``id`` is the thumbprint of its key."""

    id: str
    realm: str
    subject: str
    jwk: Mapping[str, str]
    label: str
    registered: datetime
    last_used: datetime | None = None


class DeviceRecords(Protocol):
    """Durable records; a revoked device is never found again, nor can its key return."""

    async def add(self, device: Device) -> None:
        """Raises ``Conflict`` when the key was ever registered."""
        ...

    async def find(self, device_id: str) -> Device | None: ...

    async def of(self, realm: str, subject: str) -> tuple[Device, ...]: ...

    async def used(self, device_id: str, at: datetime) -> None: ...

    async def revoke(self, device_id: str, at: datetime) -> None: ...

    async def revoke_all(self, realm: str, subject: str, at: datetime) -> None: ...


class Devices:
    """Registers phones and checks what they sign."""

    def __init__(self, records: DeviceRecords, store: Store, clock: Clock) -> None:
        self._records = records
        self._store = store
        self._clock = clock

    async def register(
        self,
        *,
        realm: str,
        subject: str,
        auth_time: datetime,
        acr: str,
        label: str,
        proof: str,
        url: str,
    ) -> Device:
        """Register the key inside ``proof``, a DPoP proof for a POST to ``url`` (P1).

        Raises ``FreshSignInNeeded`` when the sign-in is older than five minutes or was no act of
        the person at this phone, ``DeviceRefused`` for a bad proof, ``Conflict`` for a key that
        was registered before.
        """
        now = self._clock()
        if now - auth_time > FRESH or acr not in OWN_ACT:
            raise FreshSignInNeeded("registering needs a fresh act of the person")
        key = await self._proven(proof, "POST", url)
        device = Device(key.thumbprint(), realm, subject, key.jwk(), label[:80], now)
        await self._records.add(device)
        return device

    async def of(self, realm: str, subject: str) -> tuple[Device, ...]:
        """The phones of an account."""
        return await self._records.of(realm, subject)

    async def revoke(self, *, realm: str, subject: str, device_id: str) -> None:
        """Forget one phone of the account. Raises ``NotFound``."""
        if all(device.id != device_id for device in await self._records.of(realm, subject)):
            raise NotFound("no such device of this account")
        await self._records.revoke(device_id, self._clock())

    async def revoke_all(self, realm: str, subject: str) -> None:
        """Forget every phone of the account: it was lost, disabled or deleted."""
        await self._records.revoke_all(realm, subject, self._clock())

    async def prove(self, *, realm: str, subject: str, proof: str, method: str, url: str) -> Device:
        """The account's phone that signed ``proof`` for this request (P10).

        Raises ``DeviceRefused``: not a proof, another request's, too old, replayed, or not a
        registered phone of this account.
        """
        key = await self._proven(proof, method, url)
        device = await self._records.find(key.thumbprint())
        if device is None or (device.realm, device.subject) != (realm, subject):
            raise DeviceRefused("the key is not registered to this account")
        return device

    def decision(self, device: Device, token: str) -> Mapping[str, Any]:
        """The signed content of a decision by ``device`` (P2). Raises ``DeviceRefused``."""
        try:
            payload = read_jws(token).verify(
                DevicePublicKey.from_jwk(device.jwk), "qr-decision+jwt"
            )
        except CodeError as error:
            raise DeviceRefused(f"decision: {error}") from None
        self._fresh(payload)
        return payload

    async def _proven(self, proof: str, method: str, url: str) -> DevicePublicKey:
        try:
            key, payload = read_proof(proof, "dpop+jwt")
        except CodeError as error:
            raise DeviceRefused(f"proof: {error}") from None
        if not same(str(payload.get("htm")), method) or not same(str(payload.get("htu")), url):
            raise DeviceRefused("the proof is for another request")
        self._fresh(payload)
        await self._once(key.thumbprint(), payload.get("jti"))
        return key

    def _fresh(self, payload: Mapping[str, Any]) -> None:
        iat = payload.get("iat")
        now = self._clock().timestamp()
        if not isinstance(iat, int) or abs(now - iat) > PROOF_AGE.total_seconds():
            raise DeviceRefused("signed too long ago, or the phone's clock is wrong")

    async def _once(self, thumbprint: str, jti: object) -> None:
        if not isinstance(jti, str) or not 8 <= len(jti) <= 128:
            raise DeviceRefused("the proof has no usable jti")
        key = f"dpop:{thumbprint}:{digest(jti)}"
        if not await self._store.swap(key, None, b"1", PROOF_MEMORY):
            raise DeviceRefused("the proof was used before")
