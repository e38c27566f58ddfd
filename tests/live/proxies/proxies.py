"""Starts a real proxy with the configuration of ``adapters/examples/proxies``."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.live.proxies.tools import absent

_CONFIGURATIONS = Path(__file__).parents[3] / "adapters" / "examples" / "proxies"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything listens: the proxy, the app behind it, each copy of the bridge."""

    port: int
    app: int
    gates: tuple[int, ...]
    grpc: tuple[int, ...]
    folder: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def rendered(file: str, place: Place, **more: str) -> Path:
    """A ready-made configuration with its ``@NAMES@`` filled in."""
    values = {
        "SITE": place.url,
        "SCHEME": "http",
        "PUBLIC_HOST": f"localhost:{place.port}",
        "NAME": "localhost",
        "BIND": "127.0.0.1",
        "PORT": str(place.port),
        "LISTEN": f"127.0.0.1:{place.port}",
        "APP": f"127.0.0.1:{place.app}",
        "APP_HOST": "127.0.0.1",
        "APP_PORT": str(place.app),
        "GATE": f"127.0.0.1:{place.gates[0]}",
        **more,
    }
    text = (_CONFIGURATIONS / file).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    made = place.folder / Path(file).name
    made.write_text(text, encoding="utf-8")
    return made


def nginx(place: Place) -> Sequence[str]:
    servers = " ".join(f"server 127.0.0.1:{gate};" for gate in place.gates)
    file = rendered("nginx/nginx.conf", place, GATE_SERVERS=servers)
    text = file.read_text(encoding="utf-8")
    # Where nginx keeps its own files; and in front, as the harness ends it.
    user = "user root; " if os.getuid() == 0 else ""
    here = f"{user}daemon off; pid {place.folder}/pid; error_log {place.folder}/error.log;\n"
    paths = "".join(
        f"    {kind}_temp_path {place.folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    begin = "    # --- begin ---\n"
    file.write_text(here + text.replace(begin, f"{paths}    access_log off;\n{begin}"), "utf-8")
    return (_program("nginx"), "-p", str(place.folder), "-c", str(file))


def caddy(place: Place) -> Sequence[str]:
    servers = " ".join(f"127.0.0.1:{gate}" for gate in place.gates)
    file = rendered("caddy/Caddyfile", place, GATE_SERVERS=servers)
    return (_program("caddy"), "run", "--adapter", "caddyfile", "--config", str(file))


def traefik(place: Place) -> Sequence[str]:
    servers = ", ".join(f'{{url: "http://127.0.0.1:{gate}"}}' for gate in place.gates)
    dynamic = rendered("traefik/dynamic.yaml", place, GATE_SERVERS=f"[{servers}]")
    static = rendered("traefik/traefik.yaml", place, DYNAMIC=str(dynamic))
    return (_program("traefik"), f"--configfile={static}")


def haproxy(place: Place) -> Sequence[str]:
    servers = "\n    ".join(
        f"server bridge{number} 127.0.0.1:{gate}" for number, gate in enumerate(place.gates)
    )
    lua = str(_CONFIGURATIONS / "haproxy" / "bridge.lua")
    file = rendered("haproxy/haproxy.cfg", place, GATE_SERVERS=servers, LUA=lua)
    return (_program("haproxy"), "-db", "-f", str(file))


def envoy_http(place: Place) -> Sequence[str]:
    return _envoy("envoy/envoy-http.yaml", place)


def envoy_grpc(place: Place) -> Sequence[str]:
    return _envoy("envoy/envoy-grpc.yaml", place)


def _envoy(name: str, place: Place) -> Sequence[str]:
    file = rendered(
        name, place, GATE_ENDPOINTS=_endpoints(place.gates), GRPC_ENDPOINTS=_endpoints(place.grpc)
    )
    options = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
    return (_program("envoy"), "-c", str(file), *options)


def _endpoints(ports: Sequence[int]) -> str:
    addresses = (f'{{address: "127.0.0.1", port_value: {port}}}' for port in ports)
    each = (f"{{endpoint: {{address: {{socket_address: {a}}}}}}}" for a in addresses)
    return f"[{', '.join(each)}]"


PROXIES = {
    "nginx": nginx,
    "caddy": caddy,
    "traefik": traefik,
    "haproxy": haproxy,
    "envoy-http": envoy_http,
    "envoy-grpc": envoy_grpc,
}


@contextmanager
def running(name: str, place: Place) -> Iterator[None]:
    """The proxy ``name``; it has ended when this returns."""
    place.folder.mkdir(parents=True, exist_ok=True)
    command = PROXIES[name](place)
    with program(command, place.url, place.folder / "output.log"):
        yield


@contextmanager
def program(command: Sequence[str], url: str, log: Path) -> Iterator[None]:
    """A server that answers at ``url``, whatever it answers."""
    with open(log, "wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _until_answering(child, url, log)
        yield
    finally:
        child.terminate()
        try:
            child.wait(8)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _until_answering(child: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        try:
            answer = httpx.get(url, timeout=2)
        except httpx.TransportError:
            answer = None
        # Traefik answers 404 until it has read its routes.
        if answer is not None and answer.status_code != 404:
            return
        time.sleep(0.05)
    raise AssertionError(f"{child.args!r} does not answer: {log.read_text(errors='replace')}")


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = os.environ.get(name.upper()) or (str(beside) if beside.exists() else shutil.which(name))
    return found or absent(name)
