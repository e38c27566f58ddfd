"""Kiosks: fixed, registered devices with a key and a known position (P8).

An administrator names a kiosk and gets a one-time enrolment code; the kiosk's own page makes a key
and registers it with the code. From then on the kiosk proves itself, per login, by signing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import Forbidden, InvalidRequest, NotFound
from idp_bridge.core.geo import Position, distance
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.secret import digest, new_token, same
from idp_bridge.core.shortcode import new_code, normal
from idp_bridge.core.store import Store
from idp_bridge_qr.errors import CodeError
from idp_bridge_qr.keys import DevicePublicKey, read_proof

ENROLMENT_LIFE = timedelta(hours=24)
PROOF_AGE = timedelta(seconds=60)
LEAST_ACCURACY = 200.0  # metres (P8)


class KioskRefused(Forbidden):
    """The kiosk is not registered, was revoked, or did not sign correctly."""

    code, public = "kiosk_refused", "This kiosk is not registered. Please tell the service staff"


class TooFar(Forbidden):
    """The phone is not where the kiosk is."""

    code, public = "too_far", "Your phone is not near this kiosk, so the sign-in was stopped"


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A fixed place to sign in at. ``jwk`` is empty until the kiosk enrolled its key."""

    id: str
    name: str
    address: str
    position: Position
    created: datetime
    jwk: Mapping[str, str] | None = None
    enrolled: datetime | None = None
    revoked: datetime | None = None


class KioskRecords(Protocol):
    """Durable records of kiosks."""

    async def write(self, kiosk: Kiosk) -> None: ...

    async def find(self, kiosk_id: str) -> Kiosk | None: ...

    async def all(self) -> tuple[Kiosk, ...]: ...


class Kiosks:
    """Enrols, proves and revokes. ``durable`` grants survive a flush of the store."""

    def __init__(self, records: KioskRecords, durable: Grants, store: Store, clock: Clock) -> None:
        self._records = records
        self._durable = durable
        self._store = store
        self._clock = clock

    async def announce(self, *, name: str, address: str, position: Position) -> tuple[Kiosk, str]:
        """A new kiosk and its enrolment code, good once for 24 h."""
        now = self._clock()
        if not name.strip() or not address.strip():
            raise InvalidRequest("a kiosk has a name and an address")
        kiosk = Kiosk(new_token()[:12], name.strip(), address.strip(), position, now)
        await self._records.write(kiosk)
        code = new_code()
        grant = Grant(_ENROLMENT, kiosk.id, now + ENROLMENT_LIFE)
        await self._durable.put(normal(code), grant)
        return kiosk, code

    async def enrol(self, *, code: str, proof: str, url: str) -> Kiosk:
        """Register the key that signed ``proof`` under the kiosk of ``code``.

        Raises ``InvalidGrant`` for the code, ``KioskRefused`` for the proof.
        """
        key = self._read(proof, url)[0]
        grant = await self._durable.redeem(normal(code), _ENROLMENT)
        kiosk = await self._records.find(grant.account)
        if kiosk is None or kiosk.revoked is not None:
            raise KioskRefused("revoked before it was enrolled")
        enrolled = replace(kiosk, jwk=key.jwk(), enrolled=self._clock())
        await self._records.write(enrolled)
        return enrolled

    async def prove(self, *, kiosk_id: str, proof: str, url: str, interaction: str) -> Kiosk:
        """The kiosk that signed ``proof`` for this login page. Raises ``KioskRefused``."""
        kiosk = await self._records.find(kiosk_id)
        if kiosk is None or kiosk.jwk is None or kiosk.revoked is not None:
            raise KioskRefused("unknown, not enrolled or revoked")
        key, payload = self._read(proof, url)
        if not same(key.thumbprint(), DevicePublicKey.from_jwk(kiosk.jwk).thumbprint()):
            raise KioskRefused("another key than the registered one")
        if not same(str(payload.get("interaction")), interaction):
            raise KioskRefused("the proof is for another login")
        jti = str(payload.get("jti"))
        once = f"kiosk-proof:{kiosk_id}:{digest(jti)}"
        if not await self._store.swap(once, None, b"1", PROOF_AGE * 5):
            raise KioskRefused("the proof was used before")
        return kiosk

    async def find(self, kiosk_id: str) -> Kiosk | None:
        """A kiosk that may be used, or ``None``."""
        kiosk = await self._records.find(kiosk_id)
        return kiosk if kiosk and kiosk.enrolled and not kiosk.revoked else None

    async def all(self) -> tuple[Kiosk, ...]:
        """Every kiosk, revoked ones too."""
        return await self._records.all()

    async def revoke(self, kiosk_id: str) -> Kiosk:
        """From now on this kiosk starts nothing. Raises ``NotFound``."""
        kiosk = await self._records.find(kiosk_id)
        if kiosk is None:
            raise NotFound("no such kiosk")
        revoked = replace(kiosk, revoked=self._clock())
        await self._records.write(revoked)
        return revoked

    def _read(self, proof: str, url: str) -> tuple[DevicePublicKey, Mapping[str, object]]:
        try:
            key, payload = read_proof(proof, "kiosk+jwt")
        except CodeError as error:
            raise KioskRefused(f"proof: {error}") from None
        iat = payload.get("iat")
        if not isinstance(iat, int) or abs(self._clock().timestamp() - iat) > PROOF_AGE.seconds:
            raise KioskRefused("signed too long ago, or the kiosk's clock is wrong")
        if not same(str(payload.get("htu")), url):
            raise KioskRefused("the proof is for another address")
        return key, payload


def is_near(kiosk: Kiosk, phone: Position | None, radius: int) -> bool:
    """Whether the phone proved that it stands at the kiosk (P8).

    ``False`` when the phone gave no usable position. Raises ``TooFar`` when it is elsewhere.
    """
    if phone is None or phone.accuracy > LEAST_ACCURACY:
        return False
    if distance(kiosk.position, phone) > radius:
        raise TooFar("outside the kiosk's radius")
    return True


_ENROLMENT = Binding(kind="kiosk-enrolment", realm="", app="")
