"""An app's sessions: sealed under an id that only the browser has, found again by what a logout
names.

    session:<digest of id>   the session, sealed with a key made of the id
    sid:<digest>, sub:<digest>   names of the sessions that a back-channel logout ends
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idp_bridge_adapters.principal import Post, Principal
from idp_bridge_adapters.steps import Steps, Stored
from idp_bridge_adapters.tokens import LogoutToken


@dataclass(frozen=True, slots=True)
class Session:
    """A person at this app. Until ``reading_until`` one caller is reading the rights again."""

    person: Principal
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)
    read_at: datetime
    reading_until: datetime | None = None

    def is_fresh(self, now: datetime, fresh_for: timedelta) -> bool:
        """A look of the future is not fresh: the copies' clocks disagree."""
        return timedelta(0) <= now - self.read_at <= fresh_for


@dataclass(frozen=True, slots=True)
class Held:
    """A session as it was found, with the exact bytes that ``swap`` compares."""

    id: str
    session: Session
    raw: bytes


class Sessions:
    """Begin, find, change and end sessions, in steps."""

    def __init__(self, kept_for: timedelta) -> None:
        self._seconds = int(kept_for.total_seconds())

    def begin(self, session: Session) -> Steps[str]:
        """Keep a new session and answer its id, which is used once and by this browser only."""
        session_id = secrets.token_urlsafe(32)
        key, person = _key(session_id), session.person
        yield Stored("put", (key, _seal(session_id, session), self._seconds))
        for group in _groups(person.issuer, person.sid, person.subject):
            yield Stored("add", (group, key, self._seconds))
        return session_id

    def find(self, session_id: str | None) -> Steps[Held | None]:
        """The session of this id, if it is one of ours that lives."""
        if not session_id:
            return None
        raw = yield Stored("get", (_key(session_id),))
        session = _unseal(session_id, raw) if raw is not None else None
        return None if session is None else Held(session_id, session, raw)

    def change(self, held: Held, session: Session) -> Steps[Held | None]:
        """Put ``session`` in the place of ``held``; None when somebody was faster or ended it."""
        raw = _seal(held.id, session)
        done = yield Stored("swap", (_key(held.id), held.raw, raw, self._seconds))
        return Held(held.id, session, raw) if done else None

    def end(self, held: Held) -> Steps[None]:
        yield Stored("drop", (_key(held.id),))

    def end_named(self, named: LogoutToken) -> Steps[None]:
        """End what a back-channel logout names: by ``sid``, and only without it by subject."""
        by_sid, by_subject = _groups(named.issuer, named.sid or "", named.subject or "")
        group = by_sid if named.sid is not None else by_subject
        names: Iterable[str | bytes] = yield Stored("names", (group,))
        keys = [name.decode() if isinstance(name, bytes) else name for name in names]
        yield Stored("drop", (group, *keys))


def _key(session_id: str) -> str:
    return "session:" + hashlib.sha256(b"name\0" + session_id.encode()).hexdigest()


def _groups(issuer: str, sid: str, subject: str) -> tuple[str, str]:
    def digest(name: str) -> str:
        return hashlib.sha256(f"{issuer}\0{name}".encode()).hexdigest()

    return f"sid:{digest(sid)}", f"sub:{digest(subject)}"


def _lock(session_id: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"seal\0" + session_id.encode()).digest())


def _seal(session_id: str, session: Session) -> bytes:
    nonce = secrets.token_bytes(12)
    text = json.dumps(_facts(session), ensure_ascii=False).encode()
    return nonce + _lock(session_id).encrypt(nonce, text, None)


def _unseal(session_id: str, raw: bytes) -> Session | None:
    try:
        return _session(json.loads(_lock(session_id).decrypt(raw[:12], raw[12:], None)))
    except (InvalidTag, ValueError, KeyError, TypeError):
        return None


def _facts(session: Session) -> dict[str, Any]:
    person = asdict(session.person)
    return {
        "person": {
            **person,
            "roles": sorted(session.person.roles),
            "posts": sorted((post.role, post.org) for post in session.person.posts),
            "auth_time": _text(session.person.auth_time),
        },
        "refresh_token": session.refresh_token,
        "id_token": session.id_token,
        "read_at": _text(session.read_at),
        "reading_until": _text(session.reading_until),
    }


def _session(facts: dict[str, Any]) -> Session:
    person = {
        **facts["person"],
        "roles": frozenset(facts["person"]["roles"]),
        "posts": frozenset(Post(role, org) for role, org in facts["person"]["posts"]),
        "auth_time": _moment(facts["person"]["auth_time"]),
    }
    return Session(
        person=Principal(**person),
        refresh_token=facts["refresh_token"],
        id_token=facts["id_token"],
        read_at=datetime.fromisoformat(facts["read_at"]),
        reading_until=_moment(facts["reading_until"]),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
