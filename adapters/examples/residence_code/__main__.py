"""Run the app: ``python adapters/examples/residence_code``, configured by the environment only."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from common.serving import serve
    from common.settings import needed, settings

    from residence_code.app import build

    chosen = settings(os.environ)
    app = build(chosen, needed(os.environ, "BRIDGE"), needed(os.environ, "CLIENT_ID"))
    serve(app, chosen)
