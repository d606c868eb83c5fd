"""An independent OpenID provider, and a liar that can stand in front of it."""

import http.client
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import RSAKey

from tests.services import find_program, free_port, wait_until

FOLDER = Path(__file__).parent
HOP_BY_HOP = {"connection", "content-length", "transfer-encoding"}
Claims = dict[str, Any]


@dataclass
class Liar:
    """What stands at the issuer's address: passes everything on, and lies as it is told.

    discovery  what changes in the discovery document
    claims     changes what an id token says; the token is then signed with a key of the liar's,
               which its key set shows as the provider's
    unsigned   id tokens come with `alg: none`
    userinfo   what changes in the userinfo
    stranger   id tokens are signed by a key that no key set shows
    down       nothing is answered
    status     of every answer from the token endpoint, if set
    tokens     every answer of that endpoint, as it was passed on
    """

    issuer: str
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: Callable[[Claims], Claims] | None = None
    userinfo: Claims = field(default_factory=dict)
    unsigned: bool = False
    stranger: bool = False
    down: bool = False
    status: int | None = None
    tokens: list[dict[str, Any]] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "liar"}))

    def change(self, path: str, body: bytes) -> bytes:
        if path.startswith("/.well-known/") and self.discovery:
            return json.dumps({**json.loads(body), **self.discovery}).encode()
        if path.startswith("/jwks") and self.forges:
            return json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        if path.startswith("/me") and self.userinfo:
            return json.dumps({**json.loads(body), **self.userinfo}).encode()
        if path.startswith("/token") and b"id_token" in body:
            answer = json.loads(body)
            if self.forges:
                answer["id_token"] = self.forge(answer["id_token"])
            self.tokens.append(answer)
            return json.dumps(answer).encode()
        return body

    @property
    def forges(self) -> bool:
        return self.claims is not None or self.unsigned or self.stranger

    def forge(self, id_token: str) -> str:
        claims = json.loads(jws.extract_compact(id_token.encode()).payload)
        claims = self.claims(claims) if self.claims else claims
        if self.unsigned:
            plain = jwt.encode({"alg": "RS256", "kid": "liar"}, claims, self.key).split(".")
            return f"eyJhbGciOiJub25lIn0.{plain[1]}."
        key = self.key
        if self.stranger:
            key = RSAKey.generate_key(2048, {"kid": "liar"})
        return jwt.encode({"alg": "RS256", "kid": "liar"}, claims, key)


@contextmanager
def oidc_provider(redirect_uri: str) -> Iterator[Liar]:
    """npm `oidc-provider` behind a Liar that tells the truth until it is told otherwise."""
    node, npm = find_program("node"), find_program("npm")
    if not (FOLDER / "node_modules/oidc-provider").exists():
        install = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
    front, back = free_port(), free_port()
    liar = Liar(f"http://127.0.0.1:{front}")
    server = subprocess.Popen(
        [node, "server.mjs", liar.issuer, str(back), redirect_uri],
        cwd=FOLDER,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    proxy = ThreadingHTTPServer(("127.0.0.1", front), passing_on(liar, back))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        wait_until(server, back, limit_s=120)
        yield liar
    finally:
        proxy.shutdown()
        proxy.server_close()
        server.terminate()
        server.wait(timeout=20)


def passing_on(liar: Liar, back: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if liar.down:
                self.close_connection = True
                return
            asking = http.client.HTTPConnection("127.0.0.1", back, timeout=60)
            headers = {name: v for name, v in self.headers.items() if name.lower() != "connection"}
            asking.request(self.command, self.path, body, headers)
            answer = asking.getresponse()
            content = liar.change(self.path, answer.read())
            refused = liar.status if self.path.startswith("/token") else None
            self.send_response(refused or answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
