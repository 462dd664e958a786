"""What a server says it sends: the suffix that such a file has, and its charset."""

from __future__ import annotations

import re
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
# Characters, of up to four bytes: file systems take 255 bytes, and a suffix follows.
_LONGEST_NAME = 60


# `; name=value` and `; name="value"` (RFC 9110). The mail package's parser raises a dozen errors on
# headers that somebody chose to be wrong.
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')
_SUFFIX = re.compile(r"\.(?![0-9]+\Z)[a-z0-9]{1,12}")  # `/v1.2` has none
_CHARSET = re.compile(r"[\w.:-]{1,40}", re.ASCII)


def suffix_of(content_type: str, disposition: str, url: str) -> str:
    """The suffix of a file from its Content-Type, else the name that Content-Disposition gives it,
    else the address; ``.txt`` for text without any, ``""`` where only the content can tell."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _SUFFIXES:
        return _SUFFIXES[kind]
    for ending, suffix in _BY_FAMILY.items():
        if kind.endswith(ending):
            return suffix
    name = _file_name(disposition) or unquote(urlsplit(url).path).rpartition("/")[2]
    suffix = PurePosixPath(name).suffix.lower()
    if _SUFFIX.fullmatch(suffix):
        return suffix
    return ".txt" if kind.startswith("text/") else ""


def charset_of(content_type: str) -> str:
    """The charset that Content-Type declares; ``""`` when it declares none."""
    charset = _parameters(content_type).get("charset", "").lower()
    return charset if _CHARSET.fullmatch(charset) else ""


def name_of(url: str) -> str:
    """The last part of an address without its suffix, as a file's name: some readers use it."""
    stem = PurePosixPath(unquote(urlsplit(url).path)).stem
    kept = "".join(c if c.isalnum() or c in "-_." else "_" for c in stem)
    return kept[:_LONGEST_NAME].strip(".") or "page"


def _file_name(disposition: str) -> str:
    told = _parameters(disposition)
    # `filename*` is percent-encoded behind its charset and language (RFC 8187), and goes before.
    return unquote(told.get("filename*", "").rpartition("'")[2]) or told.get("filename", "")


def _parameters(header: str) -> dict[str, str]:
    """By lower-case name; the first of a name counts."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(header):
        found.setdefault(name.lower(), quoted or plain)
    return found
