"""An https server on this machine, with a certificate of a throw-away authority."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
# The names on the certificate; nobody but the tests' resolver knows an address for them.
HOST, OTHER_HOST = "pages.example", "other.example"


@dataclass(frozen=True)
class Reply:
    body: bytes = b""
    content_type: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Reply | Callable[[BaseHTTPRequestHandler], None]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the handshake is what some tests are about."""


class Server:
    """Answers from ``routes``, by path with its query. ``asked`` are (path, headers)."""

    def __init__(self, folder: Path) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        chain, self.authority = _certificates()
        file = folder / "server.pem"
        file.write_bytes(chain)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(file)
        self._server = _QuietServer((LOOPBACK, 0), _handler(self))
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def url(self, path: str, host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    def trusted(self) -> ssl.SSLContext:
        """What trusts this server's authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.authority)
        return context

    def resolve(self, host: str, port: int) -> list[str]:
        """In place of DNS: the certificate's names, and literal addresses."""
        if host in (HOST, OTHER_HOST, "wrong.example"):
            return [LOOPBACK]
        with suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        raise OSError("no such host")

    def secure(self, connection: Any) -> Any:
        connection.settimeout(10)
        return self._context.wrap_socket(connection, server_side=True)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.request = server.secure(self.request)
            super().setup()

        def handle(self) -> None:
            # Clients that refuse a certificate, or have enough, hang up.
            with suppress(OSError):
                super().handle()

        def finish(self) -> None:
            with suppress(OSError), self.request:
                super().finish()

        def do_GET(self) -> None:
            server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            route = server.routes.get(self.path, Reply(b"no", status=404))
            if isinstance(route, Reply):
                self.send_response(route.status)
                for name, value in route.headers.items():
                    self.send_header(name, value)
                if route.content_type:
                    self.send_header("Content-Type", route.content_type)
                if route.status != 304:
                    self.send_header("Content-Length", str(len(route.body)))
                self.end_headers()
                self.wfile.write(route.body)
            else:
                self.close_connection = True
                route(self)

        def log_message(self, *words: object) -> None:
            pass

    return Handler


@cache
def _certificates() -> tuple[bytes, str]:
    """(the server's certificate and key, the authority's certificate), as PEM."""
    now = datetime.datetime.now(datetime.UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])

    def made(name: x509.Name, public: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    # Python 3.13 holds certificates to RFC 5280 (ssl.VERIFY_X509_STRICT).
    public = authority_key.public_key()
    other_uses = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "crl_sign", "encipher_only", "decipher_only"),
    )
    signing = x509.KeyUsage(key_cert_sign=True, **dict.fromkeys(other_uses, False))
    root = (
        made(authority, public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(signing, critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName(OTHER_HOST)])
    leaf = (
        made(subject, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    return leaf.public_bytes(pem) + private, root.public_bytes(pem).decode()
