"""Why somebody is not let in, each with the status and the code that an app answers with."""

from idp_bridge_adapters.principal import Principal


class SignOnError(Exception):
    """Not let in. The message is for the log and holds no secret."""

    code, status = "refused", 403


class SignedOut(SignOnError):
    """Nobody is signed in here, or no longer: send a page to sign in, tell a program 401."""

    code, status = "login_required", 401


class NotAllowed(SignOnError):
    """The person is known, and what was asked is not theirs."""

    def __init__(self, person: Principal, reason: str) -> None:
        super().__init__(reason)
        self.person = person

    @property
    def is_stranger(self) -> bool:
        """Whether the person holds no role in this app at all."""
        return not self.person.roles


class TooWeak(SignOnError):
    """The person is known, and signed in less surely than ``required``."""

    code = "acr_too_low"

    def __init__(self, realm: str, required: str) -> None:
        super().__init__(f"{required} is required")
        self.realm = realm
        self.required = required


class CrossSite(SignOnError):
    """A request that changes something came from another site, or does not say from where."""

    code = "cross_site"


class SignInFailed(SignOnError):
    """The answer from Keycloak does not finish a sign-in that this browser began."""

    code, status = "sign_in_failed", 400


class UnknownRealm(SignInFailed):
    """The app is not registered in a realm of that name."""

    code, status = "not_found", 404


class LogoutRefused(SignOnError):
    """Not a back-channel logout that is in order (OIDC Back-Channel Logout 1.0, 2.8)."""

    code, status = "invalid_request", 400


class Unreachable(SignOnError):
    """Keycloak or the store does not answer, so nobody's rights are known; the session is kept."""

    code, status = "temporarily_unavailable", 503
