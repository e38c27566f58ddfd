"""Run the app: ``python adapters/examples/doorplates``, configured by the environment only."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from a2wsgi import WSGIMiddleware
    from common.serving import serve
    from common.settings import registration, settings

    from doorplates.app import build

    chosen = settings(os.environ)
    realms = {realm: registration(os.environ, realm) for realm in ("residents", "workers")}
    serve(WSGIMiddleware(build(chosen, realms), workers=16), chosen)
