"""Provisioning: what `realms/` declares is compared with Keycloak, and the difference is applied.

    realms/*.yaml --compile--> items --reconcile with (live, last applied)--> changes and drift

Twice is the same as once. A value that an administrator changed by hand is reported as drift and
kept; what nobody declares here is never looked at. ``run`` is the one entry point.
"""

from idp_bridge.keycloak.provisioning.reconcile import Line, Policy, Verb
from idp_bridge.keycloak.provisioning.rest import AdminApi
from idp_bridge.keycloak.provisioning.run import Inputs, ProvisioningError, run

__all__ = ["AdminApi", "Inputs", "Line", "Policy", "ProvisioningError", "Verb", "run"]
