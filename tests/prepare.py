"""Before `make test`: everything a test needs is here, or one sentence says what is missing.

Redis, an LDAP server, PostgreSQL, Keycloak and its Java come with the Python packages or are
fetched by `idp-bridge up`; only the browser is looked for on the machine first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browsers import chromium_program


def _browser() -> str:
    """Why there is no browser; empty when there is one."""
    if chromium_program():
        return ""
    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).is_file():
            return ""
    print("No Chromium on this machine: fetching the one that Playwright brings", flush=True)
    words = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(words, check=False).returncode == 0:
        return ""
    return "Chromium is missing: install it (Debian: apt-get install chromium) or set CHROMIUM"


def _shared_memory() -> str:
    """Chromium and PostgreSQL want some."""
    free = shutil.disk_usage("/dev/shm").free if os.path.isdir("/dev/shm") else 1 << 40
    return "" if free > 64 << 20 else "/dev/shm has less than 64 MiB free"


def main() -> int:
    """0 when everything is here."""
    problems = [problem for problem in (_browser(), _shared_memory()) if problem]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
