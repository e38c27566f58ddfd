"""Sign-in and sessions of what the bridge serves itself, as a relying party of Keycloak.

    begin --(Keycloak)--> finish --> current ... current --> end
                                        | stale: read the rights again with the refresh token
                                        | ended: NotSignedIn

A login is bound to the browser that began it by a secret in a cookie of its own. A finished login
gives a new session token, never one that existed before it (session fixation). Rights are what
Keycloak's tokens say; ``Revocations`` says on each use whether they still hold.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from idp_bridge.core.client_session import ClientSession, session_of
from idp_bridge.core.clock import Clock
from idp_bridge.core.errors import InvalidGrant, NotSignedIn, Unavailable
from idp_bridge.core.grants import Binding, Grant, Grants
from idp_bridge.core.relying_party import LogoutToken, RelyingParty, Tokens
from idp_bridge.core.revocations import (
    FEDERATED_RIGHTS_LIVE,
    RIGHTS_LIVE,
    Revocations,
    Standing,
)
from idp_bridge.core.sealing import Sealer
from idp_bridge.core.secret import digest, new_token
from idp_bridge.core.store import Store

LOGIN_LIFE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=8)
_REFRESH_TIME = timedelta(seconds=10)
_WAIT = 0.05


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished login: the new session, its token, and where the person wanted to go."""

    token: str
    session: ClientSession
    wanted: str


