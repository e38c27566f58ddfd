"""What a manifest becomes at Keycloak: released claims, subjects, addresses, who is given roles."""

from pathlib import Path
from typing import Any, cast

import pytest

from idp_bridge.keycloak.provisioning import AdminApi, Inputs, Policy
from idp_bridge.keycloak.provisioning.app_client import app_client
from idp_bridge.keycloak.provisioning.app_life import even_out
from idp_bridge.keycloak.provisioning.app_names import refuse_foreign
from idp_bridge.keycloak.provisioning.app_roles import Grant, check_holder, posts_of
from idp_bridge.keycloak.provisioning.apps import app_items
from idp_bridge.keycloak.provisioning.reconcile import Line, Memory
from idp_bridge.keycloak.provisioning.rest import AdminApiError
from idp_bridge.keycloak.provisioning.run import apps_of_realm, declared_realm
from idp_bridge.manifests.manifest import AppManifest, PostsOf
from idp_bridge.manifests.parts import Realm

REALMS = Path(__file__).parents[2] / "realms"
ISSUER = "https://bridge.example"


VALUES = {
    "issuer": ISSUER,
    "sector_url": f"{ISSUER}/apps/sector.json",
    "resident_url": "https://residents.example",
    "worker_url": "https://workers.example",
    "admin_url": "https://admin.example",
}


class SmallAdmin:
    """An Admin API that knows one client in one state, and the posts it is told."""

    def __init__(self, state: str = "draft", posts: tuple[str, ...] = ()) -> None:
        self.ids: dict[str, str] = {}
        self._state = state
        self._posts = posts

    def get(self, path: str) -> Any:
        if "/groups?" in path:
            return [{"path": post} for post in self._posts]
        if "clients?clientId=" in path:
            client_id = path.partition("clientId=")[2]
            return [{"id": "1", "clientId": client_id, "attributes": {"bridge.state": self._state}}]
        return {"realm": "workers"} if path == "/realms/workers" else None


def manifest(realm: Realm = "workers", **changed: Any) -> AppManifest:
    return AppManifest.model_validate(
        {
            "id": "key-person",
            "names": {"zh": "重点人员", "en": "Key persons"},
            "realms": [realm],
            "protocol": "cas",
            "url": {realm: "https://key.example/"},
            "addresses": {realm: ["https://key.example/login/*"]},
            "roles": {realm: {"viewer": {"names": {"zh": "查看", "en": "V"}, "from": ["staff"]}}},
            **changed,
        }
    )


def declared(realm: Realm) -> Any:
    return declared_realm(Inputs(REALMS, VALUES, {realm: {"bridge_secret": "x"}}), realm)


def client(realm: Realm = "workers", **changed: Any) -> dict[str, Any]:
    return app_client(realm, manifest(realm, **changed), declared(realm))


def test_an_app_is_told_what_its_manifest_names_and_nothing_else() -> None:
    assert client()["scopes"] == ["basic", "acr", "bridge-session"]
    assert client(claims=["name"])["scopes"][3:] == ["claim-name"]


def test_residents_are_known_by_pairwise_subjects_unless_the_manifest_says_otherwise() -> None:
    def pairwise(of: dict[str, Any]) -> bool:
        return any("pairwise" in mapper["protocolMapper"] for mapper in of["mappers"])

    assert pairwise(client("residents"))
    assert not pairwise(client("workers"))
    assert pairwise(client("workers", subject="pairwise"))


def test_an_app_on_several_hosts_is_given_a_sector_document() -> None:
    [pairwise] = [m for m in client("residents")["mappers"] if m["name"] == "pairwise subject"]

    assert pairwise["config"] == {"sectorIdentifierUri": f"{ISSUER}/apps/sector.json"}


def test_the_bridge_signs_in_for_an_app_that_it_serves_and_the_app_has_no_secret_there() -> None:
    made = client()

    assert made["redirectUris"] == [
        f"{ISSUER}/apps/callback/workers/key-person",
        "https://key.example/login/*",
    ]
    assert made["clientAuthenticatorType"] == "client-jwt"
    assert "secret" not in made


def test_behind_a_proxy_a_sign_in_returns_to_the_hosts_of_the_app_and_nowhere_else() -> None:
    made = client(protocol="forward-auth")

    after = made["attributes"]["post.logout.redirect.uris"]
    assert made["redirectUris"] == ["https://key.example/.idp-bridge/callback"]
    assert after == "https://key.example/.idp-bridge/signed-out"


def test_whether_an_app_is_enabled_is_never_declared() -> None:
    assert "enabled" not in client()


@pytest.mark.parametrize(
    ("state", "given"), [("draft", False), ("checked", False), ("admitted", True)]
)
def test_only_an_admitted_app_is_given_to_anybody(state: str, given: bool) -> None:
    api = cast(AdminApi, SmallAdmin(state))

    items = [item.name for item in app_items(api, "workers", manifest(), declared("workers"))]

    assert (Grant("staff", "key-person", "viewer").name in items) is given


def test_a_unit_whose_name_begins_like_another_is_not_within_it() -> None:
    posts = ("/baoan/xixiang/staff", "/baoan/xixiang-new/staff", "/baoan/xixiang/gongle/staff")
    api = cast(AdminApi, SmallAdmin(posts=posts))

    found = posts_of(api, "/realms/workers", PostsOf(role="staff", org="/baoan/xixiang"))

    assert found == ["/baoan/xixiang/gongle/staff", "/baoan/xixiang/staff"]


