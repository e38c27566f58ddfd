"""The one validator of addresses, against a corpus of hostile ones (hostile_addresses.yaml)."""

import pytest

from idp_bridge.core.addresses import OAUTH_ANSWER, flaw, registered
from tests.hostile import corpus

RESERVED = OAUTH_ANSWER | {"ticket"}
KNOWN = (
    "https://app.example/callback",
    "https://app.example/files/*",
    "http://localhost:8080/cb",
    # Patterns that an administrator's slip might leave behind: they cover nothing.
    "*",
    "/*",
    "https:/*",
    "https://*",
    "https:///*",
    "https://*/*",
    "https://*.example/*",
    "https://app.example*/*",
    "https://user@app.example/*",
    "https://app.example/../*",
    "https://app.example/callback?a=/*",
    "https://APP.example/*",
)
PLAIN = (
    "https://app.example/callback",
    "https://app.example",
    "https://app.example/",
    "https://app.example:8443/a/b-c_d~e.f",
    "https://app.example/callback?dummy1=lorem&dummy2=ipsum",
    "https://app.example/realms/r/broker/qr/endpoint",
    "https://192.168.1.20:8402/callback",
    "https://[2001:db8::1]:8443/callback",
    "http://localhost:8401/kc-8400/realms/residents/broker/qr/endpoint",
    "http://127.0.0.1:9000/cb",
    "http://[::1]:9000/cb",
    "https://xn--fiqs8s.example/callback",
    "https://app.example/%E4%B8%AD%E6%96%87",
    "https://app.example/search?q=a%20b+c&tag=1&tag=2",
    "https://app.example/search?q=%D6%D0%CE%C4",
    "https://app.example/search?ids[]=1&ids[]=2",
    "https://app.example/search?tickets=1&mycode=2&statement=3",
    "https://app.example/a@b/c:d",
)


def refusal(address: str, *, plain_http: bool = False) -> str:
    return flaw(address, reserved=RESERVED, plain_http=plain_http)


def test_the_corpus_is_large_and_says_everything_once() -> None:
    addresses = [*corpus("flawed"), *corpus("foreign")]
    assert len(addresses) >= 300
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("address", corpus("flawed"))
def test_a_flawed_address_is_refused_even_if_somebody_registered_it(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize("address", corpus("foreign"))
def test_a_plain_address_that_is_not_registered_is_not_covered_by_any(address: str) -> None:
    assert not refusal(address)
    assert not registered(address, KNOWN)


@pytest.mark.parametrize("address", corpus("flawed"))
def test_nothing_flawed_is_below_a_registered_path(address: str) -> None:
    """Only white space and parameters of the answer are for the caller's ``flaw`` to find."""
    below = registered(address, ["https://app.example/*", "https://*", "https:/*"])
    assert not below or not flaw(address, reserved=frozenset())


@pytest.mark.parametrize("address", PLAIN)
def test_a_plain_address_has_no_flaw(address: str) -> None:
    assert not refusal(address)
    assert registered(address, [address])


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/files",
        "https://app.example/files/",
        "https://app.example/files/a",
        "https://app.example/files/a/b?c=d",
        "https://app.example/files?c=d",
    ],
)
def test_a_registered_path_stands_for_everything_below_it(address: str) -> None:
    assert not refusal(address)
    assert registered(address, KNOWN)


def test_http_beyond_this_machine_is_plain_only_where_that_was_chosen() -> None:
    assert refusal("http://app.example/callback")
    assert not refusal("http://app.example/callback", plain_http=True)


def test_no_registered_address_means_none_and_not_any() -> None:
    assert not registered("https://app.example/callback", [])


def test_an_address_is_bounded() -> None:
    assert refusal("https://app.example/" + "a" * 5000)


# What went wrong elsewhere, by its name (peers.md 4.2 A).


def test_an_entry_for_this_machine_opens_no_other_address() -> None:
    """CVE-2024-8883: entries for localhost and 127.0.0.1 were compared in a way of their own."""
    known = ("http://localhost:8080/cb", "http://127.0.0.1/cb")
    for address in (
        "http://localhost:8081/cb",
        "http://localhost/cb",
        "http://127.0.0.1:8080/cb",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
    ):
        assert not registered(address, known)


def test_several_at_signs_do_not_hide_the_host() -> None:
    """CVE-2026-7504: a parser found no user information, and a wildcard matched the text."""
    known = ("https://app.example/*", "https://a@b@app.example/*")
    for address in ("https://a@b@app.example/x", "https://app.example@b@evil.example/x"):
        assert refusal(address)
        assert not registered(address, known)


def test_a_dot_in_a_registered_host_is_a_dot() -> None:
    """CVE-2024-52289: registered addresses were regular expressions."""
    known = ("https://foo.example/cb", "https://foo.example/files/*", "https://.*/cb")
    for address in ("https://fooaexample/cb", "https://fooaexample/files/x", "https://x/cb"):
        assert not registered(address, known)


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/%20/evil.example",
        "https://app.example/%09/evil.example",
        "https://app.example/\\evil.example",
        "https://app.example/%5cevil.example",
        "/\\evil.example",
    ],
)
def test_neither_encoded_white_space_nor_a_backslash_leads_away(address: str) -> None:
    """oauth2-proxy GHSA-5m6c-jp6f-2vcv, GHSA-j7px-6hwj-hpjg, GHSA-qqxw-m5fj-f7gv."""
    assert refusal(address)


def test_the_end_of_a_host_is_another_host() -> None:
    """oauth2-proxy GHSA-4mf2-f3wh-gvf2: a suffix was taken for a subdomain."""
    for address in ("https://evilapp.example/files/a", "https://sub.app.example/files/a"):
        assert not registered(address, KNOWN)


@pytest.mark.parametrize("name", ["code", "SAMLResponse", "ticket", "Code", "code[]", "x;code"])
def test_an_answer_is_never_added_to_one_that_is_there(name: str) -> None:
    """CVE-2026-9689, CVE-2026-18217: the attacker's parameter stood first."""
    assert refusal(f"https://app.example/files/a?{name}=attacker")


def test_a_folder_does_not_stand_for_its_sibling() -> None:
    """Casdoor: the beginning of an address was enough, and an empty list meant any."""
    assert not registered("https://host.example/admin", ["https://host.example/a/*"])
    assert not registered("https://host.example/admin", ["https://host.example/a"])
    assert not registered("https://host.example/a", [])
