"""One flow for frameworks with and without ``async``: a generator says what it needs, one of two
drivers gets it.

    def flow() -> Steps[str]:
        value = yield Stored("get", ("key",))
        answer = yield Fetch("POST", url, form)
        return answer.body["name"]
"""

import asyncio
import inspect
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote_plus

import httpx

from idp_bridge_adapters.errors import Unreachable

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Fetch:
    """An HTTP request to the issuer. The outcome is an ``Answer``."""

    method: str
    url: str
    form: Mapping[str, str] | None = None
    login: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the issuer said; a body that is no JSON object is empty."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A call of the store's method ``verb``; the outcome is what it returns."""

    verb: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Blocking:
    """Work that may wait for keys to be fetched; the outcome is what it returns."""

    work: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Pause:
    """Let another caller finish."""

    seconds: float


Step = Fetch | Stored | Blocking | Pause
Steps = Generator[Step, Any, Outcome]


class Driver:
    """Runs flows in the caller's thread."""

    def __init__(self, store: object, http: httpx.Client) -> None:
        self._store = store
        self._http = http

    def run(self, steps: Steps[Outcome]) -> Outcome:
        """The flow's outcome, or what it raises."""
        try:
            step = next(steps)
            while True:
                try:
                    done = self._do(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    def _do(self, step: Step) -> Any:
        match step:
            case Fetch():
                try:
                    return _read(self._http.request(**_request(step)))
                except httpx.HTTPError as error:
                    raise Unreachable(type(error).__name__) from error
            case Stored(verb, arguments):
                with _reaching_store():
                    return getattr(self._store, verb)(*arguments)
            case Blocking(work):
                return work()
            case Pause(seconds):
                return time.sleep(seconds)


class AsyncDriver:
    """Runs flows in the event loop; the store's methods may be coroutines or not."""

    def __init__(self, store: object, http: httpx.AsyncClient) -> None:
        self._store = store
        self._http = http
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, steps: Steps[Outcome]) -> Outcome:
        """The flow's outcome. A caller who leaves does not interrupt it half-way."""
        task = asyncio.ensure_future(self._run(steps))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _run(self, steps: Steps[Outcome]) -> Outcome:
        try:
            step = next(steps)
            while True:
                try:
                    done = await self._do(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    async def _do(self, step: Step) -> Any:
        match step:
            case Fetch():
                try:
                    return _read(await self._http.request(**_request(step)))
                except httpx.HTTPError as error:
                    raise Unreachable(type(error).__name__) from error
            case Stored(verb, arguments):
                with _reaching_store():
                    found = getattr(self._store, verb)(*arguments)
                    return await found if inspect.isawaitable(found) else found
            case Blocking(work):
                return await asyncio.to_thread(work)
            case Pause(seconds):
                return await asyncio.sleep(seconds)


@contextmanager
def _reaching_store() -> Iterator[None]:
    """A store that fails knows nobody: that is not the same as a session that is not there."""
    try:
        yield
    except Exception as error:
        raise Unreachable(f"store: {type(error).__name__}") from error


def _request(step: Fetch) -> dict[str, Any]:
    asked: dict[str, Any] = {"method": step.method, "url": step.url, "data": step.form}
    if step.login is not None:
        # Each part is form-encoded first (RFC 6749, 2.3.1).
        asked["auth"] = tuple(quote_plus(part) for part in step.login)
    return asked


def _read(answer: httpx.Response) -> Answer:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return Answer(answer.status_code, body if isinstance(body, dict) else {})
