"""Documents that are a zip of parts, most of them XML: Office's, OpenDocument, EPUB.

XML is read as a stream straight from the zip, without entities and without the network: the file
is a stranger's. Broken links between parts, as other programs leave them behind, do no harm.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from lxml import etree

from ragcli.errors import Unreadable

# The largest novels are some 20 MiB of XML; what inflates to more than this is a bomb.
MAX_PART_BYTES = 256 * 1024 * 1024

# The first bytes of an OLE compound file (MS-CFB 2.2): .doc, .xls, .ppt and encrypted OOXML.
OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
# What zipfile, its decompressors and lxml raise for damaged bytes; found by damaging them.
_BROKEN = (
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
_SAVE_WITHOUT_PASSWORD = "save it without a password"


@contextmanager
def opened(data: bytes, name: str, program: str) -> Iterator[zipfile.ZipFile]:
    """The package in a file's bytes. ``name`` is the format's in messages ("DOCX"), ``program``
    what mends such a file ("Word or LibreOffice").

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``) also for what is met inside.
    """
    if data.startswith(OLE_MARK):
        raise _old_or_encrypted(data, name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            yield package
    except _BROKEN as error:
        raise Unreadable(
            "broken", f"not a readable {name} file: {error}", f"open it in {program}, save it again"
        ) from error
    except RuntimeError as error:  # what zipfile raises for a part with a password
        raise Unreadable("encrypted", f"encrypted: {error}", _SAVE_WITHOUT_PASSWORD) from error


def _old_or_encrypted(data: bytes, name: str) -> Unreadable:
    if _ENCRYPTED_STREAM in data:
        return Unreadable("encrypted", "encrypted with a password", _SAVE_WITHOUT_PASSWORD)
    return Unreadable(
        "wrong_format", "an old Office file by another name", f"save it as {name} in its program"
    )


def open_part(package: zipfile.ZipFile, name: str) -> IO[bytes]:
    """A part as a stream. Raises KeyError (no such part), Unreadable (``too_large``)."""
    if package.getinfo(name).file_size > MAX_PART_BYTES:
        limit = MAX_PART_BYTES // 1024**2
        raise Unreadable("too_large", f"{name} inflates to more than {limit} MiB")
    return package.open(name)


def read_part(package: zipfile.ZipFile, name: str, max_bytes: int = MAX_PART_BYTES) -> bytes:
    """All of a part that a document can do without. Raises Unreadable: ``missing``, ``broken``,
    ``too_large``, ``encrypted``."""
    try:
        if package.getinfo(name).file_size > max_bytes:
            raise Unreadable("too_large", f"{name} inflates to more than {max_bytes >> 20} MiB")
        return package.read(name)
    except KeyError:
        raise Unreadable("missing", f"{name} is not in the file") from None
    except RuntimeError as error:  # what zipfile raises for a part with a password
        raise Unreadable("encrypted", f"{name} is encrypted", _SAVE_WITHOUT_PASSWORD) from error
    except _BROKEN as error:
        raise Unreadable("broken", f"{name} cannot be read: {error}") from error


def parse(stream: IO[bytes], **options: Any) -> Iterator[Any]:
    """Elements of an XML stream as they end; ``options`` are those of lxml's ``iterparse``."""
    events = etree.iterparse(
        stream,
        events=("end",),
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        **options,
    )
    for _, element in events:
        yield element


def elements(package: zipfile.ZipFile, name: str, tag: str) -> list[Any]:
    """Elements, by local name, of a part that a document can do without: styles, notes,
    properties. None where it is missing or broken."""
    if name not in package.namelist():
        return []
    with open_part(package, name) as stream:
        try:
            return list(parse(stream, tag="{*}" + tag))
        except etree.XMLSyntaxError:
            return []


def local_name(element: Any) -> str:
    """An element's name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
