"""What administrators ask of a running bridge or from the command line, over its parts."""

from typing import TYPE_CHECKING

from idp_bridge.core.what_if import WhatIf
from idp_bridge.core.why import Why
from idp_bridge.keycloak.effective import effective
from idp_bridge.keycloak.explain import KeycloakChains

if TYPE_CHECKING:
    from idp_bridge.app.parts import Parts


def why(parts: "Parts") -> Why:
    """Explains why a person can or cannot enter an app."""
    return Why(parts.apps, KeycloakChains(parts.apis, parts.accounts))


def what_if(parts: "Parts") -> WhatIf:
    """Says who would gain and lose what."""
    return WhatIf(parts.apps, parts.accounts, lambda realm: effective(parts.apis[realm]))
