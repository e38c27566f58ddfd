"""An OpenID Provider of a few lines in the bridge's place: it says whatever a test wants said.

It follows the two rules that the realm leans on: more than its level is refused at once, and so is
a sign-in that is for a new way in (``kc_action``).
"""

import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

LEVELS = {"keycloak-residents": "qr", "keycloak-activation": "activation"}


@dataclass
class SmallOp:
    """``subject`` is who just scanned, ``None`` when nobody will; ``asked`` is what came in."""

    issuer: str = ""
    subject: str | None = None
    sid: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    kid: str = field(default_factory=lambda: secrets.token_hex(6))

    def signs_in(self, subject: str | None) -> None:
        """From now on every request is answered for ``subject``, in a session of its own."""
        self.subject, self.sid = subject, secrets.token_urlsafe(12)
        self.asked.clear()

    def answer(self, request: dict[str, str]) -> str:
        self.asked.append(request)
        levels = request.get("acr_values", "").split()
        enough = not levels or LEVELS[request["client_id"]] in levels
        answer = {"state": request["state"], "iss": self.issuer}
        if self.subject is None or not enough or request.get("kc_action"):
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = request
        return f"{request['redirect_uri']}?{urlencode(answer)}"

    def tokens(self, form: dict[str, str]) -> dict[str, Any]:
        request = self.codes.pop(form["code"])
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": request["client_id"],
            "iat": now,
            "exp": now + 60,
            "auth_time": now - 2,
            "acr": LEVELS[request["client_id"]],
            "sid": self.sid,
            "nonce": request["nonce"],
        }
        token = jwt.encode(claims, self.key, "RS256", headers={"kid": self.kid})
        return {"access_token": "-", "token_type": "Bearer", "expires_in": 60, "id_token": token}

    def keys(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}


def serve(op: SmallOp) -> ThreadingHTTPServer:
    """Listen on a free port; ``/done`` is where the test's client is sent back to."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            if path == "/authorize":
                self._send(302, b"", location=op.answer(query))
            elif path == "/jwks":
                self._send(200, json.dumps(op.keys()).encode())
            else:
                self._send(200, b"done")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(200, json.dumps(op.tokens(dict(parse_qsl(body)))).encode())

        def _send(self, status: int, body: bytes, location: str = "") -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    op.issuer = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
