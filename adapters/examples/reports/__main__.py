"""Run the app: ``python adapters/examples/reports``, configured by the environment only."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from common.serving import serve
    from common.settings import registration, settings

    from reports.app import build

    chosen = settings(os.environ)
    realms = {realm: registration(os.environ, realm) for realm in ("residents", "workers")}
    serve(build(chosen, realms), chosen)
