"""What `idp-bridge status` tells: the one interface that scripts and tests use."""

from typing import Any

from idp_bridge.local.errors import NotRunning
from idp_bridge.local.folder import Folder
from idp_bridge.local.keycloak_server import ADMIN
from idp_bridge.local.ldif import ADMIN as LDAP_ADMIN
from idp_bridge.local.ldif import BASE
from idp_bridge.local.manifests import Manifest, filled
from idp_bridge.local.plan import Plan, values

_FILE = "status.json"


def describe(plan: Plan, *, ready: bool) -> dict[str, Any]:
    """Everything a visitor of this stack has to know, passwords of the demo people included."""
    return {
        "ready": ready,
        "urls": _urls(plan),
        "realms": {
            realm: {
                "issuer": f"{plan.origins.keycloak}/realms/{realm}",
                "console": f"{plan.origins.keycloak}/admin/master/console/#/{realm}",
            }
            for realm in ("residents", "workers")
        },
        "admin": {"username": ADMIN, "password": plan.secrets["admin"]},
        "people": [_person(plan, person) for person in plan.people],
        "apps": [_app(plan, app, realm) for app in plan.apps for realm in app.realms],
        "left_out": [
            {"id": left.app.id, "names": left.app.names, "lacks": list(left.lacks)}
            for left in plan.left_out
        ],
        "ldap": {
            "url": f"ldap://127.0.0.1:{plan.ports.ldap}",
            "base": BASE,
            "bind_dn": LDAP_ADMIN,
            "password": plan.secrets["ldap_admin"],
        },
        "data": str(plan.folder.path),
    }


def _urls(plan: Plan) -> dict[str, str]:
    origins = plan.origins
    return {
        "bridge": origins.bridge,
        "op_issuer": origins.bridge,
        "keycloak": origins.keycloak,
        "console": f"{origins.keycloak}/admin/",
        "resident_portal": origins.resident,
        "worker_portal": origins.worker,
        "admin": origins.admin,
        "phone": f"{origins.resident}/phone",
        "start": origins.start,
    } | ({"trust": origins.trust_page} if origins.trust_page else {})


def _app(plan: Plan, app: Manifest, realm: str) -> dict[str, Any]:
    return {
        "id": app.id,
        "name": app.names["zh"],
        "names": app.names,
        "url": filled(app.urls[realm], values(plan)),
        "protocol": app.protocol,
        "realm": realm,
        "roles": list(app.roles[realm]),
    }


def _person(plan: Plan, person: dict[str, Any]) -> dict[str, Any]:
    kept = plan.credentials[person["username"]]
    told = {
        "username": person["username"],
        "password": kept["password"],
        "name": person["name"],
        "realm": person["realm"],
        "roles": _realm_roles(person),
        "groups": list(person.get("groups", ())),
        "ldap": bool(person.get("ldap")),
        "story": person.get("story", {}),
    }
    return told | ({"totp": kept["totp"]} if "totp" in kept else {})


def _realm_roles(person: dict[str, Any]) -> list[str]:
    """Held directly, through a post (the last part of its path), or by everybody of the realm."""
    posts = [path.rsplit("/", 1)[-1] for path in person.get("groups", ())]
    everybody = ["resident"] if person["realm"] == "residents" else []
    return sorted({*everybody, *person.get("roles", ()), *posts})


def keep(folder: Folder, status: dict[str, Any]) -> None:
    folder.write(_FILE, status)


def current(folder: Folder) -> dict[str, Any]:
    """The status as it is now: a stack whose supervisor is gone is not ready, whatever it wrote."""
    status: dict[str, Any] | None = folder.read(_FILE)
    if status is None:
        raise NotRunning(f"There is no stack in {folder.path}. Start one with: idp-bridge up")
    return status if folder.holder() else {**status, "ready": False}
