"""What an app is called and where it is: everything the sign-on must not learn from a request."""

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from idp_bridge_adapters.principal import ACR_LEVELS

_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Registration:
    """What the app is called at one issuer."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def realm(self) -> str:
        return self.issuer.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class App:
    """An app and exactly the issuers it accepts; behind the bridge's forward-auth none of its own.

    ``base_url`` is its public origin. Rights older than ``fresh_for`` are read again;
    ``minimum_acr`` is the weakest sign-in taken anywhere in it. ``machines`` are the service
    accounts of the manifest that may call its API.
    """

    base_url: str
    registrations: tuple[Registration, ...] = ()
    minimum_acr: str = "qr"
    machines: tuple[str, ...] = ()
    signed_out_path: str = "/signed-out"
    fresh_for: timedelta = timedelta(seconds=2)
    kept_for: timedelta = timedelta(hours=12)
    algorithms: tuple[str, ...] = ("RS256", "ES256")

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
        if not secure or self.base_url != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
            raise ValueError("base_url is an origin like https://app.example, with no path")
        realms = [at.realm for at in self.registrations]
        if len(set(realms)) != len(realms):
            raise ValueError("an app has one registration for each of its realms")
        if self.minimum_acr not in ACR_LEVELS:
            raise ValueError("unknown minimum_acr")

    @property
    def realms(self) -> tuple[str, ...]:
        """In the order in which people are asked."""
        return tuple(at.realm for at in self.registrations)

    @property
    def cookie(self) -> str:
        """Cookies ignore ports, so the name carries the port; ``__Host-`` pins host and path."""
        parts = urlsplit(self.base_url)
        return f"__Host-app-{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def at(self, realm: str) -> Registration | None:
        """The registration in ``realm``."""
        return next((at for at in self.registrations if at.realm == realm), None)

    def callback(self, realm: str) -> str:
        """The redirect address registered in ``realm``."""
        return f"{self.base_url}/callback/{realm}"
