"""Faults of a request that a person sees, each with its own words."""

from idp_bridge.core.errors import InvalidRequest


class UnknownClient(InvalidRequest):
    """No client is registered under this ``client_id``."""

    code, public = "unknown_client", "The system that sent you here is not registered"


class RedirectRefused(InvalidRequest):
    """The address to go back to is not registered, or not plain."""

    code, public = "redirect_refused", "The address to go back to is not registered"


class HintRefused(InvalidRequest):
    """``id_token_hint`` was not issued by this OP, or to another client."""

    code, public = "hint_refused", "The proof of the session is not valid"
