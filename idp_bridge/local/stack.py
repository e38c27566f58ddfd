"""Runs one stack from start to end.

Redis, LDAP, Keycloak (together) -> provisioning, when its inputs changed -> bridge -> examples
"""

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import Callable

from idp_bridge.local.artifacts import keycloak_home
from idp_bridge.local.directory import ldap_program
from idp_bridge.local.errors import DiskFull, StackError
from idp_bridge.local.fetch import Show
from idp_bridge.local.java import java_home
from idp_bridge.local.keycloak_server import install, keycloak_program, link_themes
from idp_bridge.local.leftovers import Leftovers
from idp_bridge.local.manifests import realms_folder
from idp_bridge.local.plan import Plan, write_files
from idp_bridge.local.ports import require_free
from idp_bridge.local.programs import (
    bridge_program,
    example_programs,
    is_provisioned,
    mark_provisioned,
    provision_program,
)
from idp_bridge.local.redis import redis_program
from idp_bridge.local.start_page import start_pages
from idp_bridge.local.status import describe, keep
from idp_bridge.local.supervisor import Program, Supervisor

Say = Callable[[str], None]

# Keycloak's copy, its database, logs; and what later starts add.
_FIRST_START_MB, _LATER_START_MB = 600, 100


class Stack:
    """One run of one plan. ``say`` tells the operator about each step."""

    def __init__(self, plan: Plan, say: Say, show: Show) -> None:
        self._plan = plan
        self._say = say
        self._show = show
        self._ready = False
        self._supervisor = Supervisor(Leftovers(plan.folder))

    def run(self, on_ready: Callable[[], None]) -> None:
        """Until SIGTERM or Ctrl-C (returns), or until something fails (raises ``StackError``)."""
        try:
            with self._plan.folder.held():
                self._run(on_ready)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise DiskFull(f"The disk of {self._plan.folder.path} is full. Make room") from None

    def _run(self, on_ready: Callable[[], None]) -> None:
        folder = self._plan.folder
        Leftovers(folder).end()
        self._require_resources()
        write_files(self._plan)
        servers = self._servers()
        try:
            asyncio.run(self._until_stopped(servers, on_ready))
        finally:
            keep(folder, describe(self._plan, ready=False))

    def _require_resources(self) -> None:
        plan = self._plan
        first = not plan.folder.file("keycloak").exists()
        plan.folder.require_room(_FIRST_START_MB if first else _LATER_START_MB)
        for host in {"127.0.0.1", plan.origins.host}:
            require_free(plan.wanted_ports(), host)

    def _servers(self) -> list[Program]:
        """The three servers that are not ours; this is where downloads happen."""
        plan = self._plan
        home = keycloak_home(os.environ.get("KEYCLOAK_HOME"), self._show, self._say)
        installed = install(home, plan.folder)
        link_themes(realms_folder() / "themes", installed)
        java, secrets = java_home(), plan.secrets
        return [
            redis_program(plan.folder, plan.ports.redis, secrets["redis"]),
            ldap_program(
                plan.folder, plan.ports.ldap, secrets["ldap_admin"], self._show, self._say
            ),
            keycloak_program(
                plan.folder, installed, java, plan.ports, plan.origins, secrets["admin"]
            ),
        ]

    async def _until_stopped(self, servers: list[Program], on_ready: Callable[[], None]) -> None:
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        work = asyncio.create_task(self._start_and_watch(servers, on_ready))
        stopped = asyncio.create_task(told.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            self._say("Stopping")
            stopped.cancel()
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, StackError):
                await work
            await self._supervisor.stop()

    async def _start_and_watch(self, servers: list[Program], on_ready: Callable[[], None]) -> None:
        plan = self._plan
        keep(plan.folder, describe(plan, ready=False))
        async with start_pages(plan, lambda: self._ready):
            self._say("Starting Redis, LDAP and Keycloak")
            await self._together(servers)
            if not is_provisioned(plan):
                self._say("Setting up realms, people and apps in Keycloak")
                await self._supervisor.run(provision_program(plan))
                mark_provisioned(plan)
            self._say("Starting the bridge and the example apps")
            await self._supervisor.start(bridge_program(plan))
            await self._together(example_programs(plan))
            self._ready = True
            keep(plan.folder, describe(plan, ready=True))
            on_ready()
            await self._supervisor.watch()

    async def _together(self, programs: list[Program]) -> None:
        """Start several at once; the first failure is the one that is told."""
        starts = [asyncio.create_task(self._supervisor.start(program)) for program in programs]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
