"""A path that is let through has one reading, whatever program reads it."""

import posixpath
import unicodedata
from urllib.parse import quote, unquote, urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from idp_bridge.core.forward_auth import Guard, Malformed, Rule, path_of
from tests.web.portal_world import app

PIECES = (
    *("/", "a", "B", ".", "..", "~", "-", "_", ";", "\\", "?", "#", " ", "\t", "&", "=", ":", "@"),
    *("%", "%2", "%2f", "%2F", "%2e", "%2E", "%5c", "%00", "%0a", "%20", "%25", "%252f", "%c0%af"),
    *("%E4%BD%A0", "%ef%bc%8f", "%e2%80%a6", "%ff", "%61", "%7e", "中", "admin", "%u002e"),
    *("//", "/./", "/../"),
)
paths = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "/" + "".join(pieces))
GUARD = Guard(
    app("patrol", "巡逻", "Patrol", "work"),
    (Rule(paths=("/admin/*",), roles=frozenset({"organiser"})),),
)


def readings(raw: str, path: str) -> list[str]:
    """The path as different programs would have it."""
    whole = unquote(raw, errors="strict")
    tail = "/" if path.endswith("/") and path != "/" else ""
    return [
        whole,
        unquote(urlsplit(f"https://host{raw}").path),
        posixpath.normpath(path) + tail,
        path.split(";", maxsplit=1)[0],
        path.replace("\\", "/"),
        unquote(quote(path)),
    ]


@given(paths)
@example("/x/%2e%2e/admin/a")
@example("/100%25")
def test_whoever_reads_an_accepted_path_reads_the_same(raw: str):
    try:
        path = path_of(raw.encode())
    except Malformed:
        return

    assert set(readings(raw, path)) == {path}
    # A second decoding, as behind a second proxy, makes no other path of it.
    assert unquote(path) == path
    assert unicodedata.normalize("NFKC", path).count("/") == path.count("/")


@given(paths)
def test_no_accepted_path_below_admin_misses_its_rule(raw: str):
    try:
        path = path_of(raw.encode())
        rule = GUARD.rule("host", path, "GET")
    except Malformed:
        return

    guarded = [posixpath.normpath(reading).casefold() for reading in readings(raw, path)]
    for reading in guarded:
        assert rule.roles or not f"{reading}/".startswith("/admin/")


@given(st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text))
def test_what_browsers_make_of_a_plain_name_is_accepted(name: str):
    ordinary = all(unicodedata.category(c)[0] in "LN" for c in name)
    if ordinary and unicodedata.normalize("NFKC", name) == name:
        assert path_of(f"/files/{quote(name)}".encode()) == f"/files/{name}"
