"""Makes sure that what the tests need is there: `python -m tests.prepare`.

A browser is brought along when none is installed; servers come with the packages or are downloaded
once, exactly as `idp-bridge up` does it. What is missing is said in one sentence, with a way out.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from idp_bridge.core.errors import BridgeError
from idp_bridge.local.artifacts import UNBOUNDID, keycloak_home, obtain
from idp_bridge.local.fetch import Progress
from idp_bridge.local.java import java_home
from tests.browsers import chromium_program


def main() -> int:
    """Prepare; 0 when the tests can run."""
    try:
        java_home()
        keycloak_home(None, _quietly, print)
        obtain(UNBOUNDID, _quietly, print)
    except BridgeError as error:
        print(f"tests: {error}", file=sys.stderr)
        return 1
    return 0 if _browser() else 1


def _browser() -> bool:
    if chromium_program():
        return True
    print("No Chromium is installed; fetching the one of Playwright")
    done = subprocess.run((sys.executable, "-m", "playwright", "install", "chromium"), check=False)
    if done.returncode != 0:
        print(
            "tests: the browser tests need Chromium: install the package chromium "
            "(Debian: apt-get install chromium fonts-noto-cjk)",
            file=sys.stderr,
        )
    return done.returncode == 0


@contextlib.contextmanager
def _quietly(name: str) -> Iterator[Progress]:
    print(f"Downloading {name}")
    yield lambda done, total: None


if __name__ == "__main__":
    sys.exit(main())
