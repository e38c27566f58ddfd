"""Apache with mod_auth_mellon in front of the app: it speaks SAML, the app reads headers."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from common.settings import stop

TEMPLATE = Path(__file__).with_name("apache.conf")
_MODULES = Path("/usr/lib/apache2/modules")
_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"
# Apache gives up being root and must still read its files.
_USER = "www-data"


@dataclass(frozen=True, slots=True)
class Site:
    """``keys`` holds the service provider's key pair; by ``password`` the app knows Apache."""

    app_url: str
    listen: str
    inner_port: int
    entity_id: str
    idp: str
    keys: Path
    password: str
    verify: str | bool


@contextmanager
def in_front(site: Site) -> Iterator[None]:
    """Apache runs inside; it has ended when this returns."""
    program = shutil.which("apache2") or shutil.which("apache2", path=_FOLDERS)
    if program is None:
        stop("Apache is not installed: apt install apache2 libapache2-mod-auth-mellon")
    with tempfile.TemporaryDirectory(prefix="dispute-resolution-") as folder:
        work = Path(folder)
        configuration = _prepare(site, work)
        child = subprocess.Popen((program, "-f", str(configuration), "-DFOREGROUND"))
        try:
            yield
        finally:
            child.terminate()
            child.wait(10)


def _prepare(site: Site, work: Path) -> Path:
    for name in ("service-provider.key", "service-provider.pem"):
        shutil.copy(site.keys / name, work / name)
    (work / "keycloak.xml").write_bytes(_metadata(site))
    configuration = work / "apache.conf"
    configuration.write_text(_filled(site, work), encoding="utf-8")
    if os.geteuid() == 0:
        for file in (work, *work.iterdir()):
            shutil.chown(file, _USER, _USER)
    return configuration


def _metadata(site: Site) -> bytes:
    """What Keycloak says of itself; patiently, for it may be starting too."""
    for _ in range(60):
        try:
            answer = httpx.get(site.idp, verify=site.verify, timeout=5)
            answer.raise_for_status()
        except httpx.HTTPError:
            time.sleep(1)
        else:
            return answer.content
    return stop(f"{site.idp} does not answer.")


def _filled(site: Site, work: Path) -> str:
    public = urlsplit(site.app_url)
    values = {
        "WORK": str(work),
        "MODULES": str(_MODULES),
        "LISTEN": site.listen,
        "SERVER_NAME": site.app_url,
        "PORT": str(public.port or 443),
        "ENTITY_ID": site.entity_id,
        "APP": f"http://127.0.0.1:{site.inner_port}",
        "HOST": public.netloc,
        "PASSWORD": site.password,
        "USER": f"User {_USER}\nGroup {_USER}" if os.geteuid() == 0 else "",
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
