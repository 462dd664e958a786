"""Which reader reads which file: the one table of formats.

A suffix decides where it is known; else the content does. To add a format, write
``reading/<module>.py`` with ``read(data: bytes, path: PurePath) -> Document`` and add its line
to ``READERS``.
"""

from __future__ import annotations

import codecs
import re
from pathlib import PurePath

from ragcli.domain import Problem
from ragcli.reading.encodings import looks_binary

# format -> (module in ragcli.reading, suffixes)
READERS: dict[str, tuple[str, str]] = {
    "text": (
        "text",
        ".txt .text .log .rst .adoc .asciidoc .org .yaml .yml .toml"
        " .ini .cfg .conf .properties .env .tex .bib .srt .vtt .po .diff .patch",
    ),
    "markdown": ("markdown", ".md .markdown .mdown .mkd .mdx"),
    "html": ("html", ".html .htm .xhtml"),
    "pdf": ("pdf", ".pdf"),
    "docx": ("docx", ".docx"),
    "json": ("jsondata", ".json .jsonl .ndjson .geojson .jsonld .webmanifest"),
    "ods": ("ods", ".ods .ots .fods"),
    "xml": (
        "xmldata",
        ".xml .rss .atom .rdf .opml .dita .ditamap .docbook .dbk .tei .kml .gpx .resx .plist"
        " .xlf .xliff .tmx .xsd .wsdl",
    ),
    "csv": ("delimited", ".csv .tsv .tab"),
    "xlsx": ("xlsx", ".xlsx .xlsm .xltx .xltm"),
    "code": (
        "code",
        ".py .pyi .js .mjs .cjs .jsx .ts .tsx .vue .svelte .css .scss .less .java .kt .kts .scala"
        " .groovy .c .h .cc .cpp .cxx .hh .hpp .hxx .cs .fs .go .rs .swift .m .mm .rb .php .pl .pm"
        " .lua .r .jl .dart .ex .exs .erl .hrl .hs .ml .mli .clj .cljs .lisp .el .scm .sh .bash"
        " .zsh .fish .ps1 .bat .sql .proto .thrift .graphql .tf .cmake .gradle .zig .nim .v .vhd"
        " .asm .s .f90 .pas .sol",
    ),
}
# Formats whose reader starts from decoded text.
TEXT_FORMATS = frozenset({"text", "markdown", "html", "code", "csv", "json", "xml"})

FORMAT_OF_SUFFIX = {
    suffix: name for name, (_, suffixes) in READERS.items() for suffix in suffixes.split()
}

# Documents that somebody wants to have read: they are reported, with the way to have them read.
_CURES = {
    suffix: cure
    for suffixes, cure in {
        ".doc .dot .rtf .odt .wps .pages .wpd": "save it as .docx or .pdf",
        ".xls .xlsb .xlt .et .numbers": "save it as .xlsx",
        ".ppt .pptx .odp .key": "save it as .pdf",
        ".epub .mobi .azw3 .djvu .xps .ps .chm": "convert it to .pdf or .html",
        ".eml .msg .mbox .mhtml .mht": "save its text as .txt or .html",
        ".docm .dotx": "save it as .docx",
    }.items()
    for suffix in suffixes.split()
}

