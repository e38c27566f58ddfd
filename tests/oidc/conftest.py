"""One OP with three clients for the tests of the protocol."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from idp_bridge.core.authorization import Client
from idp_bridge.core.clock import system_clock
from idp_bridge.oidc import KeySet
from tests.fakes import SigningKey
from tests.oidc.world import CALLBACK, Browser, World, client


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys made once: an RSA key takes a while."""
    folder = tmp_path_factory.mktemp("keys")
    KeySet(folder, system_clock)
    return folder


@pytest.fixture
def fresh_keys(key_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(key_folder, tmp_path / "keys"))


@pytest.fixture
def client_key() -> SigningKey:
    return SigningKey()


def broker(client_id: str, level: str, jwks: dict[str, object]) -> Client:
    """Keycloak as a client, for one of its ways in."""
    return client(
        client_id,
        auth_method="private_key_jwt",
        secret="",
        jwks=jwks,
        keycloak=True,
        level=level,
    )


@pytest.fixture
def make_world(key_folder: Path, client_key: SigningKey) -> Callable[..., World]:
    jwks = {"keys": [{**client_key.jwk, "kid": "k1", "use": "sig"}]}

    def make(**changes: object) -> World:
        clients = [
            client(),
            client("second", redirect_uris=(f"{CALLBACK}?dummy1=lorem&dummy2=ipsum", CALLBACK)),
            client("by-post", auth_method="client_secret_post", require_pkce=False),
            client("plain", require_pkce=False),
            client("signing", auth_method="private_key_jwt", secret="", jwks=jwks),
            broker("broker", "qr", jwks),
            broker("activation", "activation", jwks),
            client("worker-app", realm="workers"),
        ]
        return World(key_folder, clients, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()
