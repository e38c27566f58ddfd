"""Port: word that a flow moved, from any copy of the bridge to the pages that wait at this one.

Word may be lost, for it is only a hint to look again: whoever waits looks by itself now and then.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Protocol


class Listener:
    """One waiting page. It hears what was told since it last stopped waiting."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    def wake(self) -> None:
        """Let the wait end now."""
        self._told.set()

    async def wait(self, patience: timedelta) -> None:
        """Return when told, at the latest after ``patience``."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), max(0.0, patience.total_seconds()))
        self._told.clear()


class Moves(Protocol):
    """Tells and listens, by the digest of the interaction that a flow belongs to."""

    async def tell(self, interaction: str) -> None: ...

    def listen(self, interaction: str) -> Listener:
        """Listen from now on, until ``leave``."""
        ...

    def leave(self, interaction: str, listener: Listener) -> None: ...
