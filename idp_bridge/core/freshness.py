"""Whether what one copy of the bridge keeps in memory still holds, without asking anybody.

in touch with the store, and somebody follows every realm --> it holds until a mark says else
otherwise                                                 --> it does not: look at the store
"""

import json
from collections.abc import Callable, Iterable

from idp_bridge.core.clock import Clock
from idp_bridge.core.marks import Marks
from idp_bridge.core.revocations import FOLLOWED_FOR

Changed = Callable[[str, str, str], None]
"""Realm, account, session: those whose rights or sessions changed. An empty one means all."""


class Freshness:
    """Hears every mark. ``changes`` counts those that took something away."""

    def __init__(
        self, marks: Marks, realms: Iterable[str], clock: Clock, ticks: Callable[[], float]
    ) -> None:
        self._marks = marks
        self._clock = clock
        self._ticks = ticks
        self._followed = dict.fromkeys(realms, float("-inf"))
        self._until = float("-inf")
        self._changed: list[Changed] = []
        self.changes = 0
        marks.listen(self._hear)

    def on_change(self, changed: Changed) -> None:
        """Have ``changed`` called for every change."""
        self._changed.append(changed)

    def holds(self, now: float) -> bool:
        """Whether nothing that was marked more than two seconds ago can have been missed."""
        return now < self._until and self._marks.in_touch()

    def _hear(self, key: str, value: bytes) -> None:
        kind, _, rest = key.partition(":")
        realm, _, scope = rest.partition(":")
        if kind == "heard":
            self._follow(realm, value)
            return
        self.changes += 1
        name, _, which = scope.partition(":")
        account = which if name == "sub" else ""
        session = which if name == "sid" else ""
        for changed in self._changed:
            changed(realm, account, session)

    def _follow(self, realm: str, value: bytes) -> None:
        until = float("-inf")
        if value:
            age = self._clock().timestamp() - float(json.loads(value))
            until = self._ticks() + FOLLOWED_FOR.total_seconds() - age
        if realm in self._followed:
            self._followed[realm] = until
            self._until = min(self._followed.values())
