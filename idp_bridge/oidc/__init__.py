"""The OpenID Provider: one file for each endpoint, assembled by ``build``.

    from idp_bridge.oidc import build, KeySet, Provider
    app.router.routes.extend(build(Provider(issuer=..., keys=KeySet(folder, clock), ...)))

``build`` returns Starlette routes for the OP origin. They answer errors themselves: machines get
JSON (RFC 6749, 5.2), people get a page.
"""

from idp_bridge.oidc.backchannel import HttpLogoutSender
from idp_bridge.oidc.clients import registered
from idp_bridge.oidc.keys import KeySet, rotate
from idp_bridge.oidc.provider import Provider
from idp_bridge.oidc.routes import build

__all__ = [
    "HttpLogoutSender",
    "KeySet",
    "Provider",
    "build",
    "registered",
    "rotate",
]
