"""Internet messages (RFC 5322) and MIME (RFC 2045 to 2049, 2231): bytes to entities.

Headers go through the standard library. Bodies are cut here, on the bytes themselves: its parser
decodes a whole message to lines first, and calls itself once a level. What breaks the rules is
read as far as it can be; no body is lost to a broken header.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import PureWindowsPath
from typing import TypeVar

from ragcli.reading.encodings import decode, sniff_encoding

_Value = TypeVar("_Value")

# Long lists of recipients and of servers on the way have tens of KiB; more is no header.
MAX_HEADER_BYTES = 256 * 1024
# A field whose parameters are read; the standard library's parser is quadratic in them.
_MAX_FIELD_CHARACTERS = 8192
# Mail programs nest four or five multiparts; what nests deeper is read as one text.
MAX_LEVELS = 20

_NEWLINE = 10
_BOUNDARY_END = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_FROM_LINE = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*(?:>?From [^\n]*\n)?")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
# What the standard library would take for the end of the headers.
_NO_HEADER = re.compile(rb"^(?![!-9;-~]+[ \t]*:|[ \t]|\r?$)", re.MULTILINE)
_KNOWN_FIELD = re.compile(rb"(?im)^(?:content-|mime-|from:|to:|subject:|date:)")
_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_UU_BODY = re.compile(rb"^begin [0-7]{3,4} [^\n]*\n(.*?)^(?:end\b|\Z)", re.DOTALL | re.MULTILINE)
# Set off by programs that do not know: the bytes say more.
_VAGUE = re.compile(
    r"(?:us-)?ascii|iso-?8859-1|latin-?1|windows-1252|cp1252|ansi_x3\.4-1968|unknown-8bit"
    r"|(?:x-)?unknown|default|8bit|none"
)
# Fewer bytes beyond ASCII say too little to overrule a declaration.
_TELLING_BYTES = 20
_OTHER_SCRIPTS = re.compile(
    r"gb.*|big5.*|cp(?:950|932|949|125[1356]|874)|shift_jis|euc_..|koi8_r|iso2022_.*"
)
_OF_CONTENT = ("content-type", "content-disposition", "content-transfer-encoding")
_UNNAMED = {
    "message/rfc822": "message.eml",
    "message/global": "message.eml",
    "text/html": "text.html",
    "text/plain": "text.txt",
    "text/calendar": "invitation.ics",
    "application/ms-tnef": "winmail.dat",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """A message, or a part of one. ``number`` is its section number as IMAP counts (RFC 9051
    6.4.5.1): ``2.1`` is the first part of the second. ``fields`` are (lower-case name, value)."""

    number: str
    fields: tuple[tuple[str, str], ...]
    content: Message
    body: bytes

    @property
    def type(self) -> str:
        """Like ``text/plain``, in lower case."""
        return self.content.get_content_type()

    @property
    def charset(self) -> str | None:
        return _parameter(self.content, "charset")

    @property
    def is_attached(self) -> bool:
        return self.content.get_content_disposition() == "attachment"

    @property
    def filename(self) -> str:
        """The last part of the name it was sent with; empty where it has none."""
        name = _tried(self.content.get_filename) or ""
        return PureWindowsPath(decode_words(name).replace("\0", "")).name

    @property
    def name(self) -> str:
        """``filename``, or what tells its type."""
        return self.filename or _UNNAMED.get(self.type) or f"part{_suffix(self.type)}"

    def parameter(self, name: str) -> str:
        """A parameter of the content type, in lower case; empty where it has none."""
        return (_parameter(self.content, name) or "").lower()

    def field(self, name: str) -> str:
        """A header's value; empty where there is none. The first of a name counts."""
        return next((value for key, value in self.fields if key == name), "")

    def data(self) -> bytes:
        """The body without its transfer encoding, however damaged."""
        encoding = self.content.get("content-transfer-encoding", "").strip().lower()
        if encoding == "base64":
            return _from_base64(self.body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
            return _from_uuencoded(self.body)
        return self.body

    def text(self) -> str:
        """The decoded body of a text."""
        return decode_text(self.data(), self.charset)


def parse(data: bytes, number: str = "", default_type: str = "text/plain") -> Entity:
    """A message, or an entity in one. Never raises for what the bytes are."""
    start = _FROM_LINE.match(data)
    offset = start.end() if start and not number else 0
    head, body_start = _head(data, offset)
    message = BytesHeaderParser(policy=compat32).parsebytes(head)
    raw = [(name.lower(), value) for name, value in message.raw_items()]
    body = data[body_start:]
    content = Message()
    content.set_default_type(default_type)
    hint = _hint_for_headers(raw)
    fields = tuple((name, _decoded(value, hint)) for name, value in raw)
    for name, value in fields:
        if name in _OF_CONTENT and name not in content:
            content[name] = value[:_MAX_FIELD_CHARACTERS]
    return Entity(number, fields, content, body)


def _head(data: bytes, start: int) -> tuple[bytes, int]:
    """The header's bytes and where the body begins."""
    line_end = data.find(b"\n", start)
    if not _FIELD.match(data, start, start + MAX_HEADER_BYTES):
        blank = data[start : line_end + 1].strip() == b"" if line_end >= 0 else False
        return b"", line_end + 1 if blank else start
    end = _HEADER_END.search(data, start, start + MAX_HEADER_BYTES)
    if end:
        head, body_start = data[start : end.start()] + b"\n", end.end()
    else:
        cut = data.rfind(b"\n", start, start + MAX_HEADER_BYTES) + 1
        body_start = max(cut, start) if len(data) - start > MAX_HEADER_BYTES else len(data)
        head = data[start:body_start]
    broken = _NO_HEADER.search(head)
    if not broken:
        return head, body_start
    if _KNOWN_FIELD.search(head, broken.end()):  # folded without the space that says so
        return _NO_HEADER.sub(rb" \g<0>", head), body_start
    return head[: broken.start()], start + broken.start()


def children(entity: Entity) -> Iterator[Entity]:
    """The parts of a multipart; none where its boundary does not occur."""
    boundary = _tried(entity.content.get_boundary)
    if not boundary:
        return
    mark = b"--" + boundary.rstrip().encode("utf-8", "surrogateescape")
    default = "message/rfc822" if entity.type == "multipart/digest" else "text/plain"
    prefix = f"{entity.number}." if entity.number else ""
    count, start = 0, -1
    for line_start, line_end, is_last in _boundaries(entity.body, mark):
        if start >= 0:
            count += 1
            yield _child(entity.body[start:line_start], f"{prefix}{count}", default)
        start = -1 if is_last else line_end
    if start >= 0 and entity.body[start:].strip():  # the last boundary is missing
        yield _child(entity.body[start:], f"{prefix}{count + 1}", default)


def _boundaries(body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is the last) of each line that divides the parts; the line end before
    it belongs to it."""
    at = body.find(mark)
    while at >= 0:
        end = _BOUNDARY_END.match(body, at + len(mark))
        if end and (at == 0 or body[at - 1] == _NEWLINE):
            yield max(at - 1 - (body[max(at - 2, 0) : at] == b"\r\n"), 0), end.end(), bool(end[1])
        at = body.find(mark, at + len(mark))


def _child(data: bytes, number: str, default_type: str) -> Entity:
    # The line end behind the boundary belongs to it.
    data = data[2:] if data.startswith(b"\r\n") else data[1:]
    return parse(data, number, default_type)


def decode_text(data: bytes, charset: str | None) -> str:
    """Text in the charset that is declared, unless that is vague or the bytes contradict it."""
    name = (charset or "").strip().strip("\"'").lower()
    if name in ("utf-7", "unicode-1-1-utf-7"):
        return data.decode("utf-7", "replace")
    if _VAGUE.fullmatch(name) and not data.isascii() and _is_telling(data):
        return decode(data)
    return decode(data, name or None)


def _is_telling(data: bytes) -> bool:
    """The bytes are of another script than Western Europe's."""
    encoding = sniff_encoding(data)
    if encoding == "utf-8":
        return True
    beyond_ascii = sum(byte > 127 for byte in data[:4096])
    return beyond_ascii >= _TELLING_BYTES and bool(_OTHER_SCRIPTS.fullmatch(encoding))


def decode_words(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) decoded.

    Neighbours in one charset are joined as bytes first: many programs cut within a character.
    """
    value = _BETWEEN_WORDS.sub(r"\1", value)
    parts: list[str] = []
    pending, pending_charset, last = b"", "", 0
    for word in _ENCODED_WORD.finditer(value):
        charset = word[1].partition("*")[0].lower()
        if word.start() > last or charset != pending_charset:
            parts += [decode_text(pending, pending_charset), value[last : word.start()]]
            pending = b""
        pending += _from_word(word[2].lower(), word[3])
        pending_charset, last = charset, word.end()
    return "".join([*parts, decode_text(pending, pending_charset), value[last:]])


def _from_word(encoding: str, text: str) -> bytes:
    data = text.encode("ascii", "replace")
    return _from_base64(data) if encoding == "b" else binascii.a2b_qp(data, header=True)


def _hint_for_headers(raw: list[tuple[str, str]]) -> str | None:
    """The encoding of bytes that stand in headers as they should not; of all of them together,
    because a subject alone is short."""
    eight_bit = [v.encode("utf-8", "surrogateescape") for _, v in raw if not v.isascii()]
    return sniff_encoding(b"\n".join(eight_bit)) if eight_bit else None


def _decoded(raw: str, hint: str | None) -> str:
    if not raw.isascii():
        raw = decode(raw.encode("utf-8", "surrogateescape"), hint)
    return raw.replace("\r", "").replace("\n", " ").replace("\0", "")


def _parameter(content: Message, name: str) -> str | None:
    value = _tried(lambda: content.get_param(name))
    if isinstance(value, tuple):
        value = value[2]
    return str(value).strip() if value else None


def _tried(ask: Callable[[], _Value]) -> _Value | None:
    """What the standard library makes of a header, where it does not fail on it."""
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        return ask()
    return None


def _suffix(content_type: str) -> str:
    import mimetypes

    return mimetypes.guess_extension(content_type) or ""


def _from_base64(data: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", data)
    # One letter alone is six bits of nothing.
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def _from_uuencoded(data: bytes) -> bytes:
    found = _UU_BODY.search(data)
    decoded = []
    for line in (found[1] if found else data).splitlines():
        with suppress(binascii.Error):
            decoded.append(binascii.a2b_uu(line))
    return b"".join(decoded)
