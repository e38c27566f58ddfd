"""Requests for apps and the ends of roles, durably."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from idp_bridge.core.errors import Conflict
from idp_bridge.core.requests import AccessRequest
from idp_bridge.core.role_ends import RoleEnd
from idp_bridge.core.secret import digest
from idp_bridge.store.database import Database, moments
from idp_bridge.store.tables import access_requests as requests
from idp_bridge.store.tables import role_ends

_UNDECIDED = ("asked", "granting")


class SqlRequests:
    """``RequestRecords``: a request is changed only as the caller last saw its state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, request: AccessRequest) -> None:
        try:
            await self._database.run(insert(requests).values(_row(request)))
        except IntegrityError:
            raise Conflict("asked for already") from None

    async def find(self, request_id: str) -> AccessRequest | None:
        found = await self._select(requests.c.id == request_id, requests.c.asked, 1)
        return found[0] if found else None

    async def of_account(self, realm: str, account: str, limit: int) -> tuple[AccessRequest, ...]:
        where = and_(requests.c.realm == realm, requests.c.account == account)
        return await self._select(where, requests.c.asked.desc(), limit)

    async def in_state(self, realm: str, state: str) -> tuple[AccessRequest, ...]:
        where = and_(requests.c.realm == realm, requests.c.state == state)
        return await self._select(where, requests.c.asked, None)

    async def change(self, old: AccessRequest, new: AccessRequest) -> bool:
        seen = and_(requests.c.id == old.id, requests.c.state == old.state)
        return await self._database.run(update(requests).where(seen).values(_row(new))) == 1

    async def newest_approval(
        self, realm: str, client_id: str, account: str, role: str
    ) -> AccessRequest | None:
        where = and_(
            requests.c.realm == realm,
            requests.c.client_id == client_id,
            requests.c.account == account,
            requests.c.role == role,
            requests.c.state == "approved",
        )
        found = await self._select(where, requests.c.decided.desc(), 1)
        return found[0] if found else None

    async def _select(self, where: Any, order: Any, limit: int | None) -> tuple[AccessRequest, ...]:
        wanted = select(requests).where(where).order_by(order).limit(limit)
        return tuple(_request(moments(row)) for row in await self._database.rows(wanted))


class SqlRoleEnds:
    """``RoleEndRecords``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, end: RoleEnd) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(role_ends).where(_role(end)))
            await connection.execute(insert(role_ends).values(asdict(end)))

    async def remove(self, end: RoleEnd) -> bool:
        same = and_(_role(end), role_ends.c.ends == end.ends)
        return await self._database.run(delete(role_ends).where(same)) == 1

    async def clear(self, end: RoleEnd) -> bool:
        return await self._database.run(delete(role_ends).where(_role(end))) == 1

    async def of_account(self, realm: str, account: str) -> tuple[RoleEnd, ...]:
        return await self._select(
            and_(role_ends.c.realm == realm, role_ends.c.account == account), None
        )

    async def all(self, realm: str) -> tuple[RoleEnd, ...]:
        return await self._select(role_ends.c.realm == realm, None)

    async def claim(self, now: datetime, until: datetime, limit: int) -> tuple[RoleEnd, ...]:
        free = or_(role_ends.c.claimed.is_(None), role_ends.c.claimed <= now)
        due = await self._select(and_(role_ends.c.ends <= now, free), limit)
        return tuple([end for end in due if await self._claimed(end, now, until)])

    async def _claimed(self, end: RoleEnd, now: datetime, until: datetime) -> bool:
        free = or_(role_ends.c.claimed.is_(None), role_ends.c.claimed <= now)
        mine = and_(_role(end), role_ends.c.ends == end.ends, free)
        return await self._database.run(update(role_ends).where(mine).values(claimed=until)) == 1

    async def _select(self, where: Any, limit: int | None) -> tuple[RoleEnd, ...]:
        wanted = select(role_ends).where(where).order_by(role_ends.c.ends).limit(limit)
        rows = [moments(row) for row in await self._database.rows(wanted)]
        return tuple(RoleEnd(**{k: v for k, v in row.items() if k != "claimed"}) for row in rows)


def _row(request: AccessRequest) -> dict[str, Any]:
    whose = f"{request.realm} {request.client_id} {request.account}"
    open_ = request.state in _UNDECIDED
    return asdict(request) | {"undecided": digest(whose) if open_ else None}


def _request(row: dict[str, Any]) -> AccessRequest:
    return AccessRequest(**{key: value for key, value in row.items() if key != "undecided"})


def _role(end: RoleEnd) -> Any:
    return and_(
        role_ends.c.realm == end.realm,
        role_ends.c.client_id == end.client_id,
        role_ends.c.role == end.role,
        role_ends.c.account == end.account,
    )
