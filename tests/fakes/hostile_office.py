"""Presentations, OpenDocument and RTF files that harm, and documents under each other's names."""

from __future__ import annotations

from collections.abc import Callable

from fakes.hostile_package import OLE, TEXT, document, docx, packed, paragraph

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
URN = "urn:oasis:names:tc:opendocument:xmlns"
_LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(12)
)


def pptx(slides: list[str], shows: int = 1) -> bytes:
    """A presentation that shows each of its slides so often."""
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/slide" Target="slide{n}.xml"/>'
        for n in range(len(slides))
    )
    shown = "".join(f'<p:sldId id="9" r:id="r{n}"/>' for n in range(len(slides))) * shows
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="{OFFICE}"><p:sldIdLst>'
        f"{shown}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{links}</Relationships>",
    }
    return packed(parts | {f"ppt/slide{n}.xml": slide for n, slide in enumerate(slides)})


def slide(shapes: str) -> str:
    return f'<p:sld xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'


def shape(text: str = TEXT) -> str:
    return f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def odt(body: str, before: str = "", **others: str) -> bytes:
    content = (
        f'{before}<o:document-content xmlns:o="{URN}:office:1.0" xmlns:t="{URN}:text:1.0"'
        f' xmlns:b="{URN}:table:1.0"><o:body><o:text>{body}</o:text></o:body></o:document-content>'
    )
    mimetype = "application/vnd.oasis.opendocument.text"
    return packed({"mimetype": mimetype, "content.xml": content, **others})


_LINE = f"<t:p>{TEXT}</t:p>"
_CELLS = "<b:table><b:table-row><b:table-cell>"
_RTF = rb"{\rtf1\ansi "

FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "same-slide-for-ever.pptx": (lambda: pptx([slide(shape())], 20_000), "stored|failed|too_large"),
    "missing-slides.pptx": (
        lambda: pptx([slide(shape()), "", "junk"]).replace(b"slide0", b"slide9"),
        "failed|partly",
    ),
    "deep-groups.pptx": (
        lambda: pptx([slide(shape()), slide("<p:grpSp>" * 100_000 + shape())]),
        "partly",
    ),
    "wide-slide.pptx": (lambda: pptx([slide(shape("word") * 30_000)]), "stored|too_large"),
    "blank-bomb.pptx": (lambda: pptx([slide(" " * (100 << 20))]), "too_large|failed"),
    "laughs.pptx": (
        lambda: pptx([f"<!DOCTYPE x [{_LAUGHS}]>{slide(shape(f'{TEXT}&l11;'))}"]),
        "stored|partly|failed",
    ),
    "cut.pptx": (lambda: pptx([slide(shape())])[:-200], "failed"),
    "encrypted.odt": (
        lambda: odt("x", **{"META-INF/manifest.xml": "<m><encryption-data/></m>"}),
        "encrypted",
    ),
    "deep-sections.odt": (lambda: odt(_LINE + "<t:section>" * 100_000 + _LINE), "partly"),
    "deep-tables.odt": (lambda: odt(_LINE + _CELLS * 3000 + _LINE), "partly"),
    "laughs.odt": (
        lambda: odt(f"<t:p>{TEXT}&l11;</t:p>", f"<!DOCTYPE x [{_LAUGHS}]>"),
        "stored|partly|failed",
    ),
    "many-spaces.odt": (lambda: odt(f'<t:p>a<t:s t:c="99999"/>{TEXT}</t:p>' * 500), "stored"),
    "no-xml.fodt": (lambda: b"<?xml " + TEXT.encode(), "failed|stored|no_text"),
    "braces.rtf": (lambda: _RTF + b"{" * 100_000 + TEXT.encode(), "stored"),
    "many-braces.rtf": (lambda: _RTF + b"{" * 3_000_000 + TEXT.encode(), "stored|too_large|failed"),
    "closed-too-often.rtf": (lambda: _RTF + TEXT.encode() + b"}" * 100_000, "stored"),
    "lies-about-binary.rtf": (
        lambda: _RTF + TEXT.encode() + rb"\bin4294967295 more}",
        "stored",
    ),
    "picture.rtf": (
        lambda: _RTF + rb"{\pict " + b"00ff" * 10_000_000 + b"}" + TEXT.encode() + b"}",
        "stored",
    ),
    "notes-in-notes.rtf": (lambda: _RTF + rb"{\footnote " * 30_000 + TEXT.encode(), "stored"),
    "cut.rtf": (lambda: _RTF + TEXT.encode() + rb"\par {\*\generator \u1", "stored"),
    "old.doc": (lambda: OLE + bytes(9000), "unsupported"),
    "rtf.doc": (lambda: _RTF + TEXT.encode() + b"}", "stored"),
    "page.doc": (lambda: b"<html><p>" + TEXT.encode(), "stored"),
    "text.doc": (lambda: TEXT.encode(), "stored"),
    "new.doc": (lambda: docx(paragraph()), "stored"),
    "one-xml.doc": (
        lambda: document(paragraph()).replace("w:document", "w:wordDocument").encode(),
        "stored",
    ),
    "old-deck.pptx": (lambda: OLE + bytes(9000), "unsupported"),
}
