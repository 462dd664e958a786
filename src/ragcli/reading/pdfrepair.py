"""A PDF's bytes looked at before any library: bombs, damage, and pages that nothing leads to."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

from ragcli.errors import Unreadable

# Pages of text and drawings hold less by far; pictures, which are larger, are only inflated when
# they are drawn.
MAX_STREAM_BYTES = 128 * 1024 * 1024
# Of all streams together that are looked into.
_MAX_SURVEYED_BYTES = 1024 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_INFLATED_BYTES = 1024 * 1024
_MAX_DICTIONARY_BYTES = 2000
_MAX_FILTERS = 4
# How far into a file PDFium looks for its mark.
_MARK_BYTES = 1024
_MAX_SAVED_BYTES = 64 * 1024 * 1024

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_FLATE = re.compile(rb"/(?:FlateDecode|Fl)\b")
_OTHER_FILTER = re.compile(
    rb"/(?:LZW|LZWDecode|ASCII85Decode|A85|ASCIIHexDecode|AHx|RunLength\w*)\b"
)
_PICTURE = re.compile(
    rb"/Subtype\s*/Image\b(?=.*/Width\b)|/Width\b(?=.*/Subtype\s*/Image\b)", re.DOTALL
)
_OBJECT = re.compile(rb"(?<!\d)(\d{1,8})\s+(\d{1,5})\s+obj\b")
_END_OF_OBJECT = b"endobj"
_PAGE = re.compile(rb"/Type\s*/Page\b")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")


class _Bomb(Exception):
    """A stream inflates to more than it may."""


def is_pdf(data: bytes) -> bool:
    """Whether anything in a file's bytes is a PDF's: its mark, wherever, or an object."""
    return b"%PDF-" in data or bool(_OBJECT.search(data))


def is_damaged(data: bytes) -> bool:
    """Whether some compressed stream of the file cannot be inflated to its end. A file that is
    encrypted does not tell.

    Raises Unreadable (``too_large``) for one that inflates beyond all measure.
    """
    is_encrypted = b"/Encrypt" in data
    damaged = False
    left = _MAX_SURVEYED_BYTES
    for dictionary, content in _flate_streams(data):
        if _PICTURE.search(dictionary) or left <= 0:
            continue
        try:
            for piece in _inflated(dictionary, content):
                left -= len(piece)
        except _Bomb:
            limit = MAX_STREAM_BYTES // 1024**2
            raise Unreadable(
                "too_large", f"a stream in it inflates to more than {limit} MiB"
            ) from None
        except zlib.error as error:
            damaged = damaged or "incorrect data check" not in str(error)
    return damaged and not is_encrypted


def with_found_pages(data: bytes) -> bytes | None:
    """The file with a new list of all pages whose objects are found in it; None without any.

    For a file whose end is gone, and the list with it. Objects that lie in compressed streams are
    written out, because nothing says any more where they are.
    """
    if b"%PDF-" not in data[:_MARK_BYTES]:
        data = b"%PDF-1.7\n" + data
    data = _with_an_end(data)
    objects = {int(m[1]): m.start() for m in _OBJECT.finditer(data)}
    added = [
        b"%d 0 obj\n%s\nendobj\n" % (number, body)
        for number, body in _objects_in_streams(data)
        if number not in objects
    ]
    addition = b"\n" + b"".join(added)
    pages = [*_page_numbers(data), *_page_numbers(addition)]
    if not pages:
        return None
    free = max([*objects, *(number for number, _ in pages)]) + 1
    kids = b" ".join(b"%d %d R" % page for page in dict(pages).items())
    return (
        data
        + addition
        + (
            b"%d 0 obj\n<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 595 842]>>\nendobj\n"
            b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n"
            b"trailer\n<</Root %d 0 R/Size %d>>\nstartxref\n0\n%%%%EOF\n"
            % (free, len(dict(pages)), kids, free + 1, free, free + 1, free + 2)
        )
    )


def _with_an_end(data: bytes) -> bytes:
    """The file up to the end of its last object: what is added would be read as a part of one
    that does not end. A stream that was cut is closed, for what is left of it."""
    end = data.rfind(_END_OF_OBJECT)
    if end < 0:
        return data
    end += len(_END_OF_OBJECT)
    if _STREAM.search(data, end):
        return data + b"\nendstream\nendobj\n"
    return data[:end]


def _page_numbers(data: bytes) -> Iterator[tuple[int, int]]:
    """Number and generation of the objects that are pages, where they stand last."""
    for match in _OBJECT.finditer(data):
        body = data[match.end() : match.end() + _MAX_DICTIONARY_BYTES]
        following = _OBJECT.search(body)
        if _PAGE.search(body, 0, following.start() if following else len(body)):
            yield int(match[1]), int(match[2])


def _objects_in_streams(data: bytes) -> Iterator[tuple[int, bytes]]:
    left = _MAX_SAVED_BYTES
    for dictionary, content in _flate_streams(data):
        if not _OBJECT_STREAM.search(dictionary):
            continue
        try:
            body = b"".join(_inflated(dictionary, content))
            start = int(re.search(rb"/First\s+(\d{1,9})", dictionary)[1])  # type: ignore[index]
            head = [int(word) for word in body[:start].split()]
        except (zlib.error, _Bomb, TypeError, ValueError):
            continue
        left -= len(body)
        if left < 0:
            return
        places = [start + place for place in head[1::2]]
        for number, first, end in zip(head[::2], places, [*places[1:], len(body)], strict=False):
            yield number, body[first:end]


def _flate_streams(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Dictionary and bytes of each stream that is deflated and nothing else."""
    view = memoryview(data)
    for match in _STREAM.finditer(data):
        dictionary = data[max(0, match.start() - _MAX_DICTIONARY_BYTES) : match.start()]
        dictionary = dictionary[dictionary.rfind(b" obj") + 1 :]
        if _FLATE.search(dictionary) and not _OTHER_FILTER.search(dictionary):
            end = data.find(b"endstream", match.end())
            yield dictionary, view[match.end() : end if end >= 0 else len(data)]


def _inflated(dictionary: bytes, content: memoryview) -> Iterator[bytes]:
    """A stream's bytes in pieces, through all its filters. Raises zlib.error, _Bomb."""
    pieces: Iterable[bytes | memoryview] = (
        content[i : i + _PIECE_BYTES] for i in range(0, len(content), _PIECE_BYTES)
    )
    for _ in _FLATE.findall(dictionary)[:_MAX_FILTERS]:
        pieces = _inflate(pieces)
    for piece in pieces:
        yield bytes(piece)


def _inflate(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    total = 0
    for piece in pieces:
        rest: bytes | memoryview = piece
        while rest and not inflater.eof:
            out = inflater.decompress(rest, _INFLATED_BYTES)
            rest = inflater.unconsumed_tail
            total += len(out)
            if total > MAX_STREAM_BYTES:
                raise _Bomb
            yield out
        if inflater.eof:
            return
    if total and not inflater.eof:
        yield inflater.flush()
