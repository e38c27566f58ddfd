"""Sessions that were verified just now, in memory: bounded, and dropped when word says so.

A session is kept under everything that it depends on (address, token, app as it was read) for ten
seconds at most, less when its rights, or the session itself, end sooner.
"""

from collections import OrderedDict
from collections.abc import Callable

from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.doors import AcrTooLow, NoRole, check_entry
from idp_bridge.core.forward_auth import Guard, Rule, Site
from idp_bridge.core.freshness import Freshness
from idp_bridge.core.levels import reaches

KEPT = 10.0
SIGNED_AGAIN_AFTER = 30.0
_BLANK = b"HTTP/1.1 200 OK\r\n"

Key = tuple[str, bytes]


class Seen:
    """Somebody at one app, with the answer that lets them in ready to be sent."""

    __slots__ = ("_passed", "guard", "headers", "raw", "session", "signed_at", "until")

    def __init__(
        self,
        guard: Guard,
        session: ClientSession,
        headers: list[tuple[bytes, bytes]],
        signed_at: float,
    ) -> None:
        self.guard = guard
        self.session = session
        self.headers = [*headers, (b"content-length", b"0")]
        lines = b"".join(b"%b: %b\r\n" % header for header in self.headers)
        self.raw = _BLANK + lines + b"\r\n"
        self.signed_at = signed_at
        self.until = float("-inf")
        self._passed: set[Rule] = set()

    def passes(self, rule: Rule) -> bool:
        """Whether ``check`` let them pass before."""
        return rule in self._passed

    def check(self, rule: Rule) -> None:
        """Raises ``AppSuspended``, ``NoRole``, ``AcrTooLow``."""
        app, session = self.guard.app, self.session
        check_entry(app, session)
        if rule.roles and not rule.roles & session.roles_in(app.client_id):
            raise NoRole(f"none of {sorted(rule.roles)} in {app.client_id}")
        if rule.acr and not reaches(session.acr, (rule.acr,)):
            raise AcrTooLow(f"{session.acr!r} is below {rule.acr!r}", rule.acr)
        self._passed.add(rule)


class Memory:
    """The least recently used goes first."""

    def __init__(self, freshness: Freshness, ticks: Callable[[], float], most: int) -> None:
        self._freshness = freshness
        self._ticks = ticks
        self._most = most
        self._held: OrderedDict[Key, Seen] = OrderedDict()
        self._of_account: dict[tuple[str, str], set[Key]] = {}
        self._of_session: dict[tuple[str, str], set[Key]] = {}
        freshness.on_change(self._changed)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, site: Site, token: bytes, now: float) -> Seen | None:
        """Somebody whose session still holds without a look at the store."""
        key = (site.origin, token)
        seen = self._held.get(key)
        if seen is None or now >= seen.until or seen.guard not in site.guards:
            return None
        self._held.move_to_end(key)
        return seen

    def before(self, site: Site, token: bytes) -> Seen | None:
        """What was known the last time; it may not hold any more."""
        return self._held.get((site.origin, token))

    def put(self, site: Site, token: bytes, seen: Seen, life: float) -> None:
        """Keep for ``life`` seconds, at most ten."""
        key = (site.origin, token)
        self._drop(key)
        seen.until = self._ticks() + min(life, KEPT)
        self._held[key] = seen
        for index, name in self._indexes(seen):
            index.setdefault(name, set()).add(key)
        while len(self._held) > self._most:
            self._drop(next(iter(self._held)))

    def _indexes(self, seen: Seen) -> list[tuple[dict[tuple[str, str], set[Key]], tuple[str, str]]]:
        realm, session = seen.guard.app.realm, seen.session
        return [
            (self._of_account, (realm, session.account)),
            (self._of_session, (realm, session.sid)),
        ]

    def _drop(self, key: Key) -> None:
        seen = self._held.pop(key, None)
        if seen is None:
            return
        for index, name in self._indexes(seen):
            held = index.get(name, set())
            held.discard(key)
            if not held:
                index.pop(name, None)

    def _changed(self, realm: str, account: str, sid: str) -> None:
        if account:
            gone = self._of_account.get((realm, account), set())
        elif sid:
            gone = self._of_session.get((realm, sid), set())
        else:
            gone = {k for k, s in self._held.items() if realm in ("", s.guard.app.realm)}
        for key in tuple(gone):
            self._drop(key)
