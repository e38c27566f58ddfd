"""Requests and answers without a framework: what the sign-on reads and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from idp_bridge_adapters.errors import CrossSite, SignInFailed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_NEXT = 512
LONGEST_LOGOUT = 16 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``headers`` have lower-case names; ``path`` is what the app routes by."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]

    @property
    def wants_page(self) -> bool:
        """Whether a person looks at the answer; a script gets a status instead of a redirect."""
        if self.headers.get("sec-fetch-mode", "navigate") != "navigate":
            return False
        return "text/html" in self.headers.get("accept", "")

    @property
    def here(self) -> str:
        """Where to come back to: this very address when it is read, else the start."""
        if self.method != "GET":
            return "/"
        return safe_next(f"{self.path}?{self.query}" if self.query else self.path)

    def once(self, name: str) -> str | None:
        """A query parameter; one that is there twice proves an answer was tampered with."""
        values = [value for key, value in parse_qsl(self.query, True) if key == name]
        if len(values) > 1:
            raise SignInFailed(f"{name} is there {len(values)} times")
        return values[0] if values else None

    def check_origin(self, origin: str) -> None:
        """Browsers say where a form is from; one that does not say changes nothing here."""
        said = self.headers.get("origin")
        fetched = self.headers.get("sec-fetch-site")
        if said != origin and not (said is None and fetched == "same-origin"):
            raise CrossSite("not from this app's own pages")


def logout_token(body: bytes) -> str:
    """The one field of a back-channel logout's form; nothing when the form is not in order."""
    fields = parse_qsl(body.decode("utf-8", "replace"), True)
    tokens = [value for name, value in fields if name == "logout_token"]
    return tokens[0] if len(tokens) == 1 else ""


def safe_next(wanted: str | None) -> str:
    """``wanted`` if it is a path of this very app, else the start page.

    Browsers read a backslash as a slash and drop tabs and line ends inside an address.
    """
    if wanted is None or len(wanted) > LONGEST_NEXT or not wanted.startswith("/"):
        return "/"
    odd = any(not "!" <= character <= "~" or character == "\\" for character in wanted)
    return "/" if odd or wanted.startswith("//") else wanted


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of this origin alone; an empty value takes it away."""

    name: str
    value: str
    seconds: int | None = None

    def header(self) -> str:
        """The value of ``Set-Cookie``."""
        text = f"{self.name}={self.value}; Path=/; Secure; HttpOnly; SameSite=Lax"
        if not self.value:
            return f"{text}; Max-Age=0"
        return text if self.seconds is None else f"{text}; Max-Age={self.seconds}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; with ``location`` a redirect."""

    status: int
    body: str = ""
    kind: str = "application/json"
    location: str | None = None
    cookies: Sequence[Cookie] = field(default=())

    def headers(self) -> list[tuple[str, str]]:
        """All but the content type, cookies included; no cache may keep anything of a sign-on."""
        found = [("Cache-Control", "no-store")]
        if self.location is not None:
            found.append(("Location", self.location))
        return [*found, *(("Set-Cookie", cookie.header()) for cookie in self.cookies)]

    def setting(self, *cookies: Cookie) -> "Reply":
        """The same answer with more cookies."""
        return replace(self, cookies=(*self.cookies, *cookies))
