"""Whole answers for requests that came before, byte for byte the same: the shortest way in.

The key is the whole request (method, address and every header, or its very bytes), so that nothing
a decision depends on can be left out of it. An answer is good as long as nothing at all was heard
to change since.
"""

from collections.abc import Callable
from typing import NamedTuple

from idp_bridge.endpoints.forward_auth_asked import Headers
from idp_bridge.endpoints.forward_auth_seen import Seen

_MOST = 10_000

Request = tuple[bytes, bytes, Headers]
Key = tuple[bytes, bytes, tuple[tuple[bytes, bytes], ...]] | bytes


class Ready(NamedTuple):
    """An answer that lets somebody in: its headers, and all of it as bytes."""

    seen: Seen
    headers: list[tuple[bytes, bytes]]
    raw: bytes


class Answers:
    """Of the last requests. ``epoch`` grows with every change of anybody's rights or of an app."""

    def __init__(self, epoch: Callable[[], int], holds: Callable[[float], bool]) -> None:
        self._epoch = epoch
        self._holds = holds
        self._made_in = -1
        self._kept: dict[Key, Ready] = {}

    def get(self, key: Key, now: float) -> Ready | None:
        """The answer, if it still holds."""
        kept = self._kept.get(key)
        if kept is None or now >= kept.seen.until:
            return None
        return kept if self._made_in == self._epoch() and self._holds(now) else None

    def put(self, key: Key, ready: Ready) -> None:
        """Keep an answer that was decided just now, in this epoch."""
        if self._made_in != self._epoch() or len(self._kept) >= _MOST:
            self._kept.clear()
            self._made_in = self._epoch()
        self._kept[key] = ready
