"""Web addresses as they are typed, and as they are stored and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragcli.errors import UsageError

if TYPE_CHECKING:
    import httpx

SCHEME = "https://"

_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# White space, controls and the backslash: programs disagree about where a host with them ends.
_UNSAFE = re.compile(r"[\s\x00-\x20\x7f-\x9f\\]")
# What a name in DNS, an IPv4 or an IPv6 address is written with; no zone of an interface.
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")


def is_address(text: str) -> bool:
    """Whether a name that a user types is an address that is fetched."""
    return text[: len(SCHEME)].lower() == SCHEME


def has_scheme(text: str) -> bool:
    """Whether it is an address of any kind: ``http://``, ``ftp://``, ``file://`` ..."""
    return _ANY_SCHEME.match(text) is not None


def normal(text: str) -> str:
    """The one way of writing an address, which is its source.

    Scheme and host in lower case, the host in ASCII, no default port, no fragment, ``.`` and
    ``..`` resolved, what is not ASCII percent-encoded. Raises UsageError for one that is not
    fetched: another scheme than https, or one that holds a name or a password.
    """
    return str(parse(text))


def parse(text: str) -> httpx.URL:
    """``normal`` with its parts. The one reading of an address: what is connected to, asked for,
    shown and compared all come from here."""
    import httpx

    try:
        if _UNSAFE.search(text):
            raise ValueError("white space, a control character or a backslash in it")
        url = httpx.URL(text)
        if "@" in text.partition("://")[2].partition("/")[0].partition("?")[0]:
            raise UsageError(
                "an address with a name or a password is not fetched: both would be stored",
                "download it yourself, then rag ingest the file",
            )
        host = url.raw_host.decode("ascii")
        if url.scheme and url.scheme != "https":
            secure = f"try {url.copy_with(scheme='https')}, or " if url.scheme == "http" else ""
            raise UsageError(
                f"{url.scheme}:// is not fetched, only https://: anyone on the way could change it",
                f"{secure}download it yourself and rag ingest the file",
            )
        if not is_address(text) or _HOST.fullmatch(host) is None:
            raise ValueError("no name of a host in it")
        if url.port is not None and not 0 < url.port < 65536:
            raise ValueError("no such port")
    except (httpx.InvalidURL, ValueError) as error:  # UnicodeError is one: a name that is none
        shown = "this address" if "@" in text else f"`{text}`"
        raise UsageError(
            f"{shown} cannot be read as an address: {error}", "write https://host/path"
        ) from error
    return url.copy_with(fragment=None, raw_path=url.raw_path or b"/")
