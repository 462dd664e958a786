"""One address asked for, and what comes saved, within limits of time, size and redirects.

Nothing is sent but the request: no cookies, no credentials, no word about the project. What went
wrong is Unreadable, as of a file that cannot be read.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

import httpcore

from ragcli import __version__
from ragcli.errors import Unreadable, UsageError
from ragcli.fetching.address import parse
from ragcli.fetching.network import (
    CONNECT_TIMEOUT_S,
    CheckedNetwork,
    Resolve,
    system_resolver,
    unreachable_hint,
)

# Pages and papers have a few megabytes, books and reports some tens.
MAX_BYTES = 64 * 1024 * 1024
# 64 MiB over a slow line (2 Mbit/s); a server that drips must not hold up a nightly run.
TOTAL_S = 300.0
# http to https, to www, to the language, to the newest version: real chains end after three.
MAX_REDIRECTS = 5

_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE_BYTES = 65536
_BY_HAND = "download it yourself, then rag ingest the file"
_LATER = "try again later"
_STATUS = {
    401: ("it asks for a login (401)", _BY_HAND),
    403: ("the server refuses it (403)", _BY_HAND),
    404: ("there is no such page (404)", "check the address"),
    410: ("the page is gone for good (410)", "take it out: rag rm ADDRESS"),
    429: ("the server has had too many requests (429)", _LATER),
}


@dataclass(frozen=True, slots=True)
class Version:
    """What a server said to know a version of a page by; ``url`` is where it came from, after
    redirects. Asked for again, the server need not send what has not changed."""

    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """``unchanged``: it is still the version that was named, and nothing was saved."""

    version: Version
    content_type: str = ""
    disposition: str = ""
    unchanged: bool = False


@dataclass(frozen=True)
class Fetcher:
    """Fetches from the public internet. ``timeout_s`` is the longest silence between two bytes,
    ``total_s`` the longest time for one address.

    ``resolve``, ``permitted`` (addresses that are connected to whatever they are) and ``trusted``
    (certificates, default: the usual ones) are for tests; nothing outside a program sets them.
    """

    timeout_s: float
    total_s: float = TOTAL_S
    max_bytes: int = MAX_BYTES
    resolve: Resolve = system_resolver
    permitted: frozenset[str] = frozenset()
    trusted: ssl.SSLContext | None = field(default=None, repr=False)

    @cached_property
    def _certificates(self) -> ssl.SSLContext:
        import httpx  # those that all other clients of ragcli trust

        return self.trusted or httpx.create_ssl_context()

    def fetch(
        self, url: str, file: BinaryIO, known: Version | None = None, total_s: float = TOTAL_S
    ) -> Answer:
        """Save what an address gives. ``known`` is the version that one has.

        Raises Unreadable; ``file`` may then hold a part. Raises UsageError for an address that is
        not fetched at all.
        """
        deadline = time.monotonic() + min(self.total_s, total_s)
        network = CheckedNetwork(deadline, self.resolve, self.permitted)
        with (
            self._told(deadline),
            httpcore.ConnectionPool(self._certificates, network_backend=network) as pool,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                with self._asked(pool, url, known) as response:
                    target = _target_of(response, url)
                    if not target:
                        return self._taken(response, url, file, known)
                url = target
        raise Unreadable(
            "redirect", f"more than {MAX_REDIRECTS} redirects", "name the final address"
        )

    @contextmanager
    def _asked(
        self, pool: httpcore.ConnectionPool, url: str, known: Version | None
    ) -> Iterator[httpcore.Response]:
        parts = parse(url)
        headers = [
            (b"Host", parts.netloc),
            (b"User-Agent", f"ragcli/{__version__}".encode()),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"gzip"),
        ]
        # A version is its own server's: no other learns of it, nor could it compare.
        if known is not None and known.url == url:
            told = ((b"If-None-Match", known.etag), (b"If-Modified-Since", known.last_modified))
            headers += [(name, value.encode()) for name, value in told if value]
        silence = {
            "connect": min(self.timeout_s, CONNECT_TIMEOUT_S),
            **dict.fromkeys(("read", "write", "pool"), self.timeout_s),
        }
        # By its parts: a second parser might find another host in the same address.
        target = httpcore.URL(
            scheme=b"https", host=parts.raw_host, port=parts.port or 443, target=parts.raw_path
        )
        with pool.stream("GET", target, headers=headers, extensions={"timeout": silence}) as got:
            yield got

    def _taken(
        self, response: httpcore.Response, url: str, file: BinaryIO, known: Version | None
    ) -> Answer:
        headers = _headers(response)
        if response.status == 304 and known is not None and known.url == url:
            return Answer(known, unchanged=True)
        if response.status != 200:
            raise _refusal(response.status)
        self._save(response.iter_stream(), headers, file)
        return Answer(
            Version(url, headers.get("etag", ""), headers.get("last-modified", "")),
            headers.get("content-type", ""),
            headers.get("content-disposition", ""),
        )

    def _save(self, parts: Iterable[bytes], headers: Mapping[str, str], file: BinaryIO) -> None:
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > self.max_bytes:
            raise self._too_large()
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            parts = _unpacked(parts)
        elif encoding not in ("", "identity"):
            raise Unreadable("failed", f"it was sent packed as `{encoding[:40]}`", _BY_HAND)
        size = 0
        for part in parts:
            size += len(part)
            if size > self.max_bytes:
                raise self._too_large()
            file.write(part)

    def _too_large(self) -> Unreadable:
        return Unreadable("too_large", f"larger than {self.max_bytes / 2**20:g} MiB", _BY_HAND)

    @contextmanager
    def _told(self, deadline: float) -> Iterator[None]:
        """httpcore's failures, in the user's words."""
        try:
            yield
        except httpcore.TimeoutException as error:
            over = time.monotonic() >= deadline
            what = "it took too long" if over else f"silent for {self.timeout_s:g} s"
            raise Unreadable("timeout", what, _LATER) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            cause = error.args[0] if error.args else None  # what httpcore made it of
            if isinstance(cause, ssl.SSLCertVerificationError):
                said = cause.verify_message
                raise Unreadable(
                    "certificate", f"its certificate is not to be trusted: {said}", _BY_HAND
                ) from error
            said = (cause.strerror or "") if isinstance(cause, OSError) else str(error)
            told = " ".join(said.lower().split())[:200] or type(error).__name__
            raise Unreadable(
                "unreachable", f"the connection failed: {told}", unreachable_hint(_LATER)
            ) from error


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """What gzip packed, in pieces of a bounded size however far it expands. Raises Unreadable."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for part in parts:
            while not unpacker.eof:
                piece = unpacker.decompress(part, _PIECE_BYTES)
                yield piece
                part = unpacker.unconsumed_tail
                if not part and len(piece) < _PIECE_BYTES:
                    break
            if unpacker.eof:  # what follows belongs to no file
                return
    except zlib.error as error:
        raise Unreadable("failed", f"it was packed wrongly: {error}", _LATER) from error
    raise Unreadable("failed", "it was cut off on the way", _LATER)


def _target_of(response: httpcore.Response, url: str) -> str:
    """Where a redirect leads; ``""`` for any other response. Raises Unreadable."""
    import httpx

    location = _headers(response).get("location", "")
    if response.status not in _REDIRECTS or not location:
        return ""
    try:
        return str(parse(str(parse(url).join(location))))
    except (UsageError, httpx.InvalidURL, ValueError) as error:
        raise Unreadable("redirect", f"it redirects to what is not fetched: {error}") from error


def _headers(response: httpcore.Response) -> dict[str, str]:
    """By lower-case name; the first of a name counts. UTF-8, as servers write it, else Latin-1."""
    found: dict[str, str] = {}
    for name, value in response.headers:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        found.setdefault(name.decode("latin-1").lower(), text)
    return found


def _refusal(status: int) -> Unreadable:
    message, hint = _STATUS.get(status, (f"the server answers with status {status}", _LATER))
    return Unreadable("http_status", message, hint)
