"""What can be said about where a request comes from, without pretending to know more (P3, P9)."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_BROWSERS = (
    ("MicroMessenger", "微信 WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


class Cities(Protocol):
    """A table of addresses; the empty string for one it does not know."""

    def city(self, address: Address) -> str: ...


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A network the operator named; ``starts_per_minute`` replaces the default behind its NAT."""

    network: Network
    name: str
    starts_per_minute: int | None = None
    hosting: bool = False


@dataclass(frozen=True, slots=True)
class Surrounding:
    """A request's origin in words: nothing here proves anything (P9)."""

    browser: str
    system: str
    city: str
    network: str
    warnings: tuple[str, ...]
    starts_per_minute: int | None


class Surroundings:
    """Describes requests by the operator's tables."""

    def __init__(self, networks: tuple[KnownNetwork, ...], cities: Cities) -> None:
        self._networks = networks
        self._cities = cities

    def describe(self, address: str, user_agent: str) -> Surrounding:
        """Say what is known about a client address and its ``User-Agent``."""
        parsed = _parsed(address)
        known = next((n for n in self._networks if parsed and parsed in n.network), None)
        return Surrounding(
            browser=_first(_BROWSERS, user_agent),
            system=_first(_SYSTEMS, user_agent),
            city=known.name if known else self._cities.city(parsed) if parsed else "",
            network=coarse(address),
            warnings=("hosting_network",) if known and known.hosting else (),
            starts_per_minute=known.starts_per_minute if known else None,
        )


def coarse(address: str) -> str:
    """The network of an address, /24 or /48: what may be logged (A6)."""
    parsed = _parsed(address)
    if parsed is None:
        return ""
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def _parsed(address: str) -> Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for part, name in table if part in user_agent), "")
