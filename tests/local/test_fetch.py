"""Large downloads: resumed, checked, and clear when they cannot be had."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from idp_bridge.local.errors import CannotFetch, DiskFull
from idp_bridge.local.fetch import Pinned, download, has_digest

CONTENT = os.urandom(300_000)
PINNED = Pinned(
    "server.tar.gz", "https://releases.example/s.tar.gz", hashlib.sha256(CONTENT).hexdigest()
)


class Breaking(httpx.SyncByteStream):
    """Gives some bytes, then the line breaks."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.ReadError("connection reset")


class ReleasePage:
    """Answers with ranges; the first answers break after ``breaks`` bytes each."""

    def __init__(self, content: bytes, breaks: tuple[int, ...] = (), ranges: bool = True) -> None:
        self.content, self.breaks, self.ranges = content, list(breaks), ranges
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.ranges else 0
        status = 206 if start else 200
        if self.breaks:
            return httpx.Response(
                status, stream=Breaking(self.content[start:][: self.breaks.pop(0)])
            )
        return httpx.Response(status, content=self.content[start:])


def fetched(page: ReleasePage, folder: Path) -> Path:
    with httpx.Client(transport=httpx.MockTransport(page)) as http:
        return download(PINNED, folder, http, lambda name: nullcontext(lambda done, total: None))


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    page = ReleasePage(CONTENT, breaks=(100_000, 50_000))

    file = fetched(page, tmp_path)

    assert file.read_bytes() == CONTENT
    assert page.asked == [None, "bytes=100000-", "bytes=150000-"]


def test_bytes_kept_from_an_earlier_run_are_not_downloaded_again(tmp_path: Path) -> None:
    (tmp_path / "server.tar.gz.part").write_bytes(CONTENT[:200_000])
    page = ReleasePage(CONTENT)

    assert has_digest(fetched(page, tmp_path), PINNED.sha256)
    assert page.asked == ["bytes=200000-"]


def test_a_server_that_ignores_ranges_gives_a_whole_file(tmp_path: Path) -> None:
    page = ReleasePage(CONTENT, breaks=(100_000,), ranges=False)

    assert fetched(page, tmp_path).read_bytes() == CONTENT


def test_a_changed_file_is_refused_and_thrown_away(tmp_path: Path) -> None:
    page = ReleasePage(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))

    with pytest.raises(CannotFetch, match="SHA-256"):
        fetched(page, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_offline_says_what_is_missing_and_keeps_what_came(tmp_path: Path) -> None:
    (tmp_path / "server.tar.gz.part").write_bytes(CONTENT[:2_000])

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    with (
        httpx.Client(transport=httpx.MockTransport(unreachable)) as http,
        pytest.raises(CannotFetch, match="seems to be offline") as refusal,
    ):
        download(PINNED, tmp_path, http, lambda name: nullcontext(lambda done, total: None))
    assert "by hand" in str(refusal.value)
    assert (tmp_path / "server.tar.gz.part").read_bytes() == CONTENT[:2_000]


def test_a_missing_release_names_the_answer(tmp_path: Path) -> None:
    page = httpx.MockTransport(lambda request: httpx.Response(404))

    with httpx.Client(transport=page) as http, pytest.raises(CannotFetch, match="answers 404"):
        download(PINNED, tmp_path, http, lambda name: nullcontext(lambda done, total: None))


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "server.tar.gz.part").symlink_to("/dev/full")

    with pytest.raises(DiskFull, match="disk is full"):
        fetched(ReleasePage(CONTENT), tmp_path)
