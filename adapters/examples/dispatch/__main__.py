"""Run the app: ``python adapters/examples/dispatch``, configured by the environment only."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from common.serving import serve
    from common.settings import registration, settings

    from dispatch.app import build

    chosen = settings(os.environ)
    serve(build(chosen, {"workers": registration(os.environ)}), chosen)
