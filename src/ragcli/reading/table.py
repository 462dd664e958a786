"""Which reader reads which file: the one table of formats.

A suffix decides where it is known; else the content does. To add a format, write
``reading/<module>.py`` with ``read(data: bytes, path: PurePath) -> Document`` and add its line
to ``READERS``.
"""

from __future__ import annotations

import codecs
from pathlib import PurePath

from ragcli.domain import Problem
from ragcli.reading.encodings import looks_binary

# format -> (module in ragcli.reading, suffixes)
READERS: dict[str, tuple[str, str]] = {
    "text": (
        "text",
        ".txt .text .log .rst .adoc .asciidoc .org .csv .tsv .json .jsonl .ndjson .yaml .yml .toml"
        " .ini .cfg .conf .properties .env .tex .bib .xml .srt .vtt .po .diff .patch",
    ),
    "markdown": ("markdown", ".md .markdown .mdown .mkd .mdx"),
    "html": ("html", ".html .htm .xhtml"),
    "epub": ("epub", ".epub .kepub"),
    "fb2": ("fb2", ".fb2 .fb2.zip .fbz"),
    "mhtml": ("mhtml", ".mhtml .mht"),
    "pdf": ("pdf", ".pdf"),
    "docx": ("docx", ".docx"),
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
TEXT_FORMATS = frozenset({"text", "markdown", "html", "code"})

FORMAT_OF_SUFFIX = {
    suffix: name for name, (_, suffixes) in READERS.items() for suffix in suffixes.split()
}

# Documents that somebody wants to have read: they are reported, with the way to have them read.
_CURES = {
    suffix: cure
    for suffixes, cure in {
        ".doc .dot .rtf .odt .wps .pages .wpd": "save it as .docx or .pdf",
        ".xls .xlsx .xlsm .ods .numbers": "save its sheets as .csv",
        ".ppt .pptx .odp .key": "save it as .pdf",
        ".mobi .azw .azw3 .prc": "convert it to .epub, with Calibre",
        ".djvu .xps .ps .chm": "convert it to .pdf or .html",
        ".eml .msg .mbox": "save its text as .txt or .html",
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
# How far into a file its HTML may start, after a comment or an XML declaration.
_HTML_HEAD_BYTES = 1024


def suffix_of(path: PurePath) -> str:
    """What a file's name says of its format: its suffix in lower case, or two that belong
    together."""
    two = "".join(path.suffixes[-2:]).lower()
    return two if two in FORMAT_OF_SUFFIX else path.suffix.lower()


def format_of(path: PurePath, head: bytes) -> str | None:
    """The format of a file from its name, else from its first bytes; None when it has no reader.

    ``head`` is the file's beginning, at best 8 KiB or all of it.
    """
    suffix = suffix_of(path)
    if suffix in FORMAT_OF_SUFFIX:
        return FORMAT_OF_SUFFIX[suffix]
    return None if unsupported_reason(path) else _format_of_content(head)


def _format_of_content(head: bytes) -> str | None:
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        if b"mimetypeapplication/epub+zip" in head:
            return "epub"
        return "docx" if b"word/" in head else None
    start = head[:_HTML_HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) or (
        start.startswith((b"<?xml", b"<!--")) and b"<html" in start
    ):
        return "html"
    if is_binary(head):
        return None
    return "code" if head.startswith(b"#!") else "text"


def is_binary(head: bytes) -> bool:
    """True for the beginning of a file that is no text: a NUL, or controls no text contains."""
    if head.startswith(_TEXT_MARKS):
        return looks_binary(head)
    return b"\0" in head or looks_binary(head)


def unsupported_reason(path: PurePath) -> Problem | None:
    """Why a file of this name cannot be read, and what to do; None when its name says nothing."""
    suffix = suffix_of(path)
    if suffix in _CURES:
        return Problem("unsupported", f"no reader for {suffix} files", _CURES[suffix])
    if suffix in _BINARIES:
        return Problem("unsupported", f"{_BINARIES[suffix]} ({suffix}) has no text to read")
    return None
