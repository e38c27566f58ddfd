"""What one stack consists of: decided from the options before anything is started."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp_bridge.local.bridge_settings import SECRETS, more_manifests, read_more, write_settings
from idp_bridge.local.certificates import lan_address, lan_certificate
from idp_bridge.local.directory import seed
from idp_bridge.local.folder import Folder
from idp_bridge.local.ldif import BASE, READER, directory
from idp_bridge.local.manifests import Manifest, demo_people, examples_folder, manifests
from idp_bridge.local.needs import missing
from idp_bridge.local.origins import Origins, public_addresses
from idp_bridge.local.ports import Ports
from idp_bridge.local.secrets import kept_credentials, kept_secrets
from idp_bridge.local.service_provider import certificate_of


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator asked for."""

    data: Path
    port_base: int
    public_url: tuple[str, ...] = ()
    lan: bool = False
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An app whose example cannot run here, and what it lacks."""

    app: Manifest
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the parts of a stack have to know of one another."""

    folder: Folder
    ports: Ports
    origins: Origins
    secrets: dict[str, str]
    people: list[dict[str, Any]]
    credentials: dict[str, dict[str, str]]
    apps: list[Manifest]
    left_out: list[LeftOut]
    more: dict[str, Any]
    more_apps: list[Path]

    def example_port(self, app: Manifest) -> int:
        """Examples have the ports after our own, in the order of their manifests."""
        examples = [other.id for other in self.apps if other.example]
        return self.ports.first_example + examples.index(app.id)

    def inner_port(self, app: Manifest) -> int:
        """For an app that stands behind a proxy of its own."""
        return self.example_port(app) + self.ports.first_inner - self.ports.first_example

    def example_url(self, app: Manifest) -> str:
        return self.origins.origin(app.id, self.example_port(app))

    def wanted_ports(self) -> list[tuple[str, int]]:
        """Every port that this stack listens on, and what needs it."""
        examples = [(a.names["en"], self.example_port(a)) for a in self.apps if a.example]
        trust = [("the trust page", self.ports.trust)] if self.origins.trust_page else []
        return [*self.ports.named().items(), *trust, *examples]


def make_plan(options: Options) -> Plan:
    """Read the data, make what is missing of the secrets. Nothing is started."""
    folder, ports = Folder.at(options.data), Ports(options.port_base)
    more = read_more(options.config)
    more_apps = more_manifests(options.config, more)
    found = manifests(more_apps)
    left_out = [LeftOut(app, lacks) for app in found if (lacks := _lacks(app))]
    apps = [app for app in found if app.id not in {left.app.id for left in left_out}]
    people = demo_people()
    names = [*SECRETS, *(name for app in apps for name in app.secret_names().values())]
    names += [f"{app.key}_session" for app in apps if app.example]
    return Plan(
        folder=folder,
        ports=ports,
        origins=_origins(options, folder, ports, apps, more),
        secrets=kept_secrets(folder, names),
        people=people,
        credentials=kept_credentials(folder, people),
        apps=apps,
        left_out=left_out,
        more=more,
        more_apps=more_apps,
    )


def _lacks(app: Manifest) -> tuple[str, ...]:
    return missing(examples_folder() / app.example) if app.example else ()


def _origins(
    options: Options, folder: Folder, ports: Ports, apps: list[Manifest], more: dict[str, Any]
) -> Origins:
    public = public_addresses(options.public_url, [app.id for app in apps])
    if not options.lan:
        ca_file = Path(more["ca_file"]).resolve() if "ca_file" in more else None
        return Origins(ports, public=public, ca_file=ca_file)
    address = lan_address()
    ca, certificate, key = lan_certificate(folder.part("ca"), address)
    return Origins(
        ports,
        name=address,
        host=address,
        public=public,
        certificate=certificate,
        certificate_key=key,
        ca_file=ca,
    )


def write_files(plan: Plan) -> None:
    """Write what the bridge, the provisioning and the directory read."""
    write_settings(plan.folder, plan.origins, plan.secrets, plan.more)
    plan.folder.write("values.json", values(plan))
    passwords = {name: kept["password"] for name, kept in plan.credentials.items()}
    seed(plan.folder, directory(plan.people, passwords, plan.secrets["ldap_reader"]))


def values(plan: Plan) -> dict[str, str]:
    """What the placeholders in ``realms/`` stand for."""
    found = {
        "ldap_url": f"ldap://127.0.0.1:{plan.ports.ldap}",
        "ldap_base_dn": BASE,
        "ldap_bind_dn": READER,
        "ldap_password": plan.secrets["ldap_reader"],
        # Asked for while realms are set up, when the bridge is not there yet.
        "sector_url": f"{plan.origins.local_scheme}://{plan.origins.host}:{plan.ports.start}/sector.json",
    }
    for app in plan.apps:
        if app.example:
            found[f"{app.key}_url"] = plan.example_url(app)
        if app.example and app.protocol == "saml":
            own = certificate_of(plan.folder.part(app.id), app.id)
            found[f"{app.key}_certificate"] = own
        found |= {name: plan.secrets[name] for name in app.secret_names().values()}
    return found
