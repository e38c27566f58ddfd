"""Run the app: ``python adapters/examples/residence_code``, configured by the environment only."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from common.serving import serve
    from common.settings import needed, settings

    from residence_code.app import build, verifier

    chosen = settings(os.environ)
    bridge, client_id = needed(os.environ, "BRIDGE"), needed(os.environ, "CLIENT_ID")
    serve(build(chosen, bridge, client_id, verifier(chosen, bridge, client_id)), chosen)
