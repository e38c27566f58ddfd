"""The grid tasks of the demonstration. Each lies in one grid and is seen by that grid's people."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from common.claims import Person

POSTS = {"handler": "grid-worker", "dispatcher": "staff", "observer": "leader"}


class NotYours(Exception):
    """The person's role or post does not reach this task."""


@dataclass(frozen=True, slots=True)
class Task:
    """``what`` and ``where`` are in (Chinese, English)."""

    id: str
    org: str
    what: tuple[str, str]
    where: tuple[str, str]
    urgent: bool = False
    done_by: str = ""


class Tasks:
    """Which app role does what, always within the org units of the fitting posts.

    handler: sees and completes in the grids of a grid-worker post
    dispatcher: sees and reopens below a staff post
    observer: sees below a leader post
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = {task.id: task for task in tasks}

    def seen_by(self, who: Person) -> list[Task]:
        """Urgent ones first, finished ones last."""
        seen = [task for task in self._tasks.values() if self._acts_as(who, task)]
        return sorted(seen, key=lambda task: (bool(task.done_by), not task.urgent, task.id))

    def complete(self, task_id: str, who: Person) -> None:
        self._change(task_id, who, "handler", done_by=who.name)

    def reopen(self, task_id: str, who: Person) -> None:
        self._change(task_id, who, "dispatcher", done_by="")

    def may(self, who: Person, task: Task, role: str) -> bool:
        return role in self._acts_as(who, task)

    def _change(self, task_id: str, who: Person, role: str, done_by: str) -> None:
        task = self._tasks.get(task_id)
        if task is None or not self.may(who, task, role):
            raise NotYours
        self._tasks[task_id] = replace(task, done_by=done_by)

    def _acts_as(self, who: Person, task: Task) -> list[str]:
        return [
            role for role, post in POSTS.items() if role in who.roles and who.holds(post, task.org)
        ]
