"""What of an app an administrator changes on the page, and what is refused."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from idp_bridge.core.accounts import Account
from idp_bridge.core.app_settings import (
    AppDesk,
    AppSettings,
    BadSetting,
    RealmSettings,
    service_addresses,
)
from idp_bridge.core.apps import App
from tests.core.requests_world import worker_app
from tests.fakes import FakeAccounts, FakeClock, ListedAudit
from tests.web.portal_world import ListedApps

CALLBACK = "https://op.test/apps/callback/workers/cas-app"
SERVED = worker_app(
    "cas-app", protocol="cas", redirect_uris=(CALLBACK, "https://cas-app.test/login")
)
WANTED = AppSettings(
    names={"zh": "网格服务管理", "en": "Grid service"},
    owner="sunli",
    contact="",
    requestable=True,
    realms={"workers": RealmSettings("https://cas-app.test/", ("https://cas-app.test/login",))},
)


class WrittenClients:
    """``AppClients`` that notes what it was given."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str, dict[str, str], tuple[str, ...] | None]] = []

    async def write(
        self,
        realm: str,
        client_id: str,
        attributes: Mapping[str, str],
        redirect_uris: tuple[str, ...] | None,
    ) -> None:
        self.written.append((realm, client_id, dict(attributes), redirect_uris))


class DeskWorld:
    """A desk over two apps."""

    def __init__(self, *apps: App) -> None:
        self.clients, self.audit = WrittenClients(), ListedAudit()
        accounts = FakeAccounts(Account("workers", "sun", "sunli", "孙丽", enabled=True))
        self.desk = AppDesk(ListedApps(*apps), accounts, self.clients, self.audit, FakeClock())
        self.apps = apps

    async def change(self, **changes: object) -> None:
        wanted = replace(WANTED, **changes)  # type: ignore[arg-type]
        await self.desk.change(self.apps, wanted, "lin")


async def test_what_differs_is_written_and_on_record() -> None:
    world = DeskWorld(SERVED)

    await world.change(owner="", contact="8123")

    [(realm, client_id, attributes, _)] = world.clients.written
    assert (realm, client_id) == ("workers", "cas-app")
    assert attributes["bridge.contact"] == "8123"
    assert attributes["bridge.owner"] == ""
    [event] = world.audit.events
    assert (event.actor, event.detail["changed"]) == ("lin", "contact, owner")


async def test_nothing_is_written_when_nothing_differs() -> None:
    world = DeskWorld(SERVED)

    await world.change()

    assert world.clients.written == []
    assert world.audit.events == []


async def test_the_bridges_own_callback_stays_whatever_addresses_are_written() -> None:
    world = DeskWorld(SERVED)
    own = RealmSettings("https://cas-app.test/", ("https://new.test/app/*",))

    await world.change(realms={"workers": own})

    assert world.clients.written[0][3] == (CALLBACK, "https://new.test/app/*")
    assert service_addresses(SERVED) == ("https://cas-app.test/login",)


async def test_no_address_hides_by_looking_like_the_bridges_own() -> None:
    world = DeskWorld(SERVED)
    hidden = "https://elsewhere.test/apps/callback/workers/cas-app"

    with pytest.raises(BadSetting) as caught:
        await world.change(realms={"workers": RealmSettings("https://cas-app.test/", (hidden,))})

    assert (caught.value.field, world.clients.written) == ("addresses_workers", [])


async def test_redirect_uris_of_an_app_that_speaks_oidc_are_left_to_the_console() -> None:
    world = DeskWorld(worker_app("cas-app"))
    own = RealmSettings("https://other.test/", ("https://evil.test/*",))

    await world.change(realms={"workers": own})

    assert world.clients.written[0][3] is None


async def test_an_app_of_both_realms_is_written_in_both() -> None:
    both = (SERVED, replace(SERVED, realm="residents", redirect_uris=()))
    world = DeskWorld(*both)
    own = WANTED.realms["workers"]

    await world.change(contact="8123", realms={"workers": own, "residents": own})

    assert [realm for realm, *_ in world.clients.written] == ["workers", "residents"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name_zh", {"names": {"zh": "", "en": "x"}}),
        ("name_en", {"names": {"zh": "网格", "en": "x" * 61}}),
        ("owner", {"owner": "nobody"}),
        ("contact", {"contact": "x" * 201}),
    ],
)
async def test_a_field_that_cannot_be_taken_is_named_and_nothing_written(
    field: str, changes: dict[str, object]
) -> None:
    world = DeskWorld(SERVED)

    with pytest.raises(BadSetting) as told:
        await world.change(**changes)

    assert told.value.field == field
    assert world.clients.written == []


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil.test/",
        "https://user@evil.test/",
        "https://evil.test/../",
        "http://evil.test/",
        "",
    ],
)
async def test_a_tile_leads_to_a_plain_address_only(address: str) -> None:
    world = DeskWorld(SERVED)

    with pytest.raises(BadSetting):
        await world.change(realms={"workers": RealmSettings(address, ("https://a.test/",))})


@pytest.mark.parametrize(
    "addresses",
    [
        (),
        ("*",),
        ("https://*",),
        ("https://*.test/",),
        ("https://a.test*",),
        ("https://a.test/*/b",),
        ("https://a.test/x?ticket=*",),
        ("https://a.test/#x",),
        ("https://a.test/", "http://b.test/"),
    ],
)
async def test_service_addresses_are_exact_or_everything_below_a_path(
    addresses: tuple[str, ...],
) -> None:
    world = DeskWorld(SERVED)

    with pytest.raises(BadSetting):
        await world.change(realms={"workers": RealmSettings("https://a.test/", addresses)})