class ClientSessions:
    """Sessions of one client: a portal, the admin pages, an app that the bridge serves."""

    def __init__(
        self,
        relying_party: RelyingParty,
        redirect_uri: str,
        *,
        grants: Grants,
        store: Store,
        revocations: Revocations,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._rp = relying_party
        self._redirect_uri = redirect_uri
        self._grants = grants
        self._store = store
        self._revocations = revocations
        self._sealer = sealer
        self._clock = clock
        self._session = Binding("client-session", relying_party.realm, relying_party.client_id)

    @property
    def realm(self) -> str:
        """The realm that people of this client belong to."""
        return self._rp.realm

    async def begin(self, *, browser: str, wanted: str, extra: Mapping[str, str]) -> str:
        """Keycloak's address for a login that only the holder of ``browser`` can finish."""
        verifier, nonce = new_token(), new_token()
        facts = {"nonce": nonce, "verifier": verifier, "wanted": wanted}
        expires = self._clock() + LOGIN_LIFE
        state = await self._grants.issue(Grant(self._login(browser), "", expires, facts=facts))
        return self._rp.authorization_url(
            redirect_uri=self._redirect_uri,
            state=state,
            nonce=nonce,
            code_challenge=_s256(verifier),
            extra=extra,
        )

    async def finish(
        self, *, browser: str, state: str, code: str, previous: str | None = None
    ) -> Finished:
        """Exchange the code for a session; the ``previous`` session token stops working.

        Raises ``InvalidGrant`` for a login that is unknown, finished, or another browser's,
        ``NotSignedIn`` when Keycloak answered out of a session that was ended here.
        """
        login = await self._grants.redeem(state, self._login(browser))
        read_at = self._clock()
        tokens = await self._rp.exchange(
            code=code,
            redirect_uri=self._redirect_uri,
            code_verifier=login.facts["verifier"],
            nonce=login.facts["nonce"],
        )
        if previous:
            await self._grants.revoke(previous, self._session.kind)
        token = new_token()
        facts = self._facts(token, tokens, read_at)
        facts |= {"began": read_at.timestamp(), "csrf": new_token()}
        expires = read_at + SESSION_LIFE
        grant = Grant(self._session, _account(tokens), expires, facts=facts)
        session = session_of(grant)
        if await self._standing(session) is Standing.ENDED:
            raise NotSignedIn("the session at Keycloak was ended")
        await self._grants.put(token, grant)
        return Finished(token, session, login.facts["wanted"])

    async def wanted(self, *, browser: str, state: str) -> str:
        """Where an answered login was going, spending it. Raises ``InvalidGrant``."""
        login = await self._grants.redeem(state, self._login(browser))
        return str(login.facts["wanted"])

    async def current(self, token: str | None) -> ClientSession:
        """The session as it stands now.

        Raises ``NotSignedIn``, or ``Unavailable`` when the rights are older than 60 s and
        Keycloak is not there to say what they are.
        """
        grant = await self._read(token)
        session = session_of(grant)
        standing = await self._standing(session)
        if standing is Standing.GOOD:
            return session
        if standing is Standing.ENDED:
            await self._grants.revoke(token or "", self._session.kind)
            raise NotSignedIn("the session was ended")
        return await self._read_again(token or "", grant)

    async def end(self, token: str | None, post_logout_redirect_uri: str) -> str:
        """End the session here and at once; returns Keycloak's address that ends it everywhere."""
        try:
            grant = await self._read(token)
        except NotSignedIn:
            return post_logout_redirect_uri
        await self._revocations.end_session(self.realm, grant.facts["sid"])
        await self._grants.revoke(token or "", self._session.kind)
        return self._rp.logout_url(
            id_token_hint=self._unseal(token or "", grant)["id_token"],
            post_logout_redirect_uri=post_logout_redirect_uri,
        )

    async def forget(self, token: str) -> None:
        """Drop a session that nothing needs any more; the one at Keycloak goes on."""
        await self._grants.revoke(token, self._session.kind)

    async def ended_at_keycloak(self, logout_token: str) -> LogoutToken:
        """Keycloak ended a session, or all of a person's. Raises ``InvalidRequest``."""
        said = await self._rp.verify_logout_token(logout_token)
        if said.sid:
            await self._revocations.end_session(self.realm, said.sid)
        elif said.subject:
            await self._revocations.end_account(self.realm, said.subject)
        return said

    async def _standing(self, session: ClientSession) -> Standing:
        return await self._revocations.standing(
            realm=self.realm,
            subject=session.account,
            sid=session.sid,
            began=session.began,
            read_at=session.read_at,
            lives=FEDERATED_RIGHTS_LIVE if session.claims.get("ldap_id") else RIGHTS_LIVE,
        )

    async def _read(self, token: str | None) -> Grant:
        if not token:
            raise NotSignedIn("no session cookie")
        try:
            return await self._grants.read(token, self._session)
        except InvalidGrant:
            raise NotSignedIn("no such session") from None

    async def _read_again(self, token: str, grant: Grant) -> ClientSession:
        """One refresh at a time per session; the others wait for what it brings."""
        lock = f"client-refresh:{digest(token)}"
        for _ in range(int(_REFRESH_TIME.total_seconds() / _WAIT)):
            if await self._store.swap(lock, None, b"1", _REFRESH_TIME):
                try:
                    return await self._refresh(token, await self._read(token), since=grant)
                finally:
                    await self._store.take(lock)
            await asyncio.sleep(_WAIT)
            held = await self._read(token)
            if held.facts["read_at"] > grant.facts["read_at"]:
                return session_of(held)
        raise Unavailable("another copy is refreshing this session for too long")

    async def _refresh(self, token: str, grant: Grant, *, since: Grant) -> ClientSession:
        if grant.facts["read_at"] > since.facts["read_at"]:
            return session_of(grant)
        read_at = self._clock()
        try:
            tokens = await self._rp.refresh(self._unseal(token, grant)["refresh_token"])
        except NotSignedIn:
            await self._grants.revoke(token, self._session.kind)
            raise
        except Unavailable:
            session = session_of(grant)
            if read_at - session.read_at < RIGHTS_LIVE:
                return session
            raise
        if (_account(tokens), tokens.subject) != (grant.account, grant.facts["subject"]):
            await self._grants.revoke(token, self._session.kind)
            raise NotSignedIn("the refresh answered for another account")
        facts = grant.facts | self._facts(token, tokens, read_at)
        renewed = replace(grant, facts=facts)
        await self._grants.put(token, renewed)
        return session_of(renewed)

    def _facts(self, token: str, tokens: Tokens, read_at: datetime) -> dict[str, Any]:
        secrets = {"refresh_token": tokens.refresh_token, "id_token": tokens.id_token}
        return {
            "subject": tokens.subject,
            "sid": tokens.sid,
            "acr": tokens.acr,
            "auth_time": tokens.auth_time.timestamp(),
            "claims": dict(tokens.claims),
            "read_at": read_at.timestamp(),
            "sealed": self._sealer.seal(json.dumps(secrets).encode(), _purpose(token)),
        }

    def _unseal(self, token: str, grant: Grant) -> dict[str, str]:
        opened = self._sealer.unseal(grant.facts["sealed"], _purpose(token))
        secrets: dict[str, str] = json.loads(opened)
        return secrets

    def _login(self, browser: str) -> Binding:
        return Binding(
            "client-login",
            self._rp.realm,
            self._rp.client_id,
            redirect=self._redirect_uri,
            browser=digest(browser),
        )


def _account(tokens: Tokens) -> str:
    """Keycloak's user id, also where the subject is pairwise."""
    return str(tokens.claims.get("bridge_account") or tokens.subject)


def _purpose(token: str) -> str:
    # A sealed value copied into another session does not open there.
    return f"client-session:{digest(token)}"


def _s256(verifier: str) -> str:
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
