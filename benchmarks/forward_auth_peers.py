"""What forward-auth is compared with: oauth2-proxy with both its stores, and nginx by itself.

oauth2-proxy is a Go program: ``OAUTH2_PROXY`` names it, or it is on the path. It is signed in by
a small OpenID Provider here, once, and is asked at ``/oauth2/auth`` as nginx asks it.
"""

import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks.forward_auth_load import pinned
from benchmarks.processes import free_port, running

PEOPLE = 200
_CLIENT = "patrol"


# What nginx tells the server that it asks, as in the configuration that we hand out.
ASKED = {
    "Host": "$http_host",
    "Connection": '""',
    "Content-Length": '""',
    "X-Original-URL": "http://$http_host$request_uri",
    "X-Original-Method": "$request_method",
    "Cookie": "$http_cookie",
    "Accept": "$http_accept",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to ask: its process, where, and with which headers somebody is signed in.

    ``socket`` is where a proxy reaches it, if that is not the address of ``url``; ``crowd`` are
    the cookies of many who are signed in.
    """

    pid: int
    url: str
    headers: tuple[str, ...] = ()
    socket: str = ""
    crowd: tuple[str, ...] = ()

    def upstream(self) -> tuple[str, str]:
        """Server and path, as a proxy is told them."""
        parts = urlsplit(self.url)
        return self.socket or parts.netloc, parts.path


def oauth2_proxy_program() -> str | None:
    """The program, if the machine has it."""
    return os.environ.get("OAUTH2_PROXY") or shutil.which("oauth2-proxy")


class _Issuer:
    """The least that oauth2-proxy signs in with: a code is good for one ID token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def keys(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]}

    def tokens(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        claims = {
            "iss": self.url,
            "sub": secrets.token_hex(16),
            "aud": _CLIENT,
            "iat": now,
            "exp": now + timedelta(hours=8),
            "email": "somebody@city.example",
            "email_verified": True,
            "groups": ["patroller"],
            "preferred_username": "somebody",
        }
        made = jwt.encode(claims, self._key, "RS256", {"kid": "1"})
        return {"access_token": made, "id_token": made, "token_type": "Bearer", "expires_in": 28800}


@contextmanager
def _issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    issuer = _Issuer(f"http://127.0.0.1:{server.server_port}")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(issuer.keys())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self._answer(issuer.tokens())

        def _answer(self, content: dict[str, Any]) -> None:
            body = dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: this is no part of what is measured."""

    server.RequestHandlerClass = Answers
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer.url
    finally:
        server.shutdown()


@contextmanager
def oauth2_proxy(program: str, redis: str = "") -> Iterator[Peer]:
    """Somebody is signed in, with the session in the cookie, or in ``redis``."""
    port = free_port()
    own = f"http://127.0.0.1:{port}"
    with _issuer() as issuer:
        options = {
            "http-address": f"127.0.0.1:{port}",
            "provider": "oidc",
            "skip-oidc-discovery": "true",
            "oidc-issuer-url": issuer,
            "login-url": f"{issuer}/authorize",
            "redeem-url": f"{issuer}/token",
            "oidc-jwks-url": f"{issuer}/keys",
            "client-id": _CLIENT,
            "client-secret": secrets.token_hex(16),
            "cookie-secret": secrets.token_hex(16),
            "cookie-secure": "false",
            "email-domain": "*",
            "redirect-url": f"{own}/oauth2/callback",
            "upstream": "static://200",
            "reverse-proxy": "true",
            "set-xauthrequest": "true",
            "request-logging": "false",
            "auth-logging": "false",
            "standard-logging": "false",
        }
        if redis:
            options |= {"session-store-type": "redis", "redis-connection-url": redis}
        words = [f"--{name}={value}" for name, value in options.items()]
        with running(pinned(program, *words), port) as pid:
            people = tuple(signed_in(own) for _ in range(PEOPLE))
            yield Peer(pid, f"{own}/oauth2/auth", (f"Cookie: {people[0]}",), crowd=people)


def signed_in(own: str) -> str:
    """Somebody comes in at the oauth2-proxy ``own``; the cookies of the session."""
    with httpx.Client(base_url=own) as browser:
        away = browser.get("/oauth2/start", params={"rd": "/"}).headers["location"]
        state = parse_qs(urlsplit(away).query)["state"][0]
        done = browser.get("/oauth2/callback", params={"code": "1", "state": state})
        if done.status_code != 302:
            raise RuntimeError(f"oauth2-proxy signed nobody in: {done.status_code}")
        names = [n for n in browser.cookies if not n.endswith("_csrf")]
        return "; ".join(f"{name}={browser.cookies[name]}" for name in names)


@contextmanager
def nginx(folder: Path, locations: str, more: str = "") -> Iterator[Peer]:
    """One worker with ``locations``; ``more`` stands beside the server."""
    port = free_port()
    folder.mkdir(parents=True)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; keepalive_requests 1000000000; {paths} {more}\n"
        f"server {{ listen 127.0.0.1:{port}; {locations} }} }}\n",
        encoding="utf-8",
    )
    with running(pinned("nginx", "-p", str(folder), "-c", str(file)), port) as pid:
        yield Peer(pid, f"http://127.0.0.1:{port}/")
