"""Readable names of org units: tokens carry paths, and what a unit is called is an app's matter."""

from common.pages import Texts

DISTRICT = "/baoan"
NAMES: Texts = {
    "baoan": ("宝安区", "Bao'an District"),
    "xixiang": ("西乡街道", "Xixiang Street"),
    "xinan": ("新安街道", "Xin'an Street"),
    "gongle": ("共乐社区", "Gongle Community"),
    "haiwang": ("海旺社区", "Haiwang Community"),
}


def place(org: str, language: str) -> str:
    """The unit and the one above it; a path segment that has no name here is shown as it is."""
    named = [_named(segment, language) for segment in org.split("/") if segment]
    if language == "en":
        return ", ".join(reversed(named[-2:]))
    return " ".join(named[-2:])


def _named(segment: str, language: str) -> str:
    kind, _, number = segment.partition("-")
    if kind == "grid" and number:
        return f"Grid {number}" if language == "en" else f"{number}网格"
    return NAMES.get(segment, (segment, segment))[language == "en"]
