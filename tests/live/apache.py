"""A real Apache for one test: some modules, some configuration, and its end."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MODULES = Path("/usr/lib/apache2/modules")
_USER = "www-data"
_ALWAYS = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "alias", "dir")
_HEAD = """
ServerRoot "{work}"
ServerName "http://localhost:{port}"
UseCanonicalName On
Listen 127.0.0.1:{port}
PidFile "{work}/apache.pid"
ErrorLog "{work}/error.log"
LogLevel info
{user}
{modules}
StartServers 1
ThreadsPerChild 8
MinSpareThreads 4
MaxSpareThreads 8
MaxRequestWorkers 8
"""


@contextmanager
def apache(port: int, modules: Sequence[str], configuration: str) -> Iterator[Path]:
    """Apache on loopback; ``@WORK@`` in the configuration is a folder that it may write to.

    Yields that folder; ``error.log`` is in it, and ``pages`` with one page that says "inside".
    """
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    assert program, "apache2 is not installed"
    with tempfile.TemporaryDirectory(prefix="apache-") as folder:
        work = Path(folder)
        root = os.geteuid() == 0
        head = _HEAD.format(
            work=work,
            port=port,
            user=f"User {_USER}\nGroup {_USER}" if root else "",
            modules="\n".join(
                f'LoadModule {name}_module "{MODULES}/mod_{name}.so"'
                for name in (*_ALWAYS, *modules)
            ),
        )
        file = work / "apache.conf"
        file.write_text(head + configuration.replace("@WORK@", folder), encoding="utf-8")
        (work / "pages").mkdir()
        (work / "pages" / "index.html").write_text("inside", encoding="utf-8")
        if root:
            shutil.chown(work, _USER, _USER)
        child = subprocess.Popen((program, "-f", str(file), "-DFOREGROUND"))
        try:
            _wait_for(port, child, work)
            yield work
        finally:
            child.terminate()
            child.wait(10)


def _wait_for(port: int, child: "subprocess.Popen[bytes]", work: Path) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and child.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    log = work / "error.log"
    raise AssertionError(log.read_text() if log.exists() else "apache did not start")
