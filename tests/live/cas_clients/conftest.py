"""One trial app, and the independent clients that live in it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.live.cas_clients.registered import registered
from tests.live.cas_clients.servers import CLIENTS, free_port, running
from tests.live.cas_clients.visitors import CasVisitor
from tests.live.proxies.registered import Keycloak

MEMBER = "chenjing"
_NAMES = ("python", "php", "php-saml", "apache", "apache-saml", "java", "java-saml", "callback")
_MODULES = "/usr/lib/apache2/modules"


@dataclass
class Trial:
    """The trial app at the stack: an address for each client."""

    stack: dict[str, Any]
    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {n: free_port() for n in _NAMES})
    keycloak: Keycloak = field(init=False)

    @property
    def cas(self) -> str:
        return f"{self.stack['urls']['bridge']}/cas"

    @property
    def person(self) -> dict[str, Any]:
        [found] = [p for p in self.stack["people"] if p["username"] == MEMBER]
        return dict(found)

    def url(self, name: str) -> str:
        return f"http://localhost:{self.ports[name]}"

    def visitor(self, name: str) -> CasVisitor:
        return CasVisitor(self.url(name), self.cas)


@pytest.fixture(scope="package")
def trial(stack: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    trial = Trial(stack, tmp_path_factory.mktemp("cas"))
    settings = {"proxy_callbacks": [f"{trial.url('callback')}/pgt"], "proxied_by": ["cas-trial"]}
    urls = [trial.url(name) for name in _NAMES]
    with registered(stack, urls, settings, MEMBER) as keycloak:
        trial.keycloak = keycloak
        yield trial


@pytest.fixture(scope="package", params=["3", "saml"])
def php(trial: Trial, request: pytest.FixtureRequest) -> Iterator[str]:
    """phpCAS in PHP's own server; the name of its address."""
    name = "php-saml" if request.param == "saml" else "php"
    folder = trial.folder / name
    folder.mkdir()
    environment = {
        "CAS_URL": trial.cas,
        "APP_URL": trial.url(name),
        "CAS_VERSION": request.param,
        "PHP_CLI_SERVER_WORKERS": "4",
    }
    listen = f"127.0.0.1:{trial.ports[name]}"
    sessions = f"session.save_path={folder}"
    command = ("php", "-d", sessions, "-S", listen, str(CLIENTS / "phpcas.php"))
    with running(command, trial.ports[name], folder / "log", environment):
        yield name


@pytest.fixture(scope="package", params=["p3", "saml"])
def apache(trial: Trial, request: pytest.FixtureRequest) -> Iterator[str]:
    """Apache with mod_auth_cas; the name of its address."""
    saml = request.param == "saml"
    name = "apache-saml" if saml else "apache"
    # Apache leaves root behind, and the folders of pytest are closed to everybody else.
    folder = Path(tempfile.mkdtemp(prefix="cas-apache-"))
    folder.chmod(0o755)
    for part in ("htdocs/keepers", "cookies"):
        (folder / part).mkdir(parents=True)
    for part in ("", "keepers/"):
        (folder / "htdocs" / part / "page.txt").write_text("here")
    (folder / "cookies").chmod(0o777)
    text = (CLIENTS / "apache.conf").read_text("utf-8")
    conf = text.format(
        folder=folder,
        port=trial.ports[name],
        modules=_MODULES,
        user="www-data",
        cas=trial.cas,
        validate="samlValidate" if saml else "p3/serviceValidate",
        saml="On" if saml else "Off",
    )
    (folder / "apache.conf").write_text(conf)
    command = ("apache2", "-f", str(folder / "apache.conf"), "-DFOREGROUND")
    with running(command, trial.ports[name], folder / "log"):
        yield name
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def jars(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Java CAS client and Jetty, from Maven's own repository; a class path."""
    folder = tmp_path_factory.mktemp("jars")
    pom = CLIENTS / "java" / "pom.xml"
    command = ("mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies")
    where = (f"-DoutputDirectory={folder}",)
    done = subprocess.run((*command, *where), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return f"{folder}/*"


@pytest.fixture(scope="package", params=["p3", "saml"])
def java(trial: Trial, jars: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The Java client in Jetty; the name of its address."""
    name = "java-saml" if request.param == "saml" else "java"
    program = str(CLIENTS / "java" / "TrialApp.java")
    port = str(trial.ports[name])
    command = ("java", "-cp", jars, program, trial.cas, trial.url(name), port, request.param)
    with running(command, trial.ports[name], trial.folder / f"{name}.log"):
        yield name
