"""Web pages saved whole by a browser (.mhtml, .mht): the page itself, without its frames.

RFC 2557: an e-mail message of several parts, of which the first in HTML is the page.
"""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from pathlib import PurePath

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import html
from ragcli.reading.encodings import sent_as
from ragcli.reading.extracted import metadata_value

_PAGES = frozenset(("text/html", "application/xhtml+xml"))
_CURE = "open it in a browser and save it as .html"


def read(data: bytes, path: PurePath) -> Document:
    """The page in a saved file. Raises Unreadable (``wrong_format``) when there is none."""
    # compat32 reads headers that the stricter policies stumble over.
    message = message_from_bytes(data, policy=policy.compat32)
    page = next((p for p in message.walk() if p.get_content_type() in _PAGES), None)
    if page is None:
        raise Unreadable("wrong_format", "no web page in it", _CURE)
    body = page.get_payload(decode=True)
    if not isinstance(body, bytes) or not body.strip():
        raise Unreadable("no_text", "the web page in it is empty", _CURE)
    with sent_as(page.get_content_charset() or ""):
        document = html.read(body, path)
    subject = metadata_value(_decoded(message.get("Subject")))
    addresses = (page.get("Content-Location"), message.get("Snapshot-Content-Location"))
    stated = (metadata_value(str(address or "")) for address in addresses)
    url = next((a for a in stated if a.startswith(("https://", "http://"))), "")
    return replace(
        document,
        format="mhtml",
        title=document.title or subject or None,
        metadata=({"url": url} if url else {}) | dict(document.metadata),
    )


def _decoded(header: object) -> str:
    try:
        return str(make_header(decode_header(str(header or ""))))
    except (HeaderParseError, LookupError, UnicodeError):
        return ""
