"""People who are signed in at an app behind forward-auth, with no Keycloak to sign in at.

The sessions are made by the bridge's own ``ClientSessions`` over the Redis that the gate reads.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from idp_bridge.core.apps import App
from idp_bridge.core.client_sessions import ClientSessions
from idp_bridge.core.clock import system_clock
from idp_bridge.core.grants import Grants
from idp_bridge.core.relying_party import LogoutToken, Tokens
from idp_bridge.core.revocations import Revocations
from idp_bridge.core.store import Store
from idp_bridge.store.sealing import AesSealer

HOST = "patrol.test"
CALLBACK = f"http://{HOST}/.idp-bridge/callback"
APP = App(
    realm="workers",
    client_id="volunteer-patrol",
    names={"zh": "志愿巡逻", "en": "Volunteer patrol"},
    group="work",
    url=f"http://{HOST}/",
    protocol="forward-auth",
    icon="patrol",
    enabled=True,
    roles=frozenset({"patroller"}),
    redirect_uris=(CALLBACK,),
    minimum_acr="password",
    state="admitted",
    settings={"rules": [{"paths": ["/rounds/*"], "roles": ["organiser"]}]},
)


class OneApp:
    """An ``Apps`` of one."""

    async def of(self, realm: str) -> tuple[App, ...]:
        return (APP,) if realm == APP.realm else ()


class Anybody:
    """A ``RelyingParty`` at which every code is good for somebody new."""

    realm = APP.realm
    client_id = APP.client_id

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        extra: Mapping[str, str],
    ) -> str:
        return state

    async def exchange(
        self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str
    ) -> Tokens:
        return await self.refresh(f"{secrets.token_hex(16)}.{secrets.token_hex(16)}.{'x' * 850}")

    async def refresh(self, refresh_token: str) -> Tokens:
        account, sid, _ = refresh_token.split(".")
        claims = {
            "bridge_account": account,
            "name": "陈静",
            "groups": ["/baoan/xixiang/gongle/grid-12/grid-worker"],
            "resource_access": {APP.client_id: {"roles": ["patroller"]}},
        }
        return Tokens(
            subject=account,
            sid=sid,
            acr="password",
            auth_time=datetime.now(UTC),
            claims=claims,
            id_token="x" * 1200,
            refresh_token=refresh_token,
        )

    def logout_url(self, *, id_token_hint: str, post_logout_redirect_uri: str) -> str:
        return post_logout_redirect_uri

    async def verify_logout_token(self, logout_token: str) -> LogoutToken:
        raise NotImplementedError("nobody signs out while this is measured")


def sessions(store: Store, secret: str) -> ClientSessions:
    """The app's sessions in ``store``."""
    return ClientSessions(
        Anybody(),
        CALLBACK,
        grants=Grants(store, system_clock),
        store=store,
        revocations=Revocations(store, system_clock),
        sealer=AesSealer(secret),
        clock=system_clock,
    )


async def signed_in(at: ClientSessions) -> str:
    """Somebody new comes in; the token of the session."""
    browser = secrets.token_hex(16)
    state = await at.begin(browser=browser, wanted="/", extra={})
    return (await at.finish(browser=browser, state=state, code="any")).token
