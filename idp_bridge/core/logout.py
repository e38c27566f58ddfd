r"""Ending a session of the OpenID Provider everywhere it reached.

    end_everywhere --> the OP session is over in every copy of the bridge
                  \--> every client answered in it gets a logout token
                  \--> the Keycloak session it came from, if any, is ended

The first holds at once; whether the others could be reached changes nothing about it.
"""

import asyncio
from typing import Protocol

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.authorization import Client
from idp_bridge.core.clients import Clients
from idp_bridge.core.op_sessions import OpSessions


class LogoutSender(Protocol):
    """Tells one client that a session ended (OpenID Connect Back-Channel Logout 1.0).

    Never raises: a client that cannot be reached is logged, and the session is over all the same.
    """

    async def send(self, client: Client, *, subject: str, sid: str) -> None: ...


class Logout:
    """Ends sessions and tells everybody who has to know."""

    def __init__(
        self, sessions: OpSessions, clients: Clients, sender: LogoutSender, accounts: Accounts
    ) -> None:
        self._sessions = sessions
        self._clients = clients
        self._sender = sender
        self._accounts = accounts

    async def end_everywhere(self, realm: str, sid: str, *, told: str = "") -> None:
        """End ``sid``; the client ``told`` is the one that said so and needs no telling."""
        session = await self._sessions.end(realm, sid)
        if session is None:
            return
        subject = session.authentication.subject
        clients = [self._clients.find(name) for name in session.clients if name != told]
        await asyncio.gather(
            *(
                self._sender.send(client, subject=subject, sid=sid)
                for client in clients
                if client is not None and client.backchannel_logout_uri
            )
        )
        if session.upstream:
            await self._accounts.end_session(realm, session.upstream)
