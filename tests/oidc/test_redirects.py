"""The redirect validator against a corpus of tricks (peers.md 4.2 A)."""

import pytest

from idp_bridge.oidc.errors import RedirectRefused
from idp_bridge.oidc.redirects import flaw, match
from tests.hostile import corpus

GOOD = "https://app.example/callback"

PLAIN = [
    GOOD,
    "https://app.example",
    "https://app.example/",
    "https://app.example:8443/a/b-c_d~e.f",
    "https://app.example/callback?dummy1=lorem&dummy2=ipsum",
    "https://app.example/realms/r/broker/qr/endpoint",
    "http://localhost:8401/kc-8400/realms/residents/broker/qr/endpoint",
    "http://127.0.0.1:9000/cb",
    "http://[::1]:9000/cb",
    "https://192.168.1.20:8402/callback",
    "https://app.example/%E4%B8%AD%E6%96%87",
]
# A ticket is no answer of ours here.
TRICKS = [address for address in corpus("flawed") if "cket" not in address.lower()]


@pytest.mark.parametrize("target", PLAIN)
def test_a_plain_target_has_no_flaw(target: str) -> None:
    assert flaw(target) == ""
    assert match(target, [target]) == target


@pytest.mark.parametrize("target", TRICKS)
def test_a_trick_is_refused_even_if_somebody_registered_it(target: str) -> None:
    with pytest.raises(RedirectRefused):
        match(target, [target])


@pytest.mark.parametrize(
    "target",
    [
        f"{GOOD}/",
        f"{GOOD}/more",
        f"{GOOD}?a=1",
        GOOD.removesuffix("k"),
        "https://app.example:443/callback",
        "https://app.example/Callback",
        "https://sub.app.example/callback",
        "https://fooapp.example/callback",
        "https://app-example/callback",
        "http://localhost/callback",
    ],
)
def test_a_plain_target_that_differs_in_a_letter_is_not_registered(target: str) -> None:
    assert flaw(target) == ""
    with pytest.raises(RedirectRefused):
        match(target, [GOOD])


def test_no_registered_target_means_none_and_not_any() -> None:
    with pytest.raises(RedirectRefused):
        match(GOOD, [])
