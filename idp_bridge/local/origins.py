"""The public addresses of one stack: on localhost, on the local network, or behind a TLS proxy."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from idp_bridge.local.errors import WrongInput
from idp_bridge.local.ports import Ports

_OURS = ("bridge", "keycloak", "resident", "worker", "admin", "start")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each part listens, and what people's browsers call it.

    ``host`` is the address that the servers listen on. ``public`` names the parts that a proxy
    shows under an address of their own.
    """

    ports: Ports
    name: str = "localhost"
    host: str = "127.0.0.1"
    public: Mapping[str, str] = field(default_factory=dict)
    certificate: Path | None = None
    certificate_key: Path | None = None
    ca_file: Path | None = None

    @property
    def local_scheme(self) -> str:
        return "https" if self.certificate else "http"

    def origin(self, part: str, port: int) -> str:
        """The origin of a part: as the proxy shows it, or name and port of this machine."""
        shown = self.public.get(part) or self.public.get("*", "").replace("{name}", part)
        return shown or f"{self.local_scheme}://{self.name}:{port}"

    def proxied(self, part: str) -> bool:
        return part in self.public or "*" in self.public

    @property
    def bridge(self) -> str:
        return self.origin("bridge", self.ports.bridge)

    @property
    def keycloak(self) -> str:
        return f"{self.origin('keycloak', self.ports.keycloak)}/kc-{self.ports.base}"

    @property
    def keycloak_internal(self) -> str:
        """Keycloak as the bridge's own calls reach it, proxy or not."""
        name = self.name if self.certificate else self.host
        return f"{self.local_scheme}://{name}:{self.ports.keycloak}/kc-{self.ports.base}"

    @property
    def resident(self) -> str:
        return self.origin("resident", self.ports.resident)

    @property
    def worker(self) -> str:
        return self.origin("worker", self.ports.worker)

    @property
    def admin(self) -> str:
        return self.origin("admin", self.ports.admin)

    @property
    def start(self) -> str:
        return self.origin("start", self.ports.start)

    @property
    def trust_page(self) -> str:
        """Where phones get the certificate authority, without TLS; empty when there is none."""
        return f"http://{self.name}:{self.ports.trust}/" if self.certificate else ""

    def trust(self) -> ssl.SSLContext | None:
        """What to trust when asking our own servers; None where they speak plain HTTP."""
        if self.certificate is None:
            return None
        return ssl.create_default_context(cafile=self.ca_file)


def public_addresses(given: Sequence[str], apps: Sequence[str]) -> dict[str, str]:
    """Read ``--public-url``: `URL` moves the bridge's origin, `NAME=URL` moves one part, and a URL
    with `{name}` moves all of them."""
    found: dict[str, str] = {}
    for text in given:
        name, _, url = text.partition("=") if "=" in text.split("://")[0] else ("", "", text)
        if "{name}" in url:
            name = "*"
        elif not name:
            name = "bridge"
        if name not in (*_OURS, *apps, "*"):
            raise WrongInput(f"--public-url: there is no {name}; there are {', '.join(_OURS)}")
        found[name] = _origin_only(url)
    return found


def _origin_only(url: str) -> str:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "https" or not parts.netloc or url.rstrip("/") != origin or "@" in url:
        raise WrongInput(f"--public-url {url}: give an origin such as https://id.city.example")
    return origin
