"""Check `machines`: what service accounts may do in the app, and where, is what was declared."""

from collections.abc import Iterator, Mapping
from typing import Any

from idp_bridge.admission.findings import Findings
from idp_bridge.admission.site import Site
from idp_bridge.core.admission import AppTokens
from idp_bridge.manifests.manifest import ServiceAccount


async def check_machines(site: Site, tokens: AppTokens, findings: Findings) -> None:
    """The token that each would get now is compared with the manifest."""
    for machine in site.manifest.service_accounts:
        if machine.realm != site.realm:
            continue
        claims = await tokens.of_machine(site.realm, machine.id)
        problems = list(_problems(site, machine, claims))
        for reason, told in problems:
            findings.failed("machines", reason, machine=machine.id, told=told or "-")
        if not problems:
            findings.passed("machines", role=machine.id)


def _problems(
    site: Site, machine: ServiceAccount, claims: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    if claims is None:
        yield "machine_missing", ""
        return
    access = {client: held.get("roles", ()) for client, held in _access(claims).items()}
    told = sorted(f"{client}/{role}" for client, roles in access.items() for role in roles)
    if told != sorted(f"{site.manifest.client_id}/{role}" for role in machine.roles):
        yield "machine_roles", ", ".join(told)
    posts = sorted(map(str, claims.get("groups") or ()))
    if posts != sorted(f"{org}/{role}" for org in machine.orgs for role in machine.roles):
        yield "machine_posts", ", ".join(posts)


def _access(claims: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Roles by client; realm roles count as those of the realm."""
    access = dict(claims.get("resource_access") or {})
    if realm := claims.get("realm_access"):
        access["realm"] = realm
    return access
