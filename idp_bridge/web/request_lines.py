"""Requests for apps as people read them, and decisions as forms bring them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from idp_bridge.core.accounts import Accounts
from idp_bridge.core.apps import App
from idp_bridge.core.client_session import ClientSession
from idp_bridge.core.errors import InvalidRequest
from idp_bridge.core.requests import AccessRequest, Approval, Decider
from idp_bridge.core.role_ends import RoleEnd

_LAST_MOMENT = time(23, 59, 59)
TONES = {
    "asked": "warn",
    "granting": "warn",
    "approved": "good",
    "declined": "bad",
    "withdrawn": "",
    "ended": "",
}


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request with names for everything; ``roles`` may be given: name by key.

    ``state`` is the request's, or ``ended`` once the role that it gave is over.
    """

    request: AccessRequest
    state: str
    app: str
    who: str
    role: str
    roles: Mapping[str, str]
    tone: str


@dataclass(frozen=True, slots=True)
class EndLine:
    """One role that will end."""

    end: RoleEnd
    app: str
    role: str
    who: str = ""


def decider_of(session: ClientSession, *, administers: bool = False) -> Decider:
    """Who decides in this session."""
    username = str(session.claims.get("preferred_username") or "")
    return Decider(session.account, username, administers)


def request_lines(
    requests: Iterable[AccessRequest],
    apps: Iterable[App],
    language: str,
    *,
    now: datetime,
    names: Mapping[str, str] | None = None,
) -> list[RequestLine]:
    """In the order given. ``names`` are of accounts; without one the user name is shown."""
    known = {app.client_id: app for app in apps}
    return [
        RequestLine(
            request,
            _state(request, now),
            app_name(known.get(request.client_id), request.client_id, language),
            (names or {}).get(request.account) or request.username,
            role_label(known.get(request.client_id), request.role, language),
            role_labels(known.get(request.client_id), language),
            TONES.get(_state(request, now), ""),
        )
        for request in requests
    ]


def _state(request: AccessRequest, now: datetime) -> str:
    over = request.state == "approved" and request.ends is not None and request.ends <= now
    return "ended" if over else request.state


def end_lines(
    ends: Iterable[RoleEnd],
    apps: Iterable[App],
    language: str,
    names: Mapping[str, str] | None = None,
) -> list[EndLine]:
    """Roles that will end, in the order given."""
    known = {app.client_id: app for app in apps}
    return [
        EndLine(
            end,
            app_name(known.get(end.client_id), end.client_id, language),
            role_label(known.get(end.client_id), end.role, language),
            (names or {}).get(end.account) or end.account,
        )
        for end in ends
    ]


async def names_of(accounts: Accounts, realm: str, wanted: Iterable[str]) -> dict[str, str]:
    """What to call the people behind accounts."""
    found = {account: await accounts.find(realm, account) for account in set(wanted)}
    return {key: f"{one.name} ({one.username})" for key, one in found.items() if one}


def app_name(app: App | None, client_id: str, language: str) -> str:
    """What an app is called; its id where it is gone."""
    return (app.names.get(language) if app else "") or client_id


def role_label(app: App | None, role: str, language: str) -> str:
    """What a role of an app is called."""
    return (app.role_names.get(role, {}).get(language) if app else "") or role


def role_labels(app: App | None, language: str) -> dict[str, str]:
    """Every role of an app by what it is called."""
    return {role: role_label(app, role, language) for role in sorted(app.roles if app else ())}


def approval_in(form: FormData, zone: ZoneInfo) -> Approval:
    """What the owner chose. Raises ``InvalidRequest``."""
    return Approval(
        role=str(form.get("role", "")),
        ends=_end(str(form.get("until", "")).strip(), zone),
        answer=str(form.get("answer", "")),
    )


def _end(text: str, zone: ZoneInfo) -> datetime | None:
    """A day is meant with all its hours; a moment is taken as it is."""
    if not text:
        return None
    try:
        if len(text) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(text), _LAST_MOMENT, zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("the end is no date") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
