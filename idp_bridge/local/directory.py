"""LDAP of the stack: slapd where it is installed, otherwise UnboundID's server in memory.

slapd keeps its data in the data folder and so keeps changes made while it runs. The server in
memory starts from ``ldap/directory.ldif`` every time and forgets changes when it stops: add them to
that file, which is written once and then left alone. It listens on every address of the machine, so
it answers nothing but a bind before a password was given.
"""

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from idp_bridge.local.artifacts import UNBOUNDID, obtain
from idp_bridge.local.fetch import Show
from idp_bridge.local.folder import Folder
from idp_bridge.local.java import java_home
from idp_bridge.local.ldif import ADMIN, BASE, READER
from idp_bridge.local.readiness import listens
from idp_bridge.local.supervisor import Program

_SCHEMAS = ("core", "cosine", "inetorgperson")
_SCHEMA_FOLDERS = (
    "/etc/ldap/schema",
    "/etc/openldap/schema",
    "/usr/local/etc/openldap/schema",
    "/opt/homebrew/etc/openldap/schema",
)
_MODULE_FOLDERS = ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap")
_SERVER_PATH = "/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/libexec"
_TOOL = "com.unboundid.ldap.listener.InMemoryDirectoryServerTool"


def ldap_program(
    folder: Folder, port: int, admin_password: str, show: Show, say: Callable[[str], None]
) -> Program:
    """The LDAP server, filled from ``ldap/directory.ldif`` (see ``seed``)."""
    if prepare_slapd(folder, admin_password):
        return slapd_program(folder, port)
    jar = obtain(UNBOUNDID, show, say)
    return in_memory_program(folder, port, admin_password, jar)


def seed(folder: Folder, ldif: str) -> None:
    """Give a new directory its first content; an existing one is left alone."""
    if not folder.file("ldap/directory.ldif").exists():
        folder.write_text("ldap/directory.ldif", ldif)


def prepare_slapd(folder: Folder, admin_password: str) -> bool:
    """Write slapd's configuration and load it once; False where slapd is not to be had.

    Installed is not enough: some systems confine slapd to folders of its own (AppArmor).
    """
    slapd, schemas = _slapd_binary(), _first_folder(_SCHEMA_FOLDERS)
    if slapd is None or schemas is None:
        return False
    data = folder.part("ldap/slapd")
    configuration = folder.write_text(
        "ldap/slapd.conf", _slapd_configuration(schemas, data, admin_password)
    )
    if (data / "data.mdb").exists():
        return True
    done = subprocess.run(
        (slapd, "-T", "add", "-f", configuration, "-l", folder.file("ldap/directory.ldif")),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        folder.log("ldap").write_text(done.stderr, encoding="utf-8")
        shutil.rmtree(data)
    return done.returncode == 0


def _slapd_binary() -> str | None:
    """Servers are often installed where only root's PATH looks."""
    return shutil.which("slapd") or shutil.which("slapd", path=_SERVER_PATH)


def _first_folder(folders: tuple[str, ...]) -> Path | None:
    return next((Path(name) for name in folders if Path(name).is_dir()), None)


def _slapd_configuration(schemas: Path, data: Path, admin_password: str) -> str:
    includes = "".join(f"include {schemas / name}.schema\n" for name in _SCHEMAS)
    modules = next((m for m in _MODULE_FOLDERS if list(Path(m).glob("back_mdb*"))), None)
    loading = f"modulepath {modules}\nmoduleload back_mdb\n" if modules else ""
    return f"""{includes}{loading}
pidfile "{data.parent}/slapd.pid"
sizelimit unlimited
database mdb
suffix "{BASE}"
rootdn "{ADMIN}"
rootpw {admin_password}
directory "{data}"
maxsize 268435456
index objectClass eq
index uid,cn,member,entryUUID eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="{READER}" read by self read by * none
"""


def slapd_program(folder: Folder, port: int) -> Program:
    """OpenLDAP on loopback, after ``prepare_slapd``."""
    return Program(
        name="LDAP",
        command=(
            str(_slapd_binary()),
            *("-f", str(folder.file("ldap/slapd.conf"))),
            *("-h", f"ldap://127.0.0.1:{port}"),
            *("-d", "none"),
        ),
        log=folder.log("ldap"),
        ready=listens("127.0.0.1", port),
        patience=timedelta(seconds=30),
    )


def in_memory_program(folder: Folder, port: int, admin_password: str, jar: Path) -> Program:
    """UnboundID's server, which reads ``ldap/directory.ldif`` at every start."""
    guarded = ("add", "compare", "delete", "extended", "modify", "modify-dn", "search")
    return Program(
        name="LDAP",
        command=(
            *(str(java_home() / "bin" / "java"), "-Xmx64m", "-cp", str(jar), _TOOL),
            *("--port", str(port), "--baseDN", BASE),
            *("--ldifFile", str(folder.file("ldap/directory.ldif"))),
            *("--additionalBindDN", ADMIN, "--additionalBindPassword", admin_password),
            *(word for kind in guarded for word in ("--authenticationRequiredOperationType", kind)),
        ),
        log=folder.log("ldap"),
        ready=listens("127.0.0.1", port),
        patience=timedelta(seconds=30),
    )
