"""What one running bridge does besides answering: follows both realms and sweeps what is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import NoReturn

from idp_bridge.app.parts import Parts
from idp_bridge.app.rights import sweep_rights
from idp_bridge.core.errors import Unavailable
from idp_bridge.keycloak.follower import Follower

SWEEP_EVERY = timedelta(seconds=2)


@asynccontextmanager
async def at_work(parts: Parts) -> AsyncIterator[None]:
    """Open, with a follower for each realm and the sweepers running; closed at the end."""
    await parts.open()
    running = [
        *(follower.run() for follower in _followers(parts)),
        parts.stores.moves.run(),
        parts.stores.marks.run(),
        sweep_rights(parts),
        _sweep(parts),
    ]
    tasks = [asyncio.create_task(work) for work in running]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await parts.close()


def _followers(parts: Parts) -> list[Follower]:
    return [
        Follower(
            api,
            parts.accounts,
            revocations=parts.revocations,
            ends=parts.app_logout,
            store=parts.stores.redis,
            audit=parts.stores.audit,
            clock=parts.clock,
            others=[other for other in parts.apis.values() if other is not api],
        )
        for api in parts.apis.values()
    ]


async def _sweep(parts: Parts) -> NoReturn:
    """End kiosk sessions that are over, also those begun before a restart (A2)."""
    while True:
        with suppress(Unavailable):
            await parts.sign_ins.sweep()
            await parts.stores.durable.forget_expired()
            await parts.app_logout.try_again()
        await asyncio.sleep(SWEEP_EVERY.total_seconds())
