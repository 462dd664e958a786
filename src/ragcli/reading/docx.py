"""Word documents (.docx): paragraphs, headings, lists, tables and notes in reading order.

The XML is read as a stream, straight from the zip: a document needs no more memory than its
longest table, and the broken links between parts that other programs leave behind do no harm.
Elements are known by their local names, because Office writes two namespaces for the same ones
(ECMA-376 transitional and strict).
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO, Any

from lxml import etree

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.docxtext import Body, Notes, Styles, local_name
from ragcli.reading.extracted import metadata_value

# The largest novels are some 20 MiB of XML; what inflates to more than this is a bomb.
MAX_XML_BYTES = 256 * 1024 * 1024

_OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
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


def read(data: bytes, path: PurePath) -> Document:
    """The document as its reader would see it: deleted text left out, inserted text in.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    if data.startswith(_OLE_MARK):
        raise _old_or_encrypted(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _read_package(package)
    except _BROKEN as error:
        raise Unreadable(
            "broken",
            f"not a readable DOCX file: {error}",
            "open it in Word or LibreOffice and save it again",
        ) from error
    except RuntimeError as error:  # what zipfile raises for a part with a password
        raise Unreadable(
            "encrypted", f"encrypted: {error}", "save it without a password"
        ) from error


def _old_or_encrypted(data: bytes) -> Unreadable:
    if _ENCRYPTED_STREAM in data:
        return Unreadable("encrypted", "encrypted with a password", "save it without a password")
    return Unreadable(
        "wrong_format", "an old Word document (.doc) by another name", "save it as DOCX"
    )


def _read_package(package: zipfile.ZipFile) -> Document:
    main = _main_part(package)
    folder = main.rpartition("/")[0]
    body = Body(
        Styles(_elements(package, f"{folder}/styles.xml", "style")),
        Notes(
            [
                *_elements(package, f"{folder}/footnotes.xml", "footnote"),
                *_elements(package, f"{folder}/endnotes.xml", "endnote"),
            ]
        ),
    )
    with _open(package, main) as stream:
        for element in _body_elements(stream):
            body.add(element)
    facts = _properties(package)
    return Document(
        text=body.builder.text,
        format="docx",
        blocks=body.builder.blocks,
        title=facts.get("title") or body.title,
        date=iso_date(facts.get("modified", "")) or iso_date(facts.get("created", "")),
        metadata={
            name: facts[key]
            for key, name in (
                ("creator", "author"),
                ("subject", "subject"),
                ("keywords", "keywords"),
            )
            if key in facts
        },
    )


def _main_part(package: zipfile.ZipFile) -> str:
    """The part that the package's own table calls the document."""
    for relation in _elements(package, "_rels/.rels", "Relationship"):
        if relation.get("Type", "").endswith("/officeDocument"):
            name = relation.get("Target", "").lstrip("/")
            if name in package.namelist():
                return str(name)
    if "word/document.xml" in package.namelist():
        return "word/document.xml"
    raise Unreadable("wrong_format", "a zip file, but not a Word document")


def _open(package: zipfile.ZipFile, name: str) -> IO[bytes]:
    if package.getinfo(name).file_size > MAX_XML_BYTES:
        limit = MAX_XML_BYTES // 1024**2
        raise Unreadable("too_large", f"{name} inflates to more than {limit} MiB")
    return package.open(name)


def _parse(stream: IO[bytes], **options: Any) -> Iterator[Any]:
    """Elements as they end. No entities, no network: the file is a stranger's."""
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


def _body_elements(stream: IO[bytes]) -> Iterator[Any]:
    """The paragraphs, tables and content controls that stand directly in the body."""
    for element in _parse(stream, tag=("{*}p", "{*}tbl", "{*}sdt", "{*}AlternateContent")):
        parent = element.getparent()
        if parent is not None and local_name(parent) == "body":
            yield element
            element.clear()
            while element.getprevious() is not None:
                del parent[0]


def _elements(package: zipfile.ZipFile, name: str, tag: str) -> list[Any]:
    """Elements of a part that a document can do without: styles, notes, properties."""
    if name not in package.namelist():
        return []
    with _open(package, name) as stream:
        try:
            return list(_parse(stream, tag="{*}" + tag))
        except etree.XMLSyntaxError:
            return []


def _properties(package: zipfile.ZipFile) -> dict[str, str]:
    """The core properties that say something, by local name."""
    found = {
        local_name(element): metadata_value(element.text or "")
        for root in _elements(package, "docProps/core.xml", "coreProperties")
        for element in root
    }
    return {name: value for name, value in found.items() if value}
