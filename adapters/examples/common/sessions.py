"""Sessions in this process's memory, found by an unguessable id or by what a logout names.

A real app of several processes keeps them in its database or Redis, under the same three rules:
the id is new at each sign-in, the refresh token never leaves the server, a logout finds all.
"""

import secrets
from collections.abc import Callable
from typing import Generic, TypeVar

Session = TypeVar("Session")


class Sessions(Generic[Session]):
    """At most ``most`` sessions; the oldest makes room."""

    def __init__(self, most: int = 10_000) -> None:
        self._by_id: dict[str, Session] = {}
        self._most = most

    def begin(self, session: Session) -> str:
        while len(self._by_id) >= self._most:
            self._by_id.pop(next(iter(self._by_id)))
        session_id = secrets.token_urlsafe(32)
        self._by_id[session_id] = session
        return session_id

    def get(self, session_id: object) -> Session | None:
        return self._by_id.get(session_id) if isinstance(session_id, str) else None

    def end(self, session_id: object) -> Session | None:
        return self._by_id.pop(session_id, None) if isinstance(session_id, str) else None

    def end_where(self, meant: Callable[[Session], bool]) -> None:
        for session_id in [key for key, session in self._by_id.items() if meant(session)]:
            del self._by_id[session_id]
