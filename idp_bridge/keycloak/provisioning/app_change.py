"""What applying a manifest would change about who holds its app's roles, as links of roles."""

from dataclasses import dataclass

from idp_bridge.core.role_links import Change, Link, Role, by_group, by_role
from idp_bridge.keycloak.provisioning.app_life import apps_at
from idp_bridge.keycloak.provisioning.app_roles import Grant, check_holder, grants, is_given
from idp_bridge.keycloak.provisioning.memories import memory_of
from idp_bridge.keycloak.provisioning.reconcile import Policy
from idp_bridge.keycloak.provisioning.rest import AdminApi
from idp_bridge.keycloak.provisioning.withdrawal import given_before
from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.parts import Realm


@dataclass(frozen=True, slots=True)
class RightsChange:
    """What would change in one realm; before the app is admitted, what its admission would."""

    realm: Realm
    client_id: str
    roles: tuple[str, ...]
    admitted: bool
    change: Change


def rights_change(
    api: AdminApi, realm: Realm, app: AppManifest, *, overwrite: bool = False
) -> RightsChange:
    """Compare the manifest's grants with Keycloak's, by the rule that provisioning follows."""
    base = f"/realms/{realm}"
    wanted = grants(api, base, app, realm)
    with memory_of(api, realm, Policy(apply=False)) as memory:
        before = given_before(app, memory)
    added = {
        grant
        for grant in wanted
        if (overwrite or grant not in before) and not is_given(api, base, grant)
    }
    for grant in added:
        check_holder(api, base, grant)
    removed = {grant for grant in before if grant not in wanted and is_given(api, base, grant)}
    here = [at for at in apps_at(api, app.client_id) if at.realm == realm]
    roles = {*app.roles[realm], *(grant.role for grant in removed)}
    return RightsChange(
        realm=realm,
        client_id=app.client_id,
        roles=tuple(sorted(roles)),
        admitted=bool(here) and here[0].state == "admitted",
        change=Change(frozenset(map(_link, added)), frozenset(map(_link, removed))),
    )


def _link(grant: Grant) -> Link:
    holder = by_group(grant.holder) if grant.by_post else by_role(Role("", grant.holder))
    return Link(holder, Role(grant.client_id, grant.role))
