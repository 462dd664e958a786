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
        ".txt .text .log .sty .po .dtd .ent",
    ),
    "markdown": ("markdown", ".md .markdown .mdown .mkd .mkdn .mdx .qmd .rmd"),
    "rst": ("rst", ".rst .rest"),
    "asciidoc": ("asciidoc", ".adoc .asciidoc .asc"),
    "org": ("org", ".org"),
    "mediawiki": ("mediawiki", ".wiki .mediawiki"),
    "patch": ("patch", ".diff .patch"),
    "man": ("man", ".man .mdoc"),
    "subtitles": ("subtitles", ".srt .vtt .ass .ssa .sbv"),
    "notebook": ("notebook", ".ipynb"),
    "latex": ("latex", ".tex .ltx .latex"),
    "bibtex": ("bibtex", ".bib"),
    "html": ("html", ".html .htm .xhtml"),
    "epub": ("epub", ".epub .kepub"),
    "fb2": ("fb2", ".fb2 .fb2.zip .fbz"),
    "mhtml": ("mhtml", ".mhtml .mht"),
    "pdf": ("pdf", ".pdf"),
    "docx": ("docx", ".docx .docm .dotx .dotm"),
    "rtf": ("rtf", ".rtf"),
    "odt": ("odt", ".odt .ott .fodt .sxw .stw"),
    "odp": ("odp", ".odp .otp .fodp .odg .otg .fodg .sxi .sti"),
    "pptx": ("pptx", ".pptx .pptm .ppsx .ppsm .potx .potm"),
    "json": ("jsondata", ".json .jsonl .ndjson .geojson .jsonld .webmanifest"),
    "ods": ("ods", ".ods .ots .fods"),
    "yaml": ("yamldata", ".yaml .yml"),
    "ini": ("ini", ".toml .ini .cfg .conf .properties .env .desktop .service"),
    "xml": (
        "xmldata",
        ".xml .rss .atom .rdf .opml .dita .ditamap .docbook .dbk .tei .kml .gpx .resx .plist"
        " .xlf .xliff .tmx .xsd .wsdl",
    ),
    "csv": ("delimited", ".csv .tsv .tab"),
    "spreadsheetml": ("spreadsheetml", ""),
    "xlsx": ("xlsx", ".xlsx .xlsm .xltx .xltm"),
    "mail": ("mail", ".eml .emlx"),
    "mbox": ("mbox", ".mbox .mbx"),
    "archive": ("archives", ".zip .tar .gz .tgz .bz2 .tbz2 .xz .txz"),
    "picture": ("picture", ".png .jpg .jpeg .tif .tiff .bmp .webp .gif"),
    "code": (
        "code",
        ".py .pyi .pyw .pyx .js .mjs .cjs .jsx .ts .tsx .mts .cts .vue .svelte .css .scss .sass"
        " .less .java .kt .kts .scala .sc .groovy .gradle .c .h .cc .cpp .cxx .c++ .hh .hpp .hxx"
        " .inl .cu .cuh .ino .cs .fs .fsi .fsx .go .rs .swift .m .mm .rb .rake .gemspec .cr .php"
        " .pl .pm .lua .r .jl .dart .ex .exs .erl .hrl .hs .lhs .elm .purs .ml .mli .clj .cljs"
        " .cljc .edn .lisp .lsp .cl .el .scm .ss .rkt .sh .bash .zsh .ksh .fish .ps1 .psm1 .psd1"
        " .bat .cmd .sql .proto .thrift .graphql .gql .tf .tfvars .hcl .cmake .mk .zig .nim .v .sv"
        " .svh .vh .vhd .vhdl .asm .s .f .for .f77 .f90 .f95 .f03 .f08 .pas .pp .dpr .vb .bas .vbs"
        " .sol .awk .tcl .coffee",
    ),
}
# Formats whose reader starts from decoded text.
_TEXT_FORMATS = (
    "text markdown rst asciidoc org mediawiki patch man latex bibtex subtitles notebook html code"
    " csv json yaml ini xml"
)
TEXT_FORMATS = frozenset(_TEXT_FORMATS.split())

