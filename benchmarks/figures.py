"""Numbers out of runs: medians, the noise between runs, and ratios to what they are measured by."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of each run, in ``unit``."""

    name: str
    unit: str
    runs: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.runs)

    def row(self) -> str:
        """Name, median and noise as cells of a table."""
        low, high = short(min(self.runs)), short(max(self.runs))
        return f"{self.name} | {short(self.middle)} {self.unit} | {low} to {high}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure divided by its peer's of the same run, for each run."""

    name: str
    runs: tuple[float, ...]

    @classmethod
    def of(cls, name: str, figure: Figure, peer: Figure) -> "Ratio":
        pairs = zip(figure.runs, peer.runs, strict=True)
        return cls(name, tuple(ours / theirs for ours, theirs in pairs))

    def row(self) -> str:
        low, high = short(min(self.runs)), short(max(self.runs))
        return f"**{self.name}** | **{short(median(self.runs))} x** | {low} to {high}"


def short(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"
