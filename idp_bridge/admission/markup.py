"""What a browser reads in a page: forms, links, and what is loaded from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

_LOADED = {"img": "src", "script": "src", "iframe": "src", "link": "href", "video": "src"}
_UNSENT = frozenset({"button", "reset", "image", "file"})


@dataclass(slots=True)
class Form:
    """A form, with what its fields hold; ``kinds`` are the types of its inputs."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    asks: bool = False


@dataclass(slots=True)
class Markup:
    """The parts of one page that matter here; addresses are absolute."""

    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    referrer_policy: str = ""


def read(url: str, text: str) -> Markup:
    """The markup of the page at ``url``."""
    reader = _Reader(url)
    reader.feed(text)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.found = Markup()
        self._url = url
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self._url, said.get("action", self._url))
            self._form = Form(action, said.get("method", "get").upper())
            self.found.forms.append(self._form)
        elif tag == "a" and said.get("href"):
            self.found.links.append(urljoin(self._url, said["href"]))
        elif tag == "meta" and said.get("name", "").lower() == "referrer":
            self.found.referrer_policy = said.get("content", "").lower()
        if said.get(_LOADED.get(tag, "")):
            self.found.loaded.append(urljoin(self._url, said[_LOADED[tag]]))
        if self._form is not None:
            _field(self._form, tag, said)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def _field(form: Form, tag: str, said: Mapping[str, str]) -> None:
    kind = said.get("type", "text" if tag == "input" else tag).lower()
    if tag not in ("input", "select", "textarea") or kind in _UNSENT:
        return
    form.asks |= kind not in ("hidden", "submit")
    # Which of several buttons is pressed decides what is sent: none is, until somebody presses.
    if said.get("name") and kind != "submit":
        form.fields[said["name"]] = said.get("value", "")
        form.kinds[said["name"]] = kind
