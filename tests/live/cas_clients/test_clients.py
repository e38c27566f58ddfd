"""Independent CAS clients against the real bridge: in, with roles, once, and out again."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cas import CASClient, CASError

from tests.live.cas_clients.conftest import Trial
from tests.waiting import within


def test_php_cas_signs_in_and_is_told_of_the_end(trial: Trial, php: str):
    visitor = trial.visitor(php)

    answer = visitor.sign_in("/", trial.person)

    told = answer.json()
    assert told["attributes"]["roles"] == "member"
    assert told["attributes"]["name"] == "陈静"
    assert "ticket" not in str(answer.url)
    assert visitor.get("/").json() == told
    visitor.sign_out()
    assert within(3, lambda: visitor.call("GET", "/").status_code == 302)


def test_mod_auth_cas_signs_in_guards_by_role_and_is_told_of_the_end(trial: Trial, apache: str):
    visitor = trial.visitor(apache)

    answer = visitor.sign_in("/page.txt?x=1", trial.person)

    assert (answer.status_code, answer.text) == (200, "here")
    assert answer.headers["x-roles"] == "member"
    assert visitor.get("/keepers/page.txt").status_code in (401, 403)
    visitor.sign_out()
    assert within(3, lambda: visitor.call("GET", "/page.txt").status_code == 302)


def test_the_java_client_signs_in_and_is_told_of_the_end(trial: Trial, java: str):
    visitor = trial.visitor(java)

    answer = visitor.sign_in("/", trial.person)

    assert answer.text.endswith(" member")
    assert visitor.get("/").text == answer.text
    visitor.sign_out()
    assert within(3, lambda: visitor.call("GET", "/").status_code == 302)


@pytest.fixture
def at_home(trial: Trial) -> Any:
    """A browser in which the member is signed in."""
    visitor = trial.visitor("python")
    visitor.ticket_after_password(trial.person, f"{trial.url('python')}/")
    return visitor


@pytest.mark.parametrize("version", ["1", "2", "3", "CAS_2_SAML_1_0"])
def test_python_cas_takes_a_ticket_once_in_every_version(trial: Trial, at_home, version):
    service = f"{trial.url('python')}/"
    client = CASClient(version=version, service_url=service, server_url=f"{trial.cas}/")
    ticket = at_home.ticket(service)

    user, attributes, _ = client.verify_ticket(ticket)

    assert user
    assert version in ("1", "2") or attributes["roles"] == "member"
    assert not client.verify_ticket(ticket)[0]


def test_gateway_asks_nobody_anything(trial: Trial, at_home):
    service = f"{trial.url('python')}/"

    assert at_home.ticket(service, gateway="true").startswith("ST-")
    assert trial.visitor("python").ticket(service, gateway="true") == ""


def test_renew_asks_for_the_password_again_and_the_ticket_says_so(trial: Trial, at_home):
    service = f"{trial.url('python')}/"
    old = at_home.ticket(service)
    asked = {"service": service, "renew": "true"}
    with pytest.raises(AssertionError, match=r"stopped at .*/protocol/openid-connect/auth"):
        at_home.ticket(service, renew="true")

    new = at_home.ticket_after_password(trial.person, service, renew="true")

    refused = httpx.get(f"{trial.cas}/serviceValidate", params={"ticket": old, **asked})
    assert "INVALID_TICKET" in refused.text
    told = httpx.get(f"{trial.cas}/serviceValidate", params={"ticket": new, **asked})
    assert "authenticationSuccess" in told.text


@pytest.fixture
def called(trial: Trial) -> Iterator[dict[str, str]]:
    """A proxy callback that keeps what it was given, by IOU."""
    kept: dict[str, str] = {}

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = parse_qs(urlsplit(self.path).query)
            kept[said["pgtIou"][0]] = said["pgtId"][0]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", trial.ports["callback"]), Callback)
    Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


def test_python_cas_gets_a_proxy_ticket_that_ends_with_the_session(trial: Trial, at_home, called):
    service, target = f"{trial.url('python')}/", f"{trial.url('php')}/api"
    callback = f"{trial.url('callback')}/pgt"
    client = CASClient(
        version="3", service_url=service, server_url=f"{trial.cas}/", proxy_callback=callback
    )
    _, _, iou = client.verify_ticket(at_home.ticket(service))
    asking = CASClient(version="3", service_url=target, server_url=f"{trial.cas}/")

    proxied = asking.get_proxy_ticket(called[iou])

    asking.url_suffix = "p3/proxyValidate"
    user, attributes, _ = asking.verify_ticket(proxied)
    assert (bool(user), attributes["roles"]) == (True, "member")
    at_home.sign_out()
    with pytest.raises(CASError):
        asking.get_proxy_ticket(called[iou])
