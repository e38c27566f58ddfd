"""Keycloak of the stack: the real distribution, with its database in the data folder.

Keycloak writes into its own folder (it augments itself for the options it is started with), so each
data folder has its own copy; the jars are hard links into the cache and take no room.
"""

import os
import shutil
from datetime import timedelta
from pathlib import Path

from idp_bridge.local.folder import Folder
from idp_bridge.local.origins import Origins
from idp_bridge.local.ports import Ports
from idp_bridge.local.readiness import answers
from idp_bridge.local.supervisor import Program

ADMIN = "admin"
_WRITTEN = {"conf", "data", "quarkus", "themes"}


def install(home: Path, folder: Folder) -> Path:
    """This stack's copy of the distribution; kept as long as the version is the same."""
    target = folder.path / "keycloak"
    version = (home / "version.txt").read_text(encoding="utf-8")
    installed = target / "version.txt"
    if installed.exists() and installed.read_text(encoding="utf-8") == version:
        return target
    fresh = folder.path / "keycloak.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(home, fresh, copy_function=_link, ignore=shutil.ignore_patterns("data"))
    if target.exists():
        # A newer version goes on with the database of the older one.
        if (target / "data").exists():
            (target / "data").rename(fresh / "data")
        shutil.rmtree(target)
    fresh.rename(target)
    return target


def _link(source: str, target: str) -> None:
    """Link what is only read; copy what Keycloak writes, and across file systems."""
    if not _WRITTEN & set(Path(source).parts):
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return
    shutil.copy2(source, target)


def link_themes(themes: Path, keycloak: Path) -> None:
    """Make every theme of ours known to Keycloak."""
    for theme in sorted(path for path in themes.iterdir() if path.is_dir()):
        link = keycloak / "themes" / theme.name
        if link.is_symlink():
            link.unlink()
        link.symlink_to(theme)


def keycloak_program(
    folder: Folder,
    home: Path,
    java: Path,
    ports: Ports,
    origins: Origins,
    admin_password: str,
) -> Program:
    """The server; its health page is on a port of its own and says when the realms are loaded."""
    health = f"{origins.local_scheme}://{origins.host}:{ports.management}/health/ready"
    return Program(
        name="Keycloak",
        command=(str(home / "bin" / "kc.sh"), "start-dev", *_options(ports, origins)),
        log=folder.log("keycloak"),
        ready=answers(health, origins.trust()),
        environment={
            "JAVA_HOME": str(java),
            "JAVA": str(java / "bin" / "java"),
            "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx768m",
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": admin_password,
        },
        patience=timedelta(minutes=10),
        grace=timedelta(seconds=15),
    )


def _options(ports: Ports, origins: Origins) -> tuple[str, ...]:
    common = (
        f"--hostname={origins.keycloak}",
        f"--http-relative-path={keycloak_path(ports)}",
        "--health-enabled=true",
        f"--http-management-port={ports.management}",
        "--http-management-relative-path=/",
        f"--http-host={origins.host}",
    )
    if origins.certificate is None:
        proxied = ("--proxy-headers=xforwarded",) if origins.proxied("keycloak") else ()
        served = (f"--http-port={ports.keycloak}", "--http-enabled=true", *proxied)
    else:
        served = (
            f"--https-port={ports.keycloak}",
            "--http-enabled=false",
            f"--https-certificate-file={origins.certificate}",
            f"--https-certificate-key-file={origins.certificate_key}",
        )
    trusted = (f"--truststore-paths={origins.ca_file}",) if origins.ca_file else ()
    return (*common, *served, *trusted)


def keycloak_path(ports: Ports) -> str:
    """Cookies ignore ports: two stacks keep their Keycloak cookies apart by the path."""
    return f"/kc-{ports.base}"