def test_a_group_that_carries_the_role_under_another_name_is_no_post() -> None:
    api = cast(AdminApi, SmallAdmin(posts=("/baoan/xixiang/helpers", "/baoan/staff")))

    found = posts_of(api, "/realms/workers", PostsOf(role="staff", org="/baoan"))

    assert found == ["/baoan/staff"]


def test_a_unit_that_does_not_exist_is_an_error_that_names_it() -> None:
    api = cast(AdminApi, SmallAdmin())

    with pytest.raises(AdminApiError, match="the org unit /baoan/nowhere, which workers does not"):
        posts_of(api, "/realms/workers", PostsOf(role="staff", org="/baoan/nowhere"))


def test_a_realm_role_that_does_not_exist_is_an_error_that_names_it() -> None:
    api = cast(AdminApi, SmallAdmin())

    with pytest.raises(AdminApiError, match="the role staf, which workers does not have"):
        check_holder(api, "/realms/workers", Grant("staf", "key-person", "viewer"))


class TwoRealms:
    """An Admin API with one app in both realms, open in ``workers`` only."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self.ids: dict[str, str] = {}
        self.enabled = {"residents": False, "workers": True}
        self.calls: list[tuple[str, str]] = []
        self._sessions = ["s-1", "s-2"]

    def get(self, path: str) -> Any:
        realm = path.split("/")[2]
        if "user-sessions" in path:
            return [{"id": sid} for sid in self._sessions]
        said = {"bridge.app": "true", "bridge.protocol": self._protocol}
        app = {"id": realm, "clientId": "key-person", "attributes": said}
        return [app | {"enabled": self.enabled[realm]}]

    def delete(self, path: str) -> None:
        self.calls.append(("delete", path))
        self._sessions.remove(path.rpartition("/")[2])

    def put(self, path: str, body: Any) -> None:
        self.calls.append(("put", path))
        self.enabled[path.split("/")[2]] = body["enabled"]


@pytest.mark.parametrize(("protocol", "ended"), [("oidc", ["s-1", "s-2"]), ("cas", [])])
def test_of_two_clients_of_one_app_the_closed_one_decides_and_sessions_end_first(
    protocol: str, ended: list[str]
) -> None:
    api = TwoRealms(protocol)

    lines = list(even_out(cast(AdminApi, api), "key-person", Policy()))

    assert api.enabled == {"residents": False, "workers": False}
    assert [str(line) for line in lines] == ["~ workers: client key-person enabled: true -> false"]
    # Apps that the bridge serves are told by the bridge: nobody is signed out everywhere for them.
    assert api.calls == [
        *(("delete", f"/realms/workers/sessions/{sid}") for sid in ended),
        ("put", "/realms/workers/clients/workers"),
    ]


def test_a_plan_does_not_close_anything() -> None:
    api = TwoRealms("oidc")

    assert list(even_out(cast(AdminApi, api), "key-person", Policy(apply=False)))
    assert api.enabled["workers"] is True


class OthersClients:
    """An Admin API of a realm with these clients, which nobody may write to."""

    def __init__(self, **clients: dict[str, str]) -> None:
        self.ids: dict[str, str] = {}
        self._clients = {name.replace("_", "-"): said for name, said in clients.items()}

    def get(self, path: str) -> Any:
        client_id = path.partition("clients?clientId=")[2]
        if client_id not in self._clients:
            return []
        return [{"id": "1", "clientId": client_id, "attributes": self._clients[client_id]}]


def planned(api: OthersClients, app: AppManifest) -> list[Line]:
    """What would be done in the realm of workers."""
    realm = ("workers", declared("workers"))
    memory, policy = Memory(), Policy(apply=False)
    return apps_of_realm(cast(AdminApi, api), realm, [app], memory, policy)


def machine(client_id: str) -> dict[str, Any]:
    return {"id": client_id, "roles": ["viewer"], "secret": "known to the manifest's author"}


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "worker-portal"},
        {"id": "idp-bridge"},
        {"id": "realm-management"},
        {"service_accounts": [machine("idp-bridge")]},
        {"service_accounts": [machine("mediation")]},
        {"service_accounts": [machine("dispatch-desk")]},
        {"service_accounts": [machine("made-by-hand")]},
        {"id": "dispatch-desk"},
        {"id": "key-person-2", "protocol": "saml", "saml": {"entity_id": "mediation"}},
    ],
)
def test_a_manifest_lays_hands_on_no_client_of_another(changed: dict[str, Any]) -> None:
    api = OthersClients(
        mediation={"bridge.app": "true"},
        dispatch_desk={"bridge.machine.of": "dispatch"},
        made_by_hand={},
    )

    with pytest.raises(AdminApiError, match="choose another id"):
        planned(api, manifest(**changed))


def test_leaving_a_realm_out_deletes_no_client_of_another() -> None:
    with pytest.raises(AdminApiError, match="choose another id"):
        planned(OthersClients(), manifest("residents", id="worker-portal"))


def test_a_client_that_somebody_made_by_hand_may_become_an_app() -> None:
    api = cast(AdminApi, OthersClients(key_person={}))

    refuse_foreign(api, "workers", manifest(), declared("workers"))
