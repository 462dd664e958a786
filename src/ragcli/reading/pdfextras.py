"""What a PDF holds beside the text of its pages, by PDFium: outline, labels, the values of forms,
notes, attached files and the facts about it.

All of it is what a document can do without: what cannot be read of it is left out. Lists may be
circles in a stranger's file; none is followed further than the limits here.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pypdfium2.raw as c
from lxml import etree

from ragcli.reading.extracted import one_line
from ragcli.reading.pdfpages import Bookmark

_MAX_BOOKMARKS = 20_000
_MAX_BOOKMARK_DEPTH = 20
_MAX_NOTES_A_PAGE = 2_000
_MAX_ATTACHMENTS = 1_000
# One text is not longer: larger is data.
_MAX_STRING_BYTES = 4 * 1024 * 1024
_MAX_XFA_BYTES = 16 * 1024 * 1024

# Fields whose value somebody typed or chose; the last two have one when they are not ticked, too.
_TICKED_FIELDS = (c.FPDF_FORMFIELD_CHECKBOX, c.FPDF_FORMFIELD_RADIOBUTTON)
_FIELDS = (
    c.FPDF_FORMFIELD_TEXTFIELD,
    c.FPDF_FORMFIELD_COMBOBOX,
    c.FPDF_FORMFIELD_LISTBOX,
    *_TICKED_FIELDS,
)
_UNTICKED = "Off"
# A popup shows its parent's text again; a link has none.
_WITHOUT_TEXT = (c.FPDF_ANNOT_POPUP, c.FPDF_ANNOT_LINK, c.FPDF_ANNOT_WIDGET)


def facts(document: Any) -> dict[str, str]:
    """What the file says of itself, by PDF's own names, as far as it does."""
    names = ("Title", "Author", "Subject", "Keywords", "CreationDate", "ModDate")
    values = {name: _string(partial(c.FPDF_GetMetaText, document, name.encode())) for name in names}
    return {name: value for name, value in values.items() if value}


def label(document: Any, index: int) -> str:
    """What a page is called, where that is not its number; ``index`` counts from 0."""
    found = one_line(_string(partial(c.FPDF_GetPageLabel, document, index)))
    return "" if found == str(index + 1) else found


def bookmarks(document: Any) -> dict[int, list[Bookmark]]:
    """The outline by index of page."""
    found: dict[int, list[Bookmark]] = defaultdict(list)
    seen: set[int] = set()
    waiting = [(1, c.FPDFBookmark_GetFirstChild(document, None))]
    while waiting and len(seen) < _MAX_BOOKMARKS:
        level, mark = waiting.pop()
        if not mark or (address := ctypes.addressof(mark.contents)) in seen:
            continue
        seen.add(address)
        waiting.append((level, c.FPDFBookmark_GetNextSibling(document, mark)))
        if level < _MAX_BOOKMARK_DEPTH:
            waiting.append((level + 1, c.FPDFBookmark_GetFirstChild(document, mark)))
        title = one_line(_string(partial(c.FPDFBookmark_GetTitle, mark)))
        page = _target(document, mark)
        if title and page >= 0:
            found[page].append(Bookmark(level, title))
    return found


def _target(document: Any, mark: Any) -> int:
    place = c.FPDFBookmark_GetDest(document, mark)
    if not place:
        action = c.FPDFBookmark_GetAction(mark)
        if action and c.FPDFAction_GetType(action) == c.PDFACTION_GOTO:
            place = c.FPDFAction_GetDest(document, action)
    return int(c.FPDFDest_GetDestPageIndex(document, place)) if place else -1


def attachments(document: Any) -> list[str]:
    """The names of the files that are attached to the document."""
    names = []
    for i in range(min(c.FPDFDoc_GetAttachmentCount(document), _MAX_ATTACHMENTS)):
        file = c.FPDFDoc_GetAttachment(document, i)
        if file:
            names.append(one_line(_attachment_name(file)))
    return [name for name in names if name]


def _attachment_name(file: Any) -> str:
    return _string(partial(c.FPDFAttachment_GetName, file))


