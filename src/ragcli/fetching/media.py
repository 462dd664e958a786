"""What a server says it sends: the suffix that such a file has, and its charset."""

from __future__ import annotations

from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

# A type that says what the file is. `text/plain` and binary types say nothing: sources, Markdown
# and downloads of any kind are served so, and their name says more.
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/json": ".json",
    "application/yaml": ".yaml",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "text/x-rst": ".rst",
    "application/x-tex": ".tex",
    "application/x-latex": ".tex",
    "application/x-ipynb+json": ".ipynb",
    "application/epub+zip": ".epub",
    "application/x-fictionbook+xml": ".fb2",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "message/rfc822": ".eml",
    "application/mbox": ".mbox",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "image/gif": ".gif",
    "image/webp": ".webp",
}
_BY_FAMILY = {"+xml": ".xml", "+json": ".json"}
# Characters, of up to four bytes: file systems take 255 bytes.
_LONGEST_NAME = 60


def suffix_of(content_type: str, disposition: str, url: str) -> str:
    """The suffix of a file from its Content-Type, else the name that Content-Disposition gives it,
    else the address; ``.txt`` for text without any, ``""`` where only the content can tell."""
    kind = _header(content_type).get_content_type() if content_type else ""
    if kind in _SUFFIXES:
        return _SUFFIXES[kind]
    for ending, suffix in _BY_FAMILY.items():
        if kind.endswith(ending):
            return suffix
    name = _file_name(disposition) or unquote(urlsplit(url).path).rpartition("/")[2]
    suffix = PurePosixPath(name).suffix.lower()
    # `/v1.2` has none.
    if len(suffix) <= _LONGEST_NAME and suffix[1:].isalnum() and not suffix[1:].isdecimal():
        return suffix
    return ".txt" if kind.startswith("text/") else ""


def charset_of(content_type: str) -> str:
    """The charset that Content-Type declares; ``""`` when it declares none."""
    return _header(content_type).get_content_charset("") if content_type else ""


def name_of(url: str) -> str:
    """The last part of an address without its suffix, as a file's name: some readers use it."""
    stem = PurePosixPath(unquote(urlsplit(url).path)).stem
    kept = "".join(c if c.isalnum() or c in "-_." else "_" for c in stem)
    return kept[:_LONGEST_NAME].strip(".") or "page"


def _file_name(disposition: str) -> str:
    return str(_header("", disposition).get_filename("")) if disposition else ""


def _header(content_type: str, disposition: str = "") -> Message:
    """Parsed as mail is: both have the same grammar, and the parser takes anything."""
    message = Message()
    message["content-type"] = content_type.replace("\n", " ").replace("\r", " ")
    if disposition:
        message["content-disposition"] = disposition.replace("\n", " ").replace("\r", " ")
    return message
