"""The OP's clients from the settings; a registration that could not be served safely is refused."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from idp_bridge.core.authorization import Client
from idp_bridge.core.clients import Clients
from idp_bridge.oidc.redirects import flaw
from idp_bridge.settings import OpClientSettings, SettingsError


def registered(settings: Iterable[OpClientSettings]) -> Clients:
    """The registry. Raises ``SettingsError`` with the client's name and what is wrong."""
    try:
        return Clients(_client(one) for one in settings)
    except ValueError as error:
        raise SettingsError(f"clients: {error}") from None


def _client(one: OpClientSettings) -> Client:
    _check_proof(one)
    for target in (*one.redirect_uris, *one.post_logout_redirect_uris):
        if reason := flaw(target):
            raise SettingsError(f"clients.{one.client_id}: {target}: {reason}")
    if one.keycloak != bool(one.level):
        raise SettingsError(f"clients.{one.client_id}: level goes with keycloak, and only with it")
    if one.backchannel_logout_uri and not _may_be_called(one.backchannel_logout_uri):
        raise SettingsError(f"clients.{one.client_id}: backchannel_logout_uri may not be called")
    return Client(
        client_id=one.client_id,
        realm=one.realm,
        redirect_uris=one.redirect_uris,
        auth_method=one.auth_method,
        keycloak=one.keycloak,
        require_pkce=one.require_pkce,
        secret=one.client_secret.get_secret_value(),
        jwks_uri=one.jwks_uri,
        jwks=one.jwks,
        post_logout_redirect_uris=one.post_logout_redirect_uris,
        backchannel_logout_uri=one.backchannel_logout_uri,
        scopes=one.scopes,
        signing_alg=one.signing_alg,
        level=one.level,
    )


def _check_proof(one: OpClientSettings) -> None:
    if one.auth_method == "private_key_jwt":
        if not one.jwks_uri and not one.jwks:
            raise SettingsError(f"clients.{one.client_id}: needs jwks or jwks_uri")
    elif len(one.client_secret.get_secret_value()) < 16:
        raise SettingsError(f"clients.{one.client_id}: client_secret needs 16 characters or more")


def _may_be_called(uri: str) -> bool:
    # An address the server itself calls: never the link-local range, where clouds keep secrets.
    parts = urlsplit(uri)
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        return False
    if parts.fragment or "\\" in uri:
        return False
    try:
        address = ip_address(parts.hostname)
    except ValueError:
        return True
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)
