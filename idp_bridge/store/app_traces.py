"""What the durable tables hold about one app: rows of a retired app go.

Every table that speaks of apps does so in a column ``client_id``. The record of what happened
stays.
"""

from sqlalchemy import Delete, delete

from idp_bridge.store.database import Database
from idp_bridge.store.tables import app_logouts, audit, metadata


class AppTraces:
    """The rows of one app over all tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, client_id: str) -> int:
        """Delete them; how many there were."""
        return sum([await self._database.run(one) for one in _deletions(client_id)])


def _deletions(client_id: str) -> list[Delete]:
    tables = [t for t in metadata.sorted_tables if "client_id" in t.c and t is not audit]
    told = app_logouts.c.visit["client_id"].as_string() == client_id
    # What is still due is about people who are in the app: they have to be told.
    given_up = delete(app_logouts).where(told, app_logouts.c.due.is_(None))
    return [*(delete(t).where(t.c.client_id == client_id) for t in tables), given_up]
