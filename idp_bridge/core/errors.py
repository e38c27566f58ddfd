"""The one error tree: each error knows its code, its HTTP status and its public sentence.

The message of an instance is for the log and never holds a secret. ``public`` is a key of the page
texts as well, so that a person reads it in their own language.
"""


class BridgeError(Exception):
    """Something a caller has to be told."""

    code: str = "server_error"
    status: int = 500
    public: str = "Something went wrong on our side. Please try again"


class InvalidRequest(BridgeError):
    """The request is malformed or misses something (RFC 6749, 5.2)."""

    code, status, public = "invalid_request", 400, "The request is not valid"


class InvalidClient(BridgeError):
    """The client did not prove who it is (RFC 6749, 5.2)."""

    code, status, public = "invalid_client", 401, "The client could not be authenticated"


class InvalidGrant(BridgeError):
    """Unknown, used, expired, or bound to someone or something else (RFC 6749, 5.2)."""

    code, status, public = "invalid_grant", 400, "The grant is invalid, expired or used already"


class BoundOtherwise(InvalidGrant):
    """It is there, but tied to something else; it is spent by that."""


class GrantReused(InvalidGrant):
    """Redeemed a second time. ``family`` names what the first redemption gave."""

    def __init__(self, message: str, family: str) -> None:
        super().__init__(message)
        self.family = family


class NotSignedIn(BridgeError):
    """There is no session, or it ended."""

    code, status, public = "login_required", 401, "Please sign in"


class Forbidden(BridgeError):
    """Signed in, but not allowed."""

    code, status, public = "access_denied", 403, "You may not do this"


class NotFound(BridgeError):
    """Nothing is there."""

    code, status, public = "not_found", 404, "There is nothing at this address"


class Gone(BridgeError):
    """It was there and is over: expired, replaced or spent."""

    code, status, public = "expired", 410, "This code has expired. Please scan the new one"


class Conflict(BridgeError):
    """Somebody else was first."""

    code, status, public = "conflict", 409, "Somebody else has done this already"


class TooManyRequests(BridgeError):
    """A rate limit. ``retry_after`` is in whole seconds."""

    code, status, public = "slow_down", 429, "Too many tries. Please wait a moment"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(BridgeError):
    """A server this one depends on does not answer."""

    code, status, public = (
        "temporarily_unavailable",
        503,
        "The service cannot be reached right now. Please try again shortly",
    )
