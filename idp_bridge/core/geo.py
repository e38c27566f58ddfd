"""Positions with their datum, and the distance between two (P8).

Mainland maps hand out GCJ-02 positions, which lie hundreds of metres from WGS-84: a position
without its datum is worthless for a radius of 300 m.
"""

import math
from dataclasses import dataclass
from typing import Literal

Datum = Literal["WGS-84", "GCJ-02"]

_EARTH = 6_371_008.8  # metres, mean radius
_AXIS = 6_378_245.0  # metres, Krasovsky 1940, on which GCJ-02 is defined
_ECCENTRICITY = 0.00669342162296594323


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees; ``accuracy`` in metres is the radius of 95 % confidence."""

    latitude: float
    longitude: float
    datum: Datum = "WGS-84"
    accuracy: float = 0.0

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError("not a position on earth")
        if not 0 <= self.accuracy < math.inf:
            raise ValueError("not an accuracy")


def distance(one: Position, other: Position) -> float:
    """Metres between two positions along the surface, whatever their datum."""
    a, b = wgs84(one), wgs84(other)
    lat1, lat2 = math.radians(a.latitude), math.radians(b.latitude)
    dlat, dlon = lat2 - lat1, math.radians(b.longitude - a.longitude)
    h = math.sin(dlat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(dlon / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(h)))


def wgs84(position: Position) -> Position:
    """The same place in WGS-84; exact to well under a metre."""
    if position.datum == "WGS-84":
        return position
    latitude, longitude = position.latitude, position.longitude
    for _ in range(3):
        dlat, dlon = _shift(latitude, longitude)
        latitude, longitude = position.latitude - dlat, position.longitude - dlon
    return Position(latitude, longitude, "WGS-84", position.accuracy)


def gcj02(position: Position) -> Position:
    """The same place in GCJ-02."""
    if position.datum == "GCJ-02":
        return position
    dlat, dlon = _shift(position.latitude, position.longitude)
    return Position(
        position.latitude + dlat, position.longitude + dlon, "GCJ-02", position.accuracy
    )


def _shift(latitude: float, longitude: float) -> tuple[float, float]:
    x, y = longitude - 105.0, latitude - 35.0
    ripple = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    dlat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + ripple
    dlat += _waves(y, ((20, 1.0), (40, 1 / 3)), ((160, 1 / 12), (320, 1 / 30)))
    dlon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + ripple
    dlon += _waves(x, ((20, 1.0), (40, 1 / 3)), ((150, 1 / 12), (300, 1 / 30)))
    angle = math.radians(latitude)
    magic = 1 - _ECCENTRICITY * math.sin(angle) ** 2
    root = math.sqrt(magic)
    meridian = _AXIS * (1 - _ECCENTRICITY) / (magic * root)
    return (
        math.degrees(dlat / meridian),
        math.degrees(dlon / (_AXIS / root * math.cos(angle))),
    )


def _waves(value: float, *groups: tuple[tuple[float, float], ...]) -> float:
    return sum(
        sum(size * math.sin(value * pace * math.pi) for size, pace in group) * 2 / 3
        for group in groups
    )
