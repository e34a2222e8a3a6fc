"""A small OpenID Connect provider on the loopback: discovery, a page to choose an account, authorisation code with PKCE, signed tokens.

with Provider({"anna@example.org": {"email_verified": True}}) as provider:
    provider.url                   # issuer; its discovery document is at provider.metadata
    provider.spoil(nonce="other")  # the next tokens carry this claim in place of the right one
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]


class Provider:
    """The provider. ``accounts``: address -> further claims of its token."""

    def __init__(self, accounts: dict[str, Claims], *, client_id: str = "assistant") -> None:
        self.accounts, self.client_id, self.client_secret = accounts, client_id, secrets.token_hex(16)
        self.authorised: list[dict[str, str]] = []
        """Parameters of every request to the page where an account is chosen."""
        self.exchanged: list[str] = []
        """Address of every token given."""
        self.ended = 0
        """Sessions ended by a sign-out."""
        self._key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"}, private=True)
        self._other_key = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
        self._codes: dict[str, tuple[str, dict[str, str]]] = {}
        self._spoilt: Claims = {}
        self._forged = False
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.metadata = f"{self.url}/.well-known/openid-configuration"

    def spoil(self, *, forged: bool = False, **claims: object) -> None:
        """The tokens from here on carry these claims, or a signature of another key; called with nothing they are right again."""
        self._spoilt, self._forged = dict(claims), forged

    def discovery(self) -> Claims:
        """The discovery document."""
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks", "end_session_endpoint": f"{self.url}/end", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }  # fmt: skip

    def jwks(self) -> Claims:
        """The public key."""
        return {"keys": [self._key.as_dict(private=False)]}

    def page(self, asked: dict[str, str]) -> tuple[int, str]:
        """The page where an account is chosen."""
        self.authorised.append(asked)
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code" or "openid" not in asked.get("scope", ""):
            return 400, "unknown client"
        keep = urlencode(asked)
        links = (
            f'<p><a href="/choose?{html.escape(urlencode({"as": one}))}&amp;{html.escape(keep)}">{one}</a></p>' for one in self.accounts
        )
        return 200, f"<h1>Choose an account</h1>{''.join(links)}"

    def choose(self, asked: dict[str, str]) -> str:
        """Where the browser goes once an account is chosen: back, with a code that is good once."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = (asked["as"], asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """Tokens for a code."""
        wanted = "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        email, asked = self._codes.pop(form.get("code", ""), ("", {}))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if authorization != wanted:
            return 401, {"error": "invalid_client"}
        if not email or form.get("redirect_uri") != asked["redirect_uri"] or challenge != asked.get("code_challenge"):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": self.client_id, "sub": hashlib.sha256(email.encode()).hexdigest()[:16], "iat": now, "exp": now + 600,
            "nonce": asked.get("nonce"), "email": email,
        }  # fmt: skip
        key = self._other_key if self._forged else self._key
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims | self.accounts[email] | self._spoilt, key)
        self.exchanged.append(email)
        return 200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 600, "id_token": token}

    def __enter__(self) -> Provider:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def _send(self, status: int, kind: str, text: str, **headers: str) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(text.encode()))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            at = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(at.query).items()}
            match at.path:
                case "/.well-known/openid-configuration":
                    self._send(200, "application/json", json.dumps(provider.discovery()))
                case "/jwks":
                    self._send(200, "application/json", json.dumps(provider.jwks()))
                case "/authorize":
                    status, text = provider.page(asked)
                    self._send(status, "text/html", text)
                case "/choose":
                    self._send(302, "text/plain", "", Location=provider.choose(asked))
                case "/end":
                    provider.ended += 1
                    self._send(302, "text/plain", "", Location=asked["post_logout_redirect_uri"])
                case _:
                    self._send(404, "text/plain", "nothing here")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, answer = provider.exchange(form, self.headers.get("Authorization", ""))
            self._send(status, "application/json", json.dumps(answer))

    return Handler
