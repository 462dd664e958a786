"""Documents that are a zip of parts, most of them XML: Office's, OpenDocument, EPUB.

XML is read as a stream straight from the zip, without entities and without the network: the file
is a stranger's. Broken links between parts, as other programs leave them behind, do no harm.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import unquote

from lxml import etree

from ragcli.domain import Problem
from ragcli.errors import Unreadable

# The largest novels are some 20 MiB of XML; what inflates to more than this is a bomb.
MAX_PART_BYTES = 256 * 1024 * 1024
# A part whose tree is built at once, a slide or a page of styles, is at most megabytes.
MAX_TREE_BYTES = 32 * 1024 * 1024
# The XML of all parts together; pictures are never read.
MAX_XML_BYTES = 4 * MAX_PART_BYTES

# Names are looked for in other spellings among so many; thousands of wrong links among tens of
# thousands of parts would take hours.
_SEARCHED_PARTS = 5000

# The first bytes of an OLE compound file (MS-CFB 2.2): .doc, .xls, .ppt and encrypted OOXML.
OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
# What zipfile, its decompressors and lxml raise for damaged bytes; found by damaging them.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    etree.XMLSyntaxError,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
)
_SPLIT_IT = "split it into parts"
_PIECE_BYTES = 1 << 16
_SAVE_WITHOUT_PASSWORD = "save it without a password"
_XML_SUFFIXES = (".xml", ".rels")
# What libxml2 tells the programmer.
_ADVICE = re.compile(r",? (?:see|try|use) xml.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from a part to another one: ``kind`` is the last word of its type (``slide``),
    ``part`` is the name of what it leads to."""

    kind: str
    part: str


