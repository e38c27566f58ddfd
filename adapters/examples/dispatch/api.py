"""The API for machines: an access token of their own, strict JSON, their own org units only.

POST /api/events  {"reference", "class", "org", "text"}  ->  201, or 200 if it was there
GET  /api/events  ->  the machine's own events
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dispatch.events import CLASSES, Event, Events, Filing, Role
from idp_bridge_adapters.sdk.starlette import SignOn

LONGEST = 16 * 1024


class Body(BaseModel, extra="forbid", strict=True):
    """What a machine posts."""

    reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    event_class: Annotated[str, Field(alias="class")]
    org: Annotated[str, Field(pattern=r"^(/[a-z0-9-]{1,40}){1,8}$")]
    text: Annotated[str, Field(min_length=1, max_length=500)]

    @field_validator("event_class")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CLASSES:
            raise ValueError("not an event class")
        return value

    @property
    def filing(self) -> Filing:
        return Filing(self.reference, self.event_class, self.org, self.text)


class Api:
    """The machines' side of the app."""

    def __init__(self, sign_on: SignOn, events: Events) -> None:
        self._machine = sign_on.require_machine(Role.SOURCE)
        self._events = events

    def routes(self) -> list[Route]:
        return [
            Route("/api/events", self.file, methods=["POST"]),
            Route("/api/events", self.own, methods=["GET"]),
        ]

    async def file(self, request: Request) -> Response:
        machine = await self._machine(request)
        try:
            body = Body.model_validate_json(await _read(request))
        except ValidationError as error:
            wrong = sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})
            return JSONResponse({"error": "invalid_request", "fields": wrong}, 400)
        event, is_new = self._events.file(machine, body.filing)
        return JSONResponse(_told(event), 201 if is_new else 200)

    async def own(self, request: Request) -> Response:
        machine = await self._machine(request)
        return JSONResponse({"events": [_told(one) for one in self._events.of_source(machine)]})


def _told(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "reference": event.filing.reference,
        "state": "assigned" if event.team else "filed",
        "team": event.team or None,
    }


async def _read(request: Request) -> bytes:
    """The body; of one that is too long nothing, which is no JSON."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            return b""
    return body
