"""Keys over the wire: fetched when needed, and not at a stranger's will."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from idp_bridge_adapters.keys import KeysUnavailable, RemoteKeys
from idp_bridge_adapters.testing import IssuerForTests

ISSUER = "https://idp.test/realms/workers"


class Site:
    """The issuer's two documents, with a count of what was asked for."""

    def __init__(self, issuer: IssuerForTests) -> None:
        self.issuer = issuer
        self.named = ISSUER
        self.up = True
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if not self.up:
            raise httpx.ConnectError("away")
        if request.url.path.endswith("/openid-configuration"):
            return httpx.Response(200, json={"issuer": self.named, "jwks_uri": ISSUER + "/certs"})
        return httpx.Response(200, json=self.issuer.jwks)


class Setting:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.issuer = IssuerForTests(ISSUER)
        self.site = Site(self.issuer)
        http = httpx.Client(transport=httpx.MockTransport(self.site))
        self.keys = RemoteKeys(ISSUER, http, clock=lambda: self.now)

    def find(self, key_id: str) -> bool:
        return self.keys.find(key_id, "ES256") is not None

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_keys_are_found_through_discovery_and_then_kept(setting: Setting):
    assert setting.find(setting.issuer.key_id)
    assert setting.find(setting.issuer.key_id)

    assert setting.site.asked == [
        "/realms/workers/.well-known/openid-configuration",
        "/realms/workers/certs",
    ]


def test_a_rotated_key_is_fetched_when_a_token_names_it(setting: Setting):
    setting.find(setting.issuer.key_id)
    setting.issuer.rotate()
    setting.later(seconds=11)

    assert setting.find(setting.issuer.key_id)


def test_a_thousand_made_up_key_ids_cost_one_request_per_ten_seconds(setting: Setting):
    setting.find(setting.issuer.key_id)
    setting.later(seconds=11)

    assert not any(setting.find(f"made-up-{number}") for number in range(1000))

    assert setting.site.asked.count("/realms/workers/certs") == 2


def test_a_withdrawn_key_is_forgotten_within_ten_minutes(setting: Setting):
    withdrawn = setting.issuer.key_id
    setting.find(withdrawn)
    setting.issuer.rotate()
    setting.later(minutes=10, seconds=1)

    assert not setting.find(withdrawn)


def test_a_short_outage_of_the_issuer_is_not_noticed_and_a_long_one_fails_closed(
    setting: Setting,
):
    known = setting.issuer.key_id
    setting.find(known)
    setting.site.up = False

    setting.later(minutes=59)
    assert setting.find(known)
    setting.later(minutes=2)
    with pytest.raises(KeysUnavailable):
        setting.find(known)
    setting.site.up = True
    setting.later(seconds=11)
    assert setting.find(known)


def test_an_issuer_that_was_never_reached_verifies_nothing(setting: Setting):
    setting.site.up = False

    with pytest.raises(KeysUnavailable):
        setting.find("any")


def test_a_discovery_document_of_another_issuer_is_not_taken(setting: Setting):
    setting.site.named = "https://evil.test/realms/workers"

    with pytest.raises(KeysUnavailable):
        setting.find(setting.issuer.key_id)
