"""The redirect validator against a corpus of tricks (peers.md 4.2 A)."""

import pytest

from idp_bridge.oidc.errors import RedirectRefused
from idp_bridge.oidc.redirects import flaw, match

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

TRICKS = [
    "",
    "callback",
    "/callback",
    "//app.example/callback",
    "javascript:alert(1)",
    "data:text/html,hi",
    "com.example.app:/callback",
    "ftp://app.example/callback",
    "HTTPS://app.example/callback",
    "https://APP.example/callback",
    "https://app.example./callback",
    "https://.app.example/callback",
    "https://app..example/callback",
    "https:///callback",
    "https:app.example/callback",
    "https:/app.example/callback",
    "http://app.example/callback",
    "http://localhost.evil.example/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://localhost@evil.example/callback",
    "https://app.example@evil.example/callback",
    "https://user:pass@app.example/callback",
    "https://a@b@app.example/callback",
    "https://@app.example/callback",
    "https://app.example%40evil.example/callback",
    "https://app.example%2f@evil.example/callback",
    "https://app.example\\.evil.example/callback",
    "https://app.example\\@evil.example/callback",
    "https:\\\\app.example\\callback",
    "https://app.example/\\evil.example",
    "https://app.example/%5cevil.example",
    "https://app.example/%255cevil.example",
    "https://app.example/call back",
    "https://app.example/call%20back",
    "https://app.example/call%2520back",
    "https://app.example/callback%09",
    "https://app.example/callback%0d%0aSet-Cookie:x",
    "https://app.example/callback%00.html",
    "https://app.example/callback%E2%80%83",
    "https://app.example/callback\t",
    "https://app.example/call\nback",
    " https://app.example/callback",
    "https://app.example/callback ",
    "https://app.example/callback#",
    "https://app.example/callback#code=x",
    "https://app.example#@evil.example/",
    "https://app.example/callback?",
    "https://app.example/a/../callback",
    "https://app.example/a/%2e%2e/callback",
    "https://app.example/./callback",
    "https://app.example//callback",
    "https://app.example/a%2fcallback",
    "https://app.example/callback;jsessionid=1",
    "https://app.example:/callback",
    "https://app.example:0443/callback",
    "https://app.example:443443/callback",
    "https://app.example:65536/callback",
    "https://app.example:port/callback",
    "https://app.example/callback%",
    "https://app.example/callback%zz",
    "https://app.еxample/callback",
    "https://app_example/callback",
    "https://*.example/callback",
    "https://app.example/callback?code=attacker",
    "https://app.example/callback?a=1&state=x",
    "https://app.example/callback?iss=https://op.example",
    "https://app.example/callback?error=access_denied",
    "https://app.example/callback?SAMLResponse=x",
    "https://app.example/callback?%63ode=attacker",
    "https://app.example/callback?a=1&a=2",
]


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
