"""Bytes to text, when nobody says in which encoding they were written.

Marks and validity decide first: a byte-order mark, then UTF-8, which text in other encodings
almost never satisfies by chance. What is left goes to the encoding in which it looks most like
something written (``likeness.py``), reliable from some twenty characters on, where general
detectors still guess; charset-normalizer is asked when none convinces.

The text is always ``data.decode(codec, "replace")`` for one of Python's codecs: offsets count in
it, so nothing is trimmed, normalised or mended, but for U+FFFD where bytes mean nothing.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager

from ragcli.reading.likeness import guess_encoding, guess_utf16

_ASCII = bytes(range(128))
# Control characters that no text contains; tab, line ends, form feed, backspace and escape may.
_CONTROLS = bytes(c for c in range(32) if c not in b"\b\t\n\v\f\r\x1b")

# Enough bytes for a stable score, few enough for some twenty readings in milliseconds.
_SAMPLE_BYTES = 6000
_CONTROLS_SAMPLE_BYTES = 65536
# UTF-16 without a mark shows every second byte of Latin text as NUL, of Cyrillic as 0x04.
_UTF16_CONTROL_SHARE = 0.1
# Random bytes have 10 % control characters, old text has none; what is valid UTF-8 with this many
# is a dump of NULs.
_BINARY_CONTROL_SHARE = 0.02
_BINARY_CONTROL_SHARE_UTF8 = 0.3


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of a file. ``declared`` is what the file says of itself (a meta tag, a header).

    A declaration is believed unless a byte-order mark or the bytes themselves contradict it. The
    mark stays in the text as U+FEFF in UTF-8, and is dropped in UTF-16 and UTF-32.
    """
    if not _marked_encoding(data):
        for stated in (_sent_as, declared):
            codec = _declared_codec(stated) if stated else None
            if codec and _decodes(data, codec):
                return data.decode(codec)
    return data.decode(sniff_encoding(data), "replace")


_sent_as = ""


@contextmanager
def sent_as(charset: str) -> Iterator[None]:
    """Inside, ``decode`` believes what the server declared more than what the file says of itself,
    as browsers do (WHATWG, "determining the character encoding"). UTF-16, whose bytes tell, is
    left to them. ``""`` is no declaration."""
    global _sent_as
    _sent_as = "" if charset.lower().startswith(("utf-16", "utf-32")) else charset
    try:
        yield
    finally:
        _sent_as = ""


def sniff_encoding(data: bytes) -> str:
    """The Python name of the codec that these bytes were most likely written with."""
    if marked := _marked_encoding(data):
        return marked
    if b"\x1b$" in data and data.isascii() and _decodes(data, "iso2022_jp"):
        return "iso2022_jp"
    if _control_share(data) > _UTF16_CONTROL_SHARE:
        utf16 = guess_utf16(data[:_SAMPLE_BYTES])
        if utf16:
            return utf16
    if _is_utf8(data):
        return "utf-8"
    # Two thousand lines of ASCII before the first other byte say nothing. That byte cannot stand
    # within a character, but for UTF-16, where characters start at even offsets.
    first = (len(data) - len(data.lstrip(_ASCII))) & ~1
    sample = data[first : first + _SAMPLE_BYTES]
    return guess_encoding(sample) or _last_resort(sample)


def looks_binary(data: bytes) -> bool:
    """True when the bytes are not text in any encoding; a file's beginning is enough."""
    controls = _control_share(data)
    if controls < _BINARY_CONTROL_SHARE:
        return False
    sample = data[:_CONTROLS_SAMPLE_BYTES]
    codec = sniff_encoding(sample)
    if codec.startswith(("utf-16", "utf-32")):
        text = sample.decode(codec, "replace")
        return text.count("\ufffd") > len(text) / 20
    return codec != "utf-8" or controls > _BINARY_CONTROL_SHARE_UTF8


def _marked_encoding(data: bytes) -> str | None:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) and _decodes(data, "utf-32"):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def _is_utf8(data: bytes) -> bool:
    """Valid, or damaged with still twice as many good bytes beyond ASCII as bad ones.

    GB2312 text, the likeliest to satisfy UTF-8 by accident, has four bad bytes for a good one.
    """
    if _decodes(data, "utf-8"):
        return True
    beyond_ascii = len(data.translate(None, _ASCII))
    stored = data.count("\ufffd".encode())
    bad = data.decode("utf-8", "replace").count("\ufffd") - stored
    return beyond_ascii - bad >= 2 * bad


def _control_share(data: bytes) -> float:
    sample = data[:_CONTROLS_SAMPLE_BYTES]
    return 1 - len(sample.translate(None, _CONTROLS)) / len(sample) if sample else 0.0


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


# What pages declare and what they are written in, where the two differ (WHATWG Encoding Standard).
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
}


def _declared_codec(declared: str) -> str | None:
    try:
        name = codecs.lookup(declared.strip()).name
        "".encode(name)  # a codec of text, not `base64` or `rot13`
    except (LookupError, ValueError):
        return None
    # What declares itself in ASCII is not UTF-16 (WHATWG); nobody means UTF-7.
    if name.startswith("utf-"):
        return "utf-8"
    return _MEANT.get(name, name)


def _last_resort(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    if best and not best.encoding.startswith("utf") and _decodes(sample, best.encoding):
        return best.encoding
    return "cp1252" if _decodes(sample, "cp1252") else "latin-1"
