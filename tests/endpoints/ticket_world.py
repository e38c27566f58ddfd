"""The ticket endpoints as the bridge wires them, over a hand-written Keycloak, with three apps."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from idp_bridge.core.apps import App
from idp_bridge.core.errors import BridgeError
from idp_bridge.core.grants import Grants
from idp_bridge.core.ticket_apps import TicketApps
from idp_bridge.core.tickets import TicketParts, Tickets
from idp_bridge.endpoints.entry import Entry, EntryParts
from idp_bridge.endpoints.ticket import TicketEndpoints
from idp_bridge.endpoints.ticket_tokens import TicketSigner
from idp_bridge.oidc.keys import KeySet
from idp_bridge.store.memory import MemoryStore
from idp_bridge.store.sealing import AesSealer
from idp_bridge.web.errors import error_response
from idp_bridge_adapters.keys import KeySet as PublishedKeys
from idp_bridge_adapters.signed_ticket import SignedTickets
from tests.endpoints.cas_world import ISSUER, CasWorld, query_of
from tests.web.portal_world import app

SERVICE = "https://forms.test/signed-in"
STATE = "a-state-of-the-app"
SECRETS = {name: name.ljust(43, "x") for name in ("forms", "old", "both-r", "both-w")}


class TicketWorld(CasWorld):
    """Everything around the ticket endpoints."""

    def __init__(self, keys: Path, store: type[MemoryStore] = MemoryStore) -> None:
        self.keys_folder = keys
        super().__init__(store)
        self.apps.apps = _apps()
        self.app_logout._tellers = {"ticket": self.teller}
        roles = {"forms": ["clerk"], "old": ["reader"], "both": ["visitor"]}
        for realm in self.realms.values():
            realm.person.apps = roles

    def _application(self) -> Starlette:
        self.keys = KeySet(self.keys_folder, self.clock)
        self.signer = TicketSigner(self.keys.sign)
        entry = Entry(EntryParts(ISSUER, self.doors, self.pages, self.app_logout))
        apps = TicketApps(self.doors, ISSUER)
        parts = TicketParts(
            issuer=ISSUER,
            apps=apps,
            grants=Grants(self.store, self.clock),
            sessions=entry.sessions,
            signer=self.signer,
            visits=self.visits,
            sealer=AesSealer("k" * 32),
            trail=self.trail,
            clock=self.clock,
        )
        endpoints = TicketEndpoints(ISSUER, entry, apps, Tickets(parts), self.pages)

        async def told(request: Request, error: Exception) -> Response:
            assert isinstance(error, BridgeError)
            return error_response(self.pages, request, error)

        routes = [*entry.routes(), *endpoints.routes()]
        return Starlette(routes=routes, exception_handlers={BridgeError: told})

    async def sign_in(
        self,
        client_id: str = "forms",
        service: str = SERVICE,
        http: httpx.AsyncClient | None = None,
        **more: str,
    ) -> httpx.Response:
        """What a browser gets that the app sent to sign in."""
        query = {"app": client_id, "service": service, "state": STATE, **more}
        return await self.go("/ticket/sign-in", http, **query)

    async def ticket(self, service: str = SERVICE, client_id: str = "forms", **more: str) -> str:
        """What a sign-in gives the app."""
        answer = await self.sign_in(client_id, service, **more)
        if answer.is_redirect:
            return query_of(answer)["ticket"]
        return form_in(answer)["ticket"]

    async def redeem(
        self, ticket: str, service: str = SERVICE, client_id: str = "forms", secret: str = ""
    ) -> httpx.Response:
        """The app shows a ticket, with its secret."""
        return await self.http.post(
            "/ticket/redeem",
            data={"ticket": ticket, "service": service},
            auth=(client_id, secret or SECRETS[client_id]),
            headers={"accept": "application/json"},
        )

    def verifier(self, client_id: str = "forms", service: str = SERVICE) -> SignedTickets:
        """An app that verifies by itself, with what the bridge publishes now."""
        keys = PublishedKeys(self.keys.jwks()["keys"])
        return SignedTickets(ISSUER, client_id, service, keys, clock=self.clock)


def form_in(answer: httpx.Response) -> dict[str, str]:
    """The fields of the page that posts itself, and its ``action``."""
    assert answer.status_code == 200, answer.text
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    action = re.search(r'<form method="post" action="([^"]+)" data-send-at-once', answer.text)
    assert action is not None
    return {name: unescape(value) for name, value in {**found, "action": action[1]}.items()}


def claims_of(ticket: str) -> dict[str, Any]:
    """What a ticket says, unverified."""
    claims: dict[str, Any] = jwt.decode(ticket, options={"verify_signature": False})
    return claims


def _apps() -> tuple[App, ...]:
    def takes_tickets(client_id: str, realm: str, *uris: str, **settings: Any) -> App:
        own = f"{ISSUER}/apps/callback/{realm}/{client_id}"
        return app(
            client_id,
            client_id,
            client_id,
            "work",
            realm=realm,
            protocol="ticket",
            redirect_uris=(own, *uris),
            settings=settings,
        )

    secrets = {"residents": SECRETS["both-r"], "workers": SECRETS["both-w"]}
    return (
        takes_tickets(
            "forms",
            "workers",
            SERVICE,
            "https://forms.test/pages/*",
            secret={"workers": SECRETS["forms"]},
            logout_url="https://forms.test/over",
        ),
        takes_tickets(
            "old",
            "workers",
            "https://old.test/in.php",
            algorithm="HS256",
            delivery="redirect",
            secret={"workers": SECRETS["old"]},
        ),
        takes_tickets("both", "residents", "https://both.test/in", secret=secrets),
        takes_tickets("both", "workers", "https://both.test/in", secret=secrets),
        app("spoken", "x", "x", "work", realm="workers", redirect_uris=("https://spoken.test/in",)),
    )
