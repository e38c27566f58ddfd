"""A browser's signed memory of accounts that were confirmed in it before (P7).

    <issued>.<mark>[,<mark>...].<HMAC-SHA256>

It only spares a known browser the typing of digits; it signs nobody in. Marks are digests, so the
cookie says nothing about anybody; at most eight, the newest kept.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from idp_bridge.core.clock import Clock
from idp_bridge.core.qr_approval import account_mark
from idp_bridge.core.secret import same

_MOST = 8


class Memory:
    """Reads and writes the cookie; ``key`` is 32 secret bytes of this purpose only."""

    def __init__(self, key: bytes, life: timedelta, clock: Clock) -> None:
        self._key = key
        self._life = life
        self._clock = clock

    @property
    def life(self) -> timedelta:
        """How long a browser is remembered."""
        return self._life

    def remembers(self, cookie: str | None) -> tuple[str, ...]:
        """The marks in a cookie; none when it is absent, altered or too old."""
        parts = (cookie or "").split(".")
        if len(parts) != 3 or not same(parts[2], self._tag(parts[0], parts[1])):
            return ()
        issued = datetime.fromtimestamp(int(parts[0]), UTC)
        return tuple(parts[1].split(",")) if self._clock() - issued < self._life else ()

    def remember(self, cookie: str | None, realm: str, subject: str) -> str:
        """The cookie with one more account in it."""
        mark = account_mark(realm, subject)
        marks = [mark, *(held for held in self.remembers(cookie) if held != mark)][:_MOST]
        issued, body = str(int(self._clock().timestamp())), ",".join(marks)
        return f"{issued}.{body}.{self._tag(issued, body)}"

    def _tag(self, issued: str, body: str) -> str:
        return hmac.new(self._key, f"{issued}.{body}".encode(), hashlib.sha256).hexdigest()