ARCHIVE = "archive"
# Formats whose files hold others (see parts.py), and those of them that have no text of their own.
HOLDERS = frozenset({"mail", "mbox", ARCHIVE})
WITHOUT_TEXT = frozenset({"mbox", ARCHIVE})

FORMAT_OF_SUFFIX = {
    suffix: name for name, (_, suffixes) in READERS.items() for suffix in suffixes.split()
}

# Files that are known by their whole name.
_CODE_NAMES = (
    "makefile gnumakefile dockerfile containerfile jenkinsfile rakefile gemfile vagrantfile"
    " cmakelists.txt"
)
FORMAT_OF_NAME = dict.fromkeys(_CODE_NAMES.split(), "code")

# Documents that somebody wants to have read: they are reported, with the way to have them read.
_CURES = {
    suffix: cure
    for suffixes, cure in {
        ".doc .dot .wps .wpd": "convert it: soffice --headless --convert-to docx FILE",
        ".xls .xlt .xlsb .et": "convert it: soffice --headless --convert-to xlsx FILE",
        ".ppt .pps .pot": "convert it: soffice --headless --convert-to pptx FILE",
        ".pages": "save it in Pages: File > Export To > Word",
        ".numbers": "save it in Numbers: File > Export To > Excel",
        ".key": "save it in Keynote: File > Export To > PowerPoint",
        ".mobi .azw .azw3 .prc": "convert it to .epub, with Calibre",
        ".djvu .xps .ps .chm": "convert it to .pdf or .html",
        ".msg": "save it as .eml (in Outlook: drag it into another mail program, or forward it as"
        " an attachment)",
        ".pst .ost": "export its folders as .mbox or .eml",
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
        ".heic .heif .avif .ico .psd .xcf .svg .svgz .raw .cr2 .nef .ai .eps": _PICTURE,
        ".mp3 .wav .flac .ogg .oga .opus .m4a .aac .wma .mid .aiff": _SOUND,
        ".mp4 .m4v .mkv .mov .avi .webm .wmv .flv .mpg .mpeg .3gp": _VIDEO,
        ".zst .lz4 .7z .rar .jar .war .whl .egg .deb .rpm .iso .dmg .cab .apk .crx .br": _ARCHIVE,
        ".exe .dll .so .dylib .o .a .lib .obj .pyc .pyo .class .wasm .bin .msi .ko": _PROGRAM,
        ".sqlite .sqlite3 .db .mdb .parquet .arrow .feather .h5 .hdf5 .npy .npz .pkl .pickle .pt"
        " .pth .safetensors .onnx .gguf .faiss .ttf .otf .woff .woff2 .eot .swp .dat": _DATA,
    }.items()
    for suffix in suffixes.split()
}
BINARY_SUFFIXES = frozenset(_BINARIES)
# Those that Tesseract reads, where it is installed.
PICTURE_SUFFIXES = frozenset(READERS["picture"][1].split())
DOCUMENT_SUFFIXES = frozenset(_CURES)