_PICTURE = "a picture"
_SOUND = "sound"
_VIDEO = "video"
_ARCHIVE = "an archive"
_PROGRAM = "a program"
_DATA = "binary data"
# What holds no text that a reader could ever give: left out without a word when found in a folder.
_BINARIES = {
    suffix: noun
    for suffixes, noun in {
        ".png .jpg .jpeg .gif .bmp .tif .tiff .webp .heic .heif .avif .ico .psd .xcf .svg .svgz"
        " .raw .cr2 .nef .ai .eps": _PICTURE,
        ".mp3 .wav .flac .ogg .oga .opus .m4a .aac .wma .mid .aiff": _SOUND,
        ".mp4 .m4v .mkv .mov .avi .webm .wmv .flv .mpg .mpeg .3gp": _VIDEO,
        ".zip .tar .gz .tgz .bz2 .tbz2 .xz .txz .zst .lz4 .7z .rar .jar .war .whl .egg .deb .rpm"
        " .iso .dmg .cab .apk .crx .br": _ARCHIVE,
        ".exe .dll .so .dylib .o .a .lib .obj .pyc .pyo .class .wasm .bin .msi .ko": _PROGRAM,
        ".sqlite .sqlite3 .db .mdb .parquet .arrow .feather .h5 .hdf5 .npy .npz .pkl .pickle .pt"
        " .pth .safetensors .onnx .gguf .faiss .ttf .otf .woff .woff2 .eot .swp .dat": _DATA,
    }.items()
    for suffix in suffixes.split()
}
BINARY_SUFFIXES = frozenset(_BINARIES)
DOCUMENT_SUFFIXES = frozenset(_CURES)

_TEXT_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# What stands in a zip of parts for it to be a document of that format.
_ZIP_MARKS = {
    b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet": "ods",
    b"word/": "docx",
    b"xl/": "xlsx",
}
# The first element of an XML file, behind declarations and comments, without its prefix.
_XML_ROOT = re.compile(rb"<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>])(?<!<!)")
_XML_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_XML_ROOTS = {b"html": "html", b"FictionBook": "fb2"}
# OpenDocument without a zip says what it is behind the names of its name spaces.
_FLAT_MIMETYPE = re.compile(
    rb"mimetype=.application/vnd\.oasis\.opendocument\.(text|presentation|spreadsheet)"
)
_FLAT_FORMATS = {b"text": "odt", b"presentation": "odp", b"spreadsheet": "ods"}
_XML_HEAD_BYTES = 32768
# How far into a file its HTML may start, after a comment or an XML declaration.
_HTML_HEAD_BYTES = 1024


def format_of(path: PurePath, head: bytes) -> str | None:
    """The format of a file from its name, else from its first bytes; None when it has no reader.

    ``head`` is the file's beginning, at best 8 KiB or all of it.
    """
    suffix = path.suffix.lower()
    if suffix in FORMAT_OF_SUFFIX:
        named = FORMAT_OF_SUFFIX[suffix]
        return _format_of_xml(head) or named if named == "xml" else named
    return None if unsupported_reason(path) else _format_of_content(head)


def _format_of_content(head: bytes) -> str | None:
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return next((name for mark, name in _ZIP_MARKS.items() if mark in head), None)
    start = head[:_HTML_HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) or (
        start.startswith((b"<?xml", b"<!--")) and b"<html" in start
    ):
        return "html"
    if is_binary(head):
        return None
    if start.startswith(b"<?xml"):
        return _format_of_xml(head) or "xml"
    return "code" if head.startswith(b"#!") else "text"


def _format_of_xml(head: bytes) -> str | None:
    """The format whose files are one XML, from its root element; None when it is any other."""
    head = _XML_COMMENT.sub(b"", head[:_XML_HEAD_BYTES])
    root = _XML_ROOT.search(head)
    found = _XML_ROOTS.get(root[1]) if root else None
    if root and root[1] == b"document" and (mimetype := _FLAT_MIMETYPE.search(head, root.end())):
        found = _FLAT_FORMATS.get(mimetype[1])
    return found if found in READERS else None


def is_binary(head: bytes) -> bool:
    """True for the beginning of a file that is no text: a NUL, or controls no text contains."""
    if head.startswith(_TEXT_MARKS):
        return looks_binary(head)
    return b"\0" in head or looks_binary(head)


def unsupported_reason(path: PurePath) -> Problem | None:
    """Why a file of this name cannot be read, and what to do; None when its name says nothing."""
    suffix = path.suffix.lower()
    if suffix in _CURES:
        return Problem("unsupported", f"no reader for {suffix} files", _CURES[suffix])
    if suffix in _BINARIES:
        return Problem("unsupported", f"{_BINARIES[suffix]} ({suffix}) has no text to read")
    return None
