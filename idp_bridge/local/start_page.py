"""The start page of a stack, served by its supervisor."""

from types import TracebackType

from idp_bridge.local.plan import Plan


class StartPage:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    async def __aenter__(self) -> "StartPage":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        return None