@contextmanager
def opened(data: bytes, name: str, program: str) -> Iterator[zipfile.ZipFile]:
    """The package in a file's bytes. ``name`` is the format's in messages ("DOCX"), ``program``
    what mends such a file ("Word or LibreOffice").

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``) also for what
    is met inside.
    """
    if data.startswith(OLE_MARK):
        raise _old_or_encrypted(data, name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_size(package)
            yield package
    except BROKEN as error:
        raise Unreadable(
            "broken", f"not a readable {name} file: {error}", f"open it in {program}, save it again"
        ) from error
    except RuntimeError as error:  # what zipfile raises for a part with a password
        raise Unreadable("encrypted", f"encrypted: {error}", _SAVE_WITHOUT_PASSWORD) from error


def _old_or_encrypted(data: bytes, name: str) -> Unreadable:
    if _ENCRYPTED_STREAM in data:
        return Unreadable("encrypted", "encrypted with a password", _SAVE_WITHOUT_PASSWORD)
    return Unreadable(
        "wrong_format",
        "an old Office file by another name",
        f"convert it: soffice --headless --convert-to {name.lower()} FILE",
    )


def _check_size(package: zipfile.ZipFile) -> None:
    xml_bytes = sum(i.file_size for i in package.infolist() if i.filename.endswith(_XML_SUFFIXES))
    if xml_bytes > MAX_XML_BYTES:
        raise _too_large("its XML")


def _too_large(what: str, limit: int = MAX_XML_BYTES) -> Unreadable:
    message = f"{what} inflates to more than {limit // 1024**2} MiB"
    return Unreadable("too_large", message, "split it into parts")


def part_named(package: zipfile.ZipFile, name: str) -> str | None:
    """The name of a part as the package spells it; None when there is no such part.

    Names are the same in upper and lower case (ECMA-376 part 2, 6.2.2.3), and some programs
    write back slashes.
    """
    if name in package.NameToInfo:
        return name
    if len(package.NameToInfo) > _SEARCHED_PARTS:
        return None
    wanted = name.lower()
    spelled = (n for n in package.namelist() if n.replace("\\", "/").lower() == wanted)
    return next(spelled, None)


def open_part(package: zipfile.ZipFile, name: str, max_bytes: int | None = None) -> IO[bytes]:
    """A part as a stream. Raises KeyError (no such part), Unreadable (``too_large``)."""
    limit = MAX_PART_BYTES if max_bytes is None else max_bytes
    if package.getinfo(name).file_size > limit:
        raise _too_large(name, limit)
    return package.open(name)


def stream_part(package: zipfile.ZipFile, name: str, max_bytes: int) -> Iterator[bytes]:
    """A part in pieces; its checksum is looked at after them, not instead of them.

    Raises KeyError (no such part), Unreadable (``too_large``) behind ``max_bytes``, and what
    BROKEN lists.
    """
    info = copy(package.getinfo(name))
    expected, info.CRC = info.CRC, None  # type: ignore[assignment]
    size = checksum = 0
    with package.open(info) as stream:
        while piece := stream.read(_PIECE_BYTES):
            size += len(piece)
            if size > max_bytes:
                limit = max_bytes // 1024**2
                raise Unreadable("too_large", f"it inflates to more than {limit} MiB", _SPLIT_IT)
            checksum = zlib.crc32(piece, checksum)
            yield piece
    if checksum != expected:
        raise zipfile.BadZipFile("its checksum is wrong")


def read_part(package: zipfile.ZipFile, name: str, max_bytes: int = MAX_PART_BYTES) -> bytes:
    """All of a part that a document can do without. Raises Unreadable: ``broken``, ``too_large``,
    ``encrypted``."""
    try:
        with open_part(package, name, max_bytes) as stream:
            return stream.read()
    except KeyError:
        raise Unreadable("broken", f"{name} is missing", "open it in its program") from None
    except RuntimeError as error:  # what zipfile raises for a part with a password
        raise Unreadable("encrypted", f"{name} is encrypted", _SAVE_WITHOUT_PASSWORD) from error
    except BROKEN as error:
        raise Unreadable("broken", f"{name} cannot be read: {error}") from error


def parse(stream: IO[bytes], **options: Any) -> Iterator[Any]:
    """Elements of an XML stream as they end; ``options`` are those of lxml's ``iterparse``."""
    for _, element in _events(stream, **options):
        yield element


def _events(stream: IO[bytes], **options: Any) -> Any:
    return etree.iterparse(
        stream,
        events=("end",),
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        **options,
    )


def leaves(
    stream: IO[bytes],
    part: str,
    tags: Collection[str],
    containers: Collection[str],
    problems: list[Problem],
) -> Iterator[Any]:
    """The elements named in ``tags`` that stand in nothing but ``containers`` (both local names),
    one after the other; each is forgotten when the next is asked for.

    Of a damaged part, all that an XML parser can make sense of; the damage is added to
    ``problems``.
    """
    events = _events(stream, tag=["{*}" + tag for tag in tags], recover=True)
    last = None
    try:
        for _, element in events:
            if _stands_in(element, containers):
                yield element
                last = element
                _forget(element)
    except BROKEN as error:
        problems.append(damage(part, error))
    if fatal := _fatal(events.error_log):
        problems.append(damage(part, fatal))
        rest = _unfinished(events.root, containers)
        if rest is not None and rest is not last and local_name(rest) in tags:
            yield rest


def _stands_in(element: Any, containers: Collection[str]) -> bool:
    above = element.getparent()
    while above is not None:
        if local_name(above) not in containers:
            return False
        above = above.getparent()
    return True


def _fatal(log: Any) -> str:
    """The first error that a parser could not overlook; empty when there is none."""
    return next((e.message for e in log if e.level == etree.ErrorLevels.FATAL), "")


def _forget(element: Any) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _unfinished(element: Any, containers: Collection[str]) -> Any:
    """What a parser was at when it had to stop."""
    while element is not None and local_name(element) in containers:
        element = element[-1] if len(element) else None
    return element


def damage(part: str, error: object) -> Problem:
    """The problem of a part that could not be read to its end."""
    said = _ADVICE.sub("", " ".join(str(error).split()))
    if said.startswith("Excessive depth"):  # libxml2's limit of 256, meant for hostile files
        return Problem("broken", f"{part} is nested too deep", "save it in another format")
    message = f"{part} is damaged: {said}"
    return Problem("broken", message, "open it in its program and save it again")


def tree(package: zipfile.ZipFile, name: str, problems: list[Problem]) -> Any:
    """The root element of a part; None where it is missing, too large, or broken from its
    beginning, which is added to ``problems``."""
    spelled = part_named(package, name)
    if spelled is None:
        problems.append(Problem("broken", f"{name} is missing", "open it in its program"))
        return None
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    root = None
    try:
        with open_part(package, spelled, MAX_TREE_BYTES) as stream:
            root = etree.parse(stream, parser).getroot()
    except BROKEN as error:
        problems.append(damage(name, error))
        return None
    except Unreadable as error:
        problems.append(Problem(error.code, error.message, error.hint))
        return None
    if fatal := _fatal(parser.error_log):
        problems.append(damage(name, fatal))
    return root


def elements(package: zipfile.ZipFile, name: str, tag: str) -> list[Any]:
    """Elements, by local name, of a part that a document can do without: styles, notes,
    properties. None where it is missing or broken."""
    spelled = part_named(package, name)
    if spelled is None:
        return []
    try:
        with open_part(package, spelled) as stream:
            return list(parse(stream, tag="{*}" + tag))
    except BROKEN:
        return []


def relations(package: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """What a part links to inside the package, by the link's id; ``part`` is empty for the
    package itself. Links that lead out of it, or to nothing, are left out."""
    folder, name = posixpath.split(part)
    found = {}
    for link in elements(package, posixpath.join(folder, f"_rels/{name}.rels"), "Relationship"):
        target = posixpath.join("/", folder, unquote(link.get("Target", "")).replace("\\", "/"))
        spelled = part_named(package, posixpath.normpath(target).lstrip("/"))
        if spelled is not None and link.get("TargetMode") != "External":
            found[link.get("Id", "")] = Relation(link.get("Type", "").rpartition("/")[2], spelled)
    return found


def local_name(element: Any) -> str:
    """An element's name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """An attribute by its local name, empty when it is missing."""
    if element is None:
        return ""
    return next((str(v) for k, v in element.items() if k.rpartition("}")[2] == name), "")


def child(element: Any, *path: str) -> Any:
    """The first element down a path of local names; None when there is none."""
    for name in path:
        element = next((c for c in element if local_name(c) == name), None)
        if element is None:
            return None
    return element


def integer(text: str) -> int | None:
    """A small number as these formats write it, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
