"""Run the app with its proxy: ``python adapters/examples/volunteer_patrol``.

Configured by the environment only. ``LISTEN`` is Caddy's; the app itself listens on ``INNER_PORT``,
where nobody but Caddy has to come.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from dataclasses import replace

    from common.serving import serve
    from common.settings import needed, settings

    from volunteer_patrol.app import believed, build
    from volunteer_patrol.proxy import in_front

    chosen = settings(os.environ)
    inner = replace(chosen, host="127.0.0.1", port=int(needed(os.environ, "INNER_PORT")))
    work, gate = Path(needed(os.environ, "WORK")), needed(os.environ, "GATE")
    header = believed(inner, needed(os.environ, "BRIDGE"), needed(os.environ, "CLIENT_ID"))
    with in_front(chosen, inner.port, gate, work):
        serve(build(inner, header), inner)
