"""Everything of the core around one QR login, wired as the bridge wires it, with a moving clock."""

import itertools
import json
from dataclasses import replace
from typing import Any

from idp_bridge.core.accounts import Account
from idp_bridge.core.authorization import AuthorizationRequest, Authorizations
from idp_bridge.core.devices import Devices
from idp_bridge.core.geo import Position
from idp_bridge.core.grants import Grants
from idp_bridge.core.kiosks import Kiosk, Kiosks
from idp_bridge.core.limits import Limits
from idp_bridge.core.op_sessions import OpSessions
from idp_bridge.core.qr_approval import Asked, Decided, Phone, QrApproval
from idp_bridge.core.qr_flow import Flows, Place, Rules
from idp_bridge.core.qr_login import QrLogin, SignedIn, StartLimit, Status
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.secret import digest
from idp_bridge.store.moves import LocalMoves
from tests.fakes import (
    FakeAccounts,
    FakeClock,
    ListedAudit,
    MemoryDevices,
    MemoryKiosks,
    MemoryQrLocks,
    MemorySignIns,
    RacingStore,
    SigningKey,
)

REALM = "residents"
REQUEST = AuthorizationRequest(
    client_id="keycloak-residents",
    realm=REALM,
    redirect_uri="https://keycloak.test/broker/qr/endpoint",
    scope="openid",
    state="s" * 20,
    nonce="n",
    code_challenge="c" * 43,
)
SCAN_URL, DECIDE_URL = "https://my.test/q/scan", "https://my.test/q/decide"


class World:
    """One bridge; browsers and phones come to it."""

    def __init__(self, rules: Rules | None = None, clock: FakeClock | None = None) -> None:
        self.rules = rules or Rules()
        self.clock = clock or FakeClock()
        self.store = RacingStore(self.clock)
        self.accounts = FakeAccounts(
            Account(REALM, "zhang", "zhangwei", "张伟", enabled=True),
            Account(REALM, "wang", "wangfang", "王芳", enabled=True),
        )
        self.audit = ListedAudit()
        self.locks = MemoryQrLocks()
        self.sign_ins = MemorySignIns()
        self.limits = Limits(self.store, self.clock)
        self.grants = Grants(self.store, self.clock)
        self.revocations = Revocations(self.store, self.clock)
        self.authorizations = Authorizations(self.grants, self.clock)
        self.op_sessions = OpSessions(self.grants, self.revocations, self.clock)
        self.devices = Devices(MemoryDevices(), self.store, self.clock)
        self.kiosks = Kiosks(MemoryKiosks(), self.grants, self.store, self.clock)
        self.moves = LocalMoves()
        flows = Flows(self.store, self.rules, self.moves)
        shared: dict[str, Any] = {
            "flows": flows,
            "rules": self.rules,
            "accounts": self.accounts,
            "locks": self.locks,
            "limits": self.limits,
            "audit": self.audit,
            "clock": self.clock,
        }
        self.login = QrLogin(
            authorizations=self.authorizations,
            op_sessions=self.op_sessions,
            sign_ins=self.sign_ins,
            **shared,
        )
        self.approval = QrApproval(devices=self.devices, kiosks=self.kiosks, **shared)

    def browser(self, name: str = "pc") -> "Browser":
        return Browser(self, f"{name}-secret")

    async def phone(self, subject: str = "zhang", **changes: Any) -> "PhoneInHand":
        phone = PhoneInHand(self, subject, **changes)
        await phone.register()
        return phone

    async def kiosk(self) -> tuple[Kiosk, SigningKey]:
        position = Position(22.5741, 113.8684)
        _, code = await self.kiosks.announce(
            name="窗口3", address="宝安区政务服务大厅", position=position
        )
        key = SigningKey()
        url = "https://sso.test/kiosk/enrol"
        proof = key.proof(url, self.clock(), jti="enrol-1", typ="kiosk+jwt")
        return await self.kiosks.enrol(code=code, proof=proof, url=url), key


class Browser:
    """A PC with its cookie secret and one waiting request."""

    def __init__(self, world: World, secret: str) -> None:
        self.world = world
        self.secret = secret
        self.interaction = ""
        self.session: str | None = None

    async def open(self, place: Place | None = None, **changes: Any) -> Status:
        request = replace(REQUEST, **changes)
        self.interaction = await self.world.authorizations.begin(request, digest(self.secret))
        return await self.start(place)

    async def start(self, place: Place | None = None) -> Status:
        limit = StartLimit(network="10.1.2.0/24")
        place = place or Place(browser="Chrome", system="Windows", network="10.1.2.0/24")
        return await self.world.login.start(self.interaction, self.secret, place, limit)

    async def status(self) -> Status:
        return await self.world.login.status(self.interaction, self.secret)

    async def confirm(self, digits: str = "") -> Status:
        return await self.world.login.confirm(self.interaction, self.secret, digits)

    async def claim(self) -> SignedIn:
        signed_in = await self.world.login.claim(self.interaction, self.secret, self.session)
        self.session = signed_in.token
        return signed_in


_numbers = itertools.count()


class PhoneInHand:
    """A resident's phone: a cookie, a session, a key."""

    def __init__(self, world: World, subject: str, **changes: Any) -> None:
        self.world = world
        self.key = SigningKey()
        name = world.accounts.table[REALM, subject].name
        facts = {
            "cookie": digest(f"cookie-{next(_numbers)}"),
            "session": digest(f"session-{next(_numbers)}"),
            "realm": REALM,
            "subject": subject,
            "name": name,
            "auth_time": world.clock(),
            "acr": "password",
        }
        self.who = Phone(**(facts | changes))

    def proof(self, url: str) -> str:
        return self.key.proof(url, self.world.clock(), jti=f"jti-{next(_numbers):08}")

    async def register(self) -> None:
        url = "https://my.test/phone/register"
        await self.world.devices.register(
            realm=self.who.realm,
            subject=self.who.subject,
            auth_time=self.world.clock(),
            acr="password",
            label="手机",
            proof=self.proof(url),
            url=url,
        )

    async def seen(self, frame: str) -> None:
        await self.world.approval.seen(frame, self.who.cookie)

    async def scan(self, frame: str, gesture: Any = "in_app") -> Asked:
        return await self.world.approval.scan(
            frame, self.who, proof=self.proof(SCAN_URL), url=SCAN_URL, gesture=gesture
        )

    def sign(self, asked: Asked, decision: str = "approve", **changes: Any) -> str:
        payload = {
            "flow": asked.reference,
            "frame": json.loads(asked.context)["frame"],
            "ctx": asked.context_hash,
            "nonce": asked.nonce,
            "decision": decision,
            "iat": int(self.world.clock().timestamp()),
        } | changes
        return self.key.jws({"alg": "ES256", "typ": "qr-decision+jwt"}, payload)

    async def decide(self, asked: Asked, decision: str = "approve", **more: Any) -> Decided:
        signed = more.pop("signed", None) or self.sign(asked, decision)
        return await self.world.approval.decide(
            asked.reference,
            self.who,
            proof=self.proof(DECIDE_URL),
            url=DECIDE_URL,
            decision=signed,
            **more,
        )

    async def approve(self, frame: str, **more: Any) -> Decided:
        """Scan, think, approve."""
        asked = await self.scan(frame)
        self.world.clock.advance(2)
        return await self.decide(asked, **more)
