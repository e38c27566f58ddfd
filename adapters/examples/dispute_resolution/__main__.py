"""Run the app with its Apache: ``python adapters/examples/dispute_resolution``.

Configured by the environment only. ``LISTEN`` is Apache's; the app itself listens on
``INNER_PORT`` and believes nobody but the Apache it started.
"""

import os
import secrets
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from dataclasses import replace

    from common.serving import serve
    from common.settings import needed, settings

    from dispute_resolution.apache import Site, in_front
    from dispute_resolution.app import build

    chosen = settings(os.environ)
    inner = replace(chosen, host="127.0.0.1", port=int(needed(os.environ, "INNER_PORT")))
    site = Site(
        app_url=chosen.app_url,
        listen=f"{chosen.host}:{chosen.port}",
        inner_port=inner.port,
        entity_id=needed(os.environ, "CLIENT_ID"),
        idp=f"{needed(os.environ, 'ISSUER')}/protocol/saml/descriptor",
        keys=Path(needed(os.environ, "WORK")),
        password=secrets.token_urlsafe(32),
        verify=chosen.verify,
    )
    with in_front(site):
        serve(build(chosen, site.password), inner)
