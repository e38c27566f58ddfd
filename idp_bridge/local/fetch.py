r"""Downloads large files once: resumed where it broke off, believed only by its pinned SHA-256.

name.part  --all bytes there, digest right-->  name
    \------digest wrong: thrown away
"""

import errno
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from idp_bridge.local.errors import CannotFetch, DiskFull

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Pinned:
    """A published file. ``name`` is its name in the cache."""

    name: str
    url: str
    sha256: str


class Progress(Protocol):
    """Shows how far a download is."""

    def __call__(self, done: int, total: int | None) -> None: ...


Show = Callable[[str], AbstractContextManager[Progress]]


def cache_folder() -> Path:
    """Where downloads are kept for all stacks of one user."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(root) / "idp-bridge"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def has_digest(file: Path, sha256: str) -> bool:
    """Whether the file is there with exactly the pinned content."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == sha256


def download(pinned: Pinned, folder: Path, http: httpx.Client, show: Show) -> Path:
    """Bring the file into the folder. Raises ``CannotFetch`` or ``DiskFull``."""
    part = folder / f"{pinned.name}.part"
    try:
        with show(pinned.name) as progress:
            _all_of_it(pinned, part, http, progress)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFull(f"The disk is full: {pinned.name} cannot be saved in {folder}") from None
    if not has_digest(part, pinned.sha256):
        part.unlink()
        raise CannotFetch(
            f"{pinned.name} from {pinned.url} is not the file that was published (its SHA-256 "
            "differs), so it was thrown away. Try again, or from another network"
        )
    return part.rename(folder / pinned.name)


def _all_of_it(pinned: Pinned, part: Path, http: httpx.Client, progress: Progress) -> None:
    """Try again where the line breaks, as long as each try brings something."""
    for attempt in range(1, _TRIES + 1):
        before = _size(part)
        try:
            _rest_of_it(pinned, part, http, progress)
        except httpx.HTTPError as error:
            if attempt == _TRIES or (_size(part) == before and attempt > 1):
                raise CannotFetch(_why_not(pinned, part, error)) from None
            time.sleep(0.2 * attempt)
        else:
            return


def _rest_of_it(pinned: Pinned, part: Path, http: httpx.Client, progress: Progress) -> None:
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with http.stream("GET", pinned.url, headers=headers, follow_redirects=True) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return
        answer.raise_for_status()
        # A server that ignores Range answers 200 with everything.
        have = have if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if have else "wb") as out:
            for block in answer.iter_bytes():
                out.write(block)
                have += len(block)
                progress(have, total)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _why_not(pinned: Pinned, part: Path, error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        reason = f"the server answers {error.response.status_code}"
    else:
        reason = "the network does not reach it: this machine seems to be offline"
    kept = f" {_size(part) // 1_000_000} MB are kept and the next try goes on from there." * (
        _size(part) > 0
    )
    return (
        f"{pinned.name} has to be downloaded once from {pinned.url}, but {reason}.{kept} "
        f"You may also put the file into {part.parent} by hand"
    )
