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
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ragcli.reading.likeness import guess_encodings, guess_utf16, is_written_chinese

_ASCII = bytes(range(128))
# Control characters that no text contains; tab, line ends, form feed, backspace and escape may.
_CONTROLS = bytes(c for c in range(32) if c not in b"\b\t\n\v\f\r\x1b")

# ISO-2022-KR begins with a designation (RFC 1557).
_ESCAPES = (
    (b"\x1b$)C", ("iso2022_kr",)),
    (b"\x1b$", ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext")),
)
# How far beyond the first byte that is not ASCII a sample is gathered.
_SEARCHED_BYTES = 512 * 1024
# Lines drawn with characters say nothing, and say it a thousand times. An even number of bytes is
# taken away, so that no character of two bytes is torn.
_RUN = re.compile(rb"([^\n]{2})\1{3,}")
_RUNS_BYTES = 4 * 6000
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
    """The text of a file. ``declared`` is what the file says of itself (a meta tag, a header);
    what XML, CSS and programs declare in their first lines is found here.

    A declaration is believed unless a byte-order mark or the bytes themselves contradict it. The
    mark stays in the text as U+FEFF in UTF-8, and is dropped in UTF-16 and UTF-32.
    """
    if not _marked_encoding(data):
        for stated in (_sent_as, declared or _stated(data)):
            codec = _declared_codec(stated) if stated else None
            if codec and not _is_contradicted(data, codec):
                return data.decode(codec, "replace")
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
    if marked := _marked_encoding(data) or _escaped_encoding(data):
        return marked
    if _control_share(data) > _UTF16_CONTROL_SHARE:
        wide = _guess_utf32(data) or guess_utf16(data[:_SAMPLE_BYTES])
        if wide:
            return wide
    if _is_utf8(data):
        return "utf-8"
    sample = _sample(data)
    names = guess_encodings(sample)
    return _fitting(data, names) if names else _last_resort(sample)


def _sample(data: bytes) -> bytes:
    """The lines that tell something, from the first byte beyond ASCII on.

    Two thousand lines of ASCII say nothing. That byte cannot stand within a character, but for
    UTF-16, where characters start at even offsets.
    """
    first = (len(data) - len(data.lstrip(_ASCII))) & ~1
    rest = data[first : first + _SEARCHED_BYTES]
    if b"\0" in rest:
        return rest[:_SAMPLE_BYTES]
    telling = b"\n".join(line for line in rest.split(b"\n") if not line.isascii())
    return _RUN.sub(rb"\1", telling[:_RUNS_BYTES])[:_SAMPLE_BYTES]


def _fitting(data: bytes, names: tuple[str, ...]) -> str:
    """The first codec that reads all of the data, else the one with the fewest mistakes."""
    for name in names:
        if _decodes(data, name):
            return name
    return min(names, key=lambda name: data.decode(name, "replace").count("\ufffd"))


def looks_binary(data: bytes) -> bool:
    """True when the bytes are not text in any encoding; a file's beginning is enough."""
    controls = _control_share(data)
    if controls < _BINARY_CONTROL_SHARE:
        return False
    sample = data[:_CONTROLS_SAMPLE_BYTES]
    if _escaped_encoding(sample):
        return False
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


def _escaped_encoding(data: bytes) -> str | None:
    """The seven-bit encodings, which change their characters by marks (ISO 2022, HZ)."""
    if not data.isascii():
        return None
    for mark, names in _ESCAPES:
        if mark in data:
            return next((name for name in names if _decodes(data, name)), None)
    # RFC 1843 puts its characters between marks that programs and formulas contain as well.
    if b"~{" in data and _decodes(data, "hz") and is_written_chinese(data.decode("hz")):
        return "hz"
    return None


def _guess_utf32(data: bytes) -> str | None:
    """UTF-32 without a mark: no other text has a byte of zero in every fourth place."""
    sample = data[: _SAMPLE_BYTES & ~3]
    for codec, highest in (("utf-32-be", 0), ("utf-32-le", 3)):
        is_empty = not any(sample) or any(sample[highest::4])
        if not is_empty and _decodes(sample, codec):
            return codec
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


_DOUBLE = frozenset(
    [
        *("gb18030", "big5", "cp950", "big5hkscs", "cp932", "euc_jp", "cp949", "johab", "hz"),
        *("iso2022_jp", "iso2022_kr", "euc_jis_2004", "shift_jis_2004"),
    ]
)
# What editors and publishing systems declare when nobody thinks of it.
_THOUGHTLESS = frozenset(("cp1252", "iso8859-15"))
# Codecs whose text no Latin code page could be taken for.
_NOT_LATIN = _DOUBLE | {
    *("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic", "cp1253", "iso8859_7"),
    *("cp1255", "cp1256", "cp874", "shift_jis"),
}

# XML 1.0, 4.3.3; CSS Syntax 3, 3.2; PEP 263, which Emacs and Vim share.
_STATED = re.compile(
    rb"\s*<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([\w.:-]+)|@charset \"([\w.:-]+)\";"
    rb"|(?:[^\n]*\n)?[ \t\f]*(?:#|//|/\*|;|%|\"|--)[^\n]{0,200}?coding[:=][ \t]*([-\w.]+)"
)
_STATED_BYTES = 1024

# Bytes beyond ASCII that are valid UTF-8 are hardly ever anything else: a letter with a mark behind
# it in a code page, but nobody writes that; of Big5 and GBK two characters in a row may be.
_UTF8_SEQUENCES_SINGLE = 1
_UTF8_SEQUENCES_DOUBLE = 10
# A declaration is still right where this share of the characters is damaged.
_DAMAGED_SHARE = 0.02
# Below this many bytes beyond ASCII, likeness does not overrule a declaration.
_TELLING_BYTES = 24


def _stated(data: bytes) -> str | None:
    match = _STATED.match(data[:_STATED_BYTES])
    return next(g for g in match.groups() if g).decode("ascii") if match else None


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


def _is_contradicted(data: bytes, codec: str) -> bool:
    """True where the bytes say that a declaration is wrong."""
    beyond = len(data.translate(None, _ASCII))
    if not _decodes(data, codec):
        if codec == "utf-8":
            return not _is_utf8(data)
        text = data.decode(codec, "replace")
        return text.count("\ufffd") > _DAMAGED_SHARE * beyond
    if codec == "utf-8" or not beyond:
        return False
    is_double = codec in _DOUBLE
    sequences = _UTF8_SEQUENCES_DOUBLE if is_double else _UTF8_SEQUENCES_SINGLE
    if beyond >= 2 * sequences and _decodes(data, "utf-8"):
        return True
    if codec not in _THOUGHTLESS or beyond < _TELLING_BYTES:
        return False
    return not set(guess_encodings(_sample(data))).isdisjoint(_NOT_LATIN)


def _last_resort(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    if best and not best.encoding.startswith("utf") and _decodes(sample, best.encoding):
        return best.encoding
    return "cp1252" if _decodes(sample, "cp1252") else "latin-1"