_TEXT_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Names under which programs have always saved more than one kind of file, and opened whatever it
# was: a "Word document" may be RTF, a page of HTML or a .docx renamed. Their content decides.
_LEGACY = frozenset((".doc", ".dot", ".wps", ".xls", ".xlt", ".ppt", ".pps", ".pot"))
_OFFICE = frozenset(("docx", "pptx", "xlsx", "odt", "odp", "ods", "rtf"))
_ZIP_MARK = b"PK\x03\x04"
# The first part of an Office package that lies in a folder of its program, by its local header
# (APPNOTE 4.3.7: the name stands 30 bytes from the mark). The first part of the others is their
# type.
_OFFICE_PART = re.compile(rb"PK\x03\x04.{26}(word|ppt|xl)[/\\]", re.DOTALL | re.IGNORECASE)
_OFFICE_FORMATS = {b"word": "docx", b"ppt": "pptx", b"xl": "xlsx"}
_MIMETYPE = re.compile(
    rb"PK\x03\x04.{26}mimetype.{0,64}?application/(?:vnd\.oasis\.opendocument\.)?([\w+.-]+?)"
    rb"(?=PK|\s)",
    re.DOTALL,
)
# The same in one XML, without a zip; far behind the names of its name spaces.
_FLAT = re.compile(
    rb"<office:document\s[^>]{0,16384}?application/vnd\.oasis\.opendocument\.([\w-]+)"
)
_FLAT_WORD = re.compile(rb"^[^<]{0,64}<\?(?:[^<]|<\?){0,1024}<(?:\w+:wordDocument|pkg:package)\b")
_MIMETYPE_FORMATS = {
    b"text": "odt",
    b"presentation": "odp",
    b"graphics": "odp",
    b"spreadsheet": "ods",
    b"vnd.sun.xml.writer": "odt",
    b"vnd.sun.xml.impress": "odp",
    b"epub+zip": "epub",
}
# The first element of an XML file, behind declarations and comments, without its prefix.
_XML_ROOT = re.compile(rb"<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>])(?<!<!)")
_XML_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_XML_ROOTS = {b"html": "html", b"FictionBook": "fb2", b"Workbook": "spreadsheetml"}
_XML_HEAD_BYTES = 32768
# How far into a file its HTML may start, after a comment or an XML declaration.
_HTML_HEAD_BYTES = 1024
# Manual pages have their section as their suffix, as old logs have a number; pod2man writes some
# six thousand bytes of definitions above the title.
_MAN_HEAD = re.compile(rb"^\.(?:TH|Dd|Dt) +\S", re.MULTILINE)
_MAN_HEAD_BYTES = 8192


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
    named = FORMAT_OF_NAME.get(path.name.lower()) or FORMAT_OF_SUFFIX.get(suffix)
    if named in _OFFICE or suffix in _LEGACY:
        found = _format_of_content(head) or named
        is_table = named in ("xlsx", "ods") or suffix in (".xls", ".xlt")
        return "csv" if is_table and found == "text" else found
    if named == "pdf" and _format_of_content(head) == "html":
        return "html"  # what a server sends in place of the PDF that was asked for
    if named == "xml":
        return _format_of_xml(head) or named
    if named:
        return named
    return None if unsupported_reason(path) else _format_of_content(head)


def _format_of_content(head: bytes) -> str | None:
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(_ZIP_MARK):
        found = _format_of_zip(head)
        return found if found in READERS else None
    if head[:64].lstrip().startswith(b"{\\rtf") and "rtf" in READERS:
        return "rtf"
    if _FLAT.search(head[:_XML_HEAD_BYTES]):
        return _format_of_xml(head)
    start = head[:_HTML_HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) or (
        start.startswith((b"<?xml", b"<!--")) and b"<html" in start
    ):
        return "html"
    if is_binary(head):
        return None
    if start.startswith(b"<?xml"):
        return _format_of_xml(head) or "xml"
    if head.startswith(b"#!"):
        return "code"
    if _MAN_HEAD.search(head[:_MAN_HEAD_BYTES]):
        return "man"
    return _mail_of_content(head) or "text"


def _mail_of_content(head: bytes) -> str | None:
    """A mail folder's files have no suffixes."""
    from ragcli.reading.mail import looks_like_mail
    from ragcli.reading.mbox import looks_like_mbox

    if looks_like_mbox(head):
        return "mbox"
    return "mail" if looks_like_mail(head) else None


def _format_of_xml(head: bytes) -> str | None:
    """The format whose files are one XML, from its root element; None when it is any other."""
    found: str | None
    if _FLAT_WORD.search(head[:_XML_HEAD_BYTES]):
        found = "docx"
    elif flat := _FLAT.search(head[:_XML_HEAD_BYTES]):
        found = _MIMETYPE_FORMATS.get(flat[1].removesuffix(b"-template"))
    else:
        root = _XML_ROOT.search(_XML_COMMENT.sub(b"", head[:_XML_HEAD_BYTES]))
        found = _XML_ROOTS.get(root[1]) if root else None
    return found if found in READERS else None


def _format_of_zip(head: bytes) -> str | None:
    if (mimetype := _MIMETYPE.match(head)) and (
        found := _MIMETYPE_FORMATS.get(mimetype[1].removesuffix(b"-template"))
    ):
        return found
    part = _OFFICE_PART.search(head)
    return _OFFICE_FORMATS[part[1].lower()] if part else None


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