@contextmanager
def form(document: Any) -> Iterator[Any]:
    """The handle of the document's form; None when it has none."""
    handle = None
    config = c.FPDF_FORMFILLINFO(version=2)
    if c.FPDF_GetFormType(document) != c.FORMTYPE_NONE:
        handle = c.FPDFDOC_InitFormFillEnvironment(document, config)
    try:
        yield handle
    finally:
        if handle:
            c.FPDFDOC_ExitFormFillEnvironment(handle)


def page_extras(page: Any, form_handle: Any) -> list[str]:
    """The values of the fields on a page as one paragraph, then each note."""
    values: list[str] = []
    notes: list[str] = []
    for i in range(min(c.FPDFPage_GetAnnotCount(page), _MAX_NOTES_A_PAGE)):
        note = c.FPDFPage_GetAnnot(page, i)
        if not note:
            continue
        try:
            kind = c.FPDFAnnot_GetSubtype(note)
            if kind == c.FPDF_ANNOT_WIDGET and form_handle:
                values.append(_field(note, form_handle))
            elif kind not in _WITHOUT_TEXT:
                notes.append(_note(note))
        finally:
            c.FPDFPage_CloseAnnot(note)
    filled = "\n".join(dict.fromkeys(value for value in values if value))
    return [text for text in (filled, *dict.fromkeys(notes)) if text]


def _field(note: Any, form_handle: Any) -> str:
    """``name: value``; empty for a field that is empty, not ticked, or a button."""

    def asked(function: Any) -> str:
        return _string(partial(function, form_handle, note)).strip()

    kind = c.FPDFAnnot_GetFormFieldType(form_handle, note)
    name = one_line(asked(c.FPDFAnnot_GetFormFieldAlternateName)) or one_line(
        asked(c.FPDFAnnot_GetFormFieldName)
    )
    if kind not in _FIELDS:
        return ""
    value = asked(c.FPDFAnnot_GetFormFieldValue)
    if value == _UNTICKED and kind in _TICKED_FIELDS:
        return ""
    return f"{name}: {value}" if value and name else value


def _note(note: Any) -> str:
    text = _string(partial(c.FPDFAnnot_GetStringValue, note, b"Contents")).strip()
    if c.FPDFAnnot_GetSubtype(note) == c.FPDF_ANNOT_FILEATTACHMENT:
        file = c.FPDFAnnot_GetFileAttachment(note)
        name = one_line(_attachment_name(file)) if file else ""
        text = f"{name}: {text}" if name and text and name != text else name or text
    return text


def xfa_text(document: Any) -> str:
    """The text of a form that is made of XML only (XFA): what is printed on it and what was filled
    in, a line each. PDFium shows such a form's page as a request to use another viewer."""
    packets: dict[str, bytes] = {}
    for i in range(max(c.FPDF_GetXFAPacketCount(document), 0)):
        name = ctypes.create_string_buffer(64)
        c.FPDF_GetXFAPacketName(document, i, name, len(name))
        size = ctypes.c_ulong()
        c.FPDF_GetXFAPacketContent(document, i, None, 0, size)
        if 0 < size.value <= _MAX_XFA_BYTES:
            content = ctypes.create_string_buffer(size.value)
            c.FPDF_GetXFAPacketContent(document, i, content, size.value, size)
            packets[name.value.decode("latin-1")] = content.raw
    lines: list[str] = []
    lines += _xml_lines(packets.get("template", b""), values_only=False)
    lines += _xml_lines(packets.get("datasets", b""), values_only=True)
    return "\n".join(dict.fromkeys(lines))


def _xml_lines(content: bytes, *, values_only: bool) -> Iterator[str]:
    """The texts of a template (its ``text`` elements and rich text) or of the data."""
    if not content:
        return
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, recover=True, remove_comments=True
    )
    root = etree.fromstring(content, parser)
    if root is None:
        return
    for element in root.iter(etree.Element):
        name = element.tag.rpartition("}")[2]
        is_text = name == "text" or values_only
        if name == "exData" or (is_text and len(element) == 0):
            text = one_line("".join(element.itertext()))
            if text:
                yield text


def _string(call: Callable[..., int]) -> str:
    """What PDFium writes as UTF-16 into a buffer, once it has said how large it must be."""
    size = call(None, 0)
    if not 2 < size <= _MAX_STRING_BYTES:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    call(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace")
