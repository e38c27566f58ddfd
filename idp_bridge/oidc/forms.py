"""Parameters of a request (RFC 6749, 3.1): once each, bounded, empty ones as if left out."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from idp_bridge.core.errors import InvalidRequest
from idp_bridge.incoming import LARGEST, form_text


class Parameters(dict[str, str]):
    """Parameters by name. ``repeated`` were sent more than once and are not among them."""

    def __init__(self, text: str) -> None:
        if len(text) > LARGEST:
            raise InvalidRequest("too many parameters")
        pairs = parse_qsl(text, keep_blank_values=True)
        names = [name for name, _ in pairs]
        self.repeated = frozenset(name for name in names if names.count(name) > 1)
        super().__init__({n: v for n, v in pairs if v and n not in self.repeated})

    def once(self) -> "Parameters":
        """Themselves. Raises ``InvalidRequest`` when any parameter was repeated."""
        if self.repeated:
            raise InvalidRequest("repeated parameter")
        return self


def query_of(request: Request) -> Parameters:
    """The query's parameters."""
    return Parameters(request.url.query)


async def form_of(request: Request) -> Parameters:
    """The form's parameters."""
    return Parameters(await form_text(request))
