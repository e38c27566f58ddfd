"""What the operator sees in the terminal while a stack starts and runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from idp_bridge.local.fetch import Progress as Shown

_SHOWN = {
    "trust": "Phones first, to trust this stack",
    "start": "Start here",
    "resident_portal": "Resident portal",
    "worker_portal": "Worker portal",
    "admin": "Admin pages",
    "console": "Keycloak console",
    "op_issuer": "OpenID Provider",
}


class Terminal:
    """Steps, a progress bar for downloads, and the addresses at the end."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def say(self, step: str) -> None:
        self._console.print(f"[dim]idp-bridge[/] {step}")

    @contextmanager
    def show(self, name: str) -> Iterator[Shown]:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        bar = Progress(
            *columns, TransferSpeedColumn(), TimeRemainingColumn(), console=self._console
        )
        with bar:
            task = bar.add_task(f"Downloading {name}", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def addresses(self, status: dict[str, Any]) -> None:
        """Where to go, the start page first."""
        table = Table(box=None, show_header=False, pad_edge=False)
        for key, label in _SHOWN.items():
            if key in status["urls"]:
                table.add_row(f"  {label}", f"[bold cyan]{status['urls'][key]}[/]")
        self._console.print()
        self._console.print(table)
        self._console.print()

    def summary(self, status: dict[str, Any]) -> None:
        """`idp-bridge status` for people."""
        state = "[green]ready[/]" if status["ready"] else "[yellow]not ready[/]"
        self._console.print(f"The stack in {status['data']} is {state}.")
        self.addresses(status)
        table = Table("user name", "password", "name", "realm", "roles", box=None)
        for person in status["people"]:
            roles = ", ".join(person["roles"])
            cells = (person["username"], person["password"], person["name"], person["realm"], roles)
            table.add_row(*cells)
        self._console.print(table)
