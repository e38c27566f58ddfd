"""Our own programs in a stack: the provisioning, the bridge, the example apps."""

import hashlib
import sys
from datetime import timedelta
from pathlib import Path

from idp_bridge.local.keycloak_server import ADMIN
from idp_bridge.local.manifests import Manifest, examples_folder, realms_folder
from idp_bridge.local.plan import Plan
from idp_bridge.local.readiness import answers, at_once
from idp_bridge.local.supervisor import Program

_OURS = (sys.executable, "-m", "idp_bridge")
_PROVISIONED = "provisioned.json"


def provision_program(plan: Plan) -> Program:
    """Applies ``realms/`` to Keycloak; ends by itself."""
    folder = plan.folder
    return Program(
        name="Provisioning",
        command=(
            *(*_OURS, "provision", "--config", str(folder.file("bridge.yaml"))),
            *("--demo", str(folder.file("people.json"))),
            *("--values", str(folder.file("values.json"))),
            *(word for file in plan.more_apps for word in ("--apps", str(file))),
            *(word for left in plan.left_out for word in ("--without", left.app.id)),
        ),
        log=folder.log("provision"),
        ready=at_once,
        environment={
            "KEYCLOAK_ADMIN_USER": ADMIN,
            "KEYCLOAK_ADMIN_PASSWORD": plan.secrets["admin"],
        },
    )


def is_provisioned(plan: Plan) -> bool:
    """Whether the same inputs were applied already."""
    return bool(plan.folder.read(_PROVISIONED) == _inputs(plan))


def mark_provisioned(plan: Plan) -> None:
    plan.folder.write(_PROVISIONED, _inputs(plan))


def _inputs(plan: Plan) -> str:
    """A digest of everything that provisioning reads, its own code included."""
    code = Path(__file__).resolve().parent.parent / "keycloak"
    files = [file for root in (realms_folder(), code) for file in root.rglob("*")]
    files += [*plan.more_apps]
    files += [plan.folder.file(n) for n in ("bridge.yaml", "values.json", "people.json")]
    found = hashlib.sha256(" ".join(left.app.id for left in plan.left_out).encode())
    for file in sorted(f for f in files if f.is_file() and f.suffix != ".pyc"):
        found.update(str(file.name).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def bridge_program(plan: Plan) -> Program:
    """The bridge itself, serving its four origins."""
    origins, ports = plan.origins, plan.ports
    health = f"{origins.local_scheme}://{origins.host}:{ports.bridge}/healthz"
    return Program(
        name="The bridge",
        command=(*_OURS, "serve", "--config", str(plan.folder.file("bridge.yaml"))),
        log=plan.folder.log("bridge"),
        ready=answers(health, origins.trust()),
    )


def example_programs(plan: Plan) -> list[Program]:
    """Every app of ``realms/apps`` that has an example."""
    return [_example(plan, app) for app in plan.apps if app.example]


def _example(plan: Plan, app: Manifest) -> Program:
    port = plan.example_port(app)
    return Program(
        name=app.names["en"],
        command=(sys.executable, str(examples_folder() / app.example)),
        log=plan.folder.log(app.id),
        ready=answers(f"http://127.0.0.1:{port}/healthz"),
        environment=_example_environment(plan, app, port),
        patience=timedelta(seconds=30),
    )


def _example_environment(plan: Plan, app: Manifest, port: int) -> dict[str, str]:
    found = {
        "APP_URL": plan.example_url(app),
        "LISTEN": f"127.0.0.1:{port}",
        "SESSION_SECRET": plan.secrets[f"{app.key}_session"],
        "CLIENT_ID": app.id,
        "BRIDGE": plan.origins.bridge,
        "GATE": f"127.0.0.1:{plan.ports.gate}",
        "INNER_PORT": str(plan.inner_port(app)),
        "WORK": str(plan.folder.part(app.id)),
    }
    if plan.origins.ca_file:
        found["CA_FILE"] = str(plan.origins.ca_file)
    several = len(app.realms) > 1
    for realm, name in app.secret_names().items():
        ending = f"_{realm.upper()}" if several else ""
        found[f"ISSUER{ending}"] = f"{plan.origins.keycloak}/realms/{realm}"
        found[f"CLIENT_SECRET{ending}"] = plan.secrets[name]
    return found
