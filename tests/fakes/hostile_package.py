"""Packages (DOCX, XLSX) that harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TEXT = "The cartographer drew the coast by the light of an oil lamp."
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def document(body: str, before: str = "") -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}{before}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'


def paragraph(text: str = TEXT) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override'
    ' PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)


def packed(parts: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return held.getvalue()


def docx(body: str, before: str = "", **others: str | bytes) -> bytes:
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS,
        "word/document.xml": document(body, before),
    }
    return packed(parts | others)


def _bad_checksum() -> bytes:
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as package:
        package.writestr("_rels/.rels", RELATIONS)
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("word/document.xml", document(paragraph()))
    return plain.getvalue().replace(b"cartographer", b"cartographxr")


def _padded(size: int) -> bytes:
    """A part of spaces, written without ever holding them."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("_rels/.rels", RELATIONS)
        with package.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(document("").removesuffix("</w:body></w:document>").encode())
            for _ in range(size >> 20):
                part.write(b" " * (1 << 20))
            part.write(f"{paragraph()}</w:body></w:document>".encode())
    return held.getvalue()


def _tables(depth: int) -> str:
    opening, closing = "<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"
    return opening * depth + paragraph() + closing * depth + paragraph()


_LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(12)
)

S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(rows: str, before: str = "", **others: str | bytes) -> bytes:
    """A sheet of these rows."""
    cell = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{TEXT}</t></is></c></row>'
    return packed(
        {
            "_rels/.rels": RELATIONS.replace("word/document.xml", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{S}" xmlns:r="{R}"><sheets>'
            '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": RELATIONS.replace(
                'officeDocument" Target="word/document.xml',
                'worksheet" Target="worksheets/sheet1.xml',
            ),
            "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{S}"><sheetData>{cell}{rows}'
            "</sheetData></worksheet>",
            **others,
        }
    )


_FAR_CELL = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>'
_SHARED = '<row r="2"><c r="A2" t="s"><v>999999999</v></c><c r="B2" t="s"><v>-1</v></c></row>'

FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "bad-checksum.docx": (_bad_checksum, "failed"),
    "cut.docx": (lambda: docx(paragraph() * 2000)[:-300], "failed"),
    "no-document.docx": (lambda: packed({"[Content_Types].xml": TYPES}), "unsupported|failed"),
    "not-xml.docx": (
        lambda: packed({"_rels/.rels": RELATIONS, "word/document.xml": "no xml"}),
        "failed",
    ),
    "encrypted.docx": (
        lambda: OLE + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(9000),
        "encrypted",
    ),
    "old-word.docx": (lambda: OLE + bytes(9000), "unsupported"),
    "nested-tables.docx": (lambda: docx(_tables(3000)), "failed|partly|stored"),
    "nested-runs.docx": (
        lambda: docx(
            f"<w:p>{'<w:ins>' * 3000}<w:r><w:t>{TEXT}</w:t></w:r>{'</w:ins>' * 3000}</w:p>"
        ),
        "failed|partly|stored",
    ),
    "blank-bomb.docx": (lambda: _padded(1 << 30), "too_large"),
    "blanks.docx": (lambda: _padded(200 << 20), "failed|stored|too_large|partly"),
    "laughs.docx": (
        lambda: docx(paragraph(f"{TEXT}&l11;"), f"<!DOCTYPE x [{_LAUGHS}]>"),
        "failed|stored|partly",
    ),
    "outside.docx": (
        lambda: docx(
            paragraph(f"{TEXT}&e;"), '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        ),
        "stored|failed",
    ),
    "paths.docx": (
        lambda: docx(paragraph(), **{"../../owned.txt": "x", "/etc/owned": "x"}),
        "stored",
    ),
    "only-blanks.docx": (lambda: docx(paragraph("  ") * 999), "no_text"),
    "many-paragraphs.docx": (lambda: docx(paragraph("word") * 100_000), "stored"),
    "lies-about-size.docx": (
        lambda: docx(paragraph() * 500).replace(
            len(document(paragraph() * 500)).to_bytes(4, "little"), b"\x10\0\0\0"
        ),
        "failed|partly|stored",
    ),
    "far-cell.xlsx": (lambda: workbook(_FAR_CELL), "stored"),
    "lost-strings.xlsx": (lambda: workbook(_SHARED), "stored|partly"),
    "bomb.xlsx": (
        lambda: workbook("<row><c><v>1</v></c></row>" * 300_000),
        "stored|partly|too_large",
    ),
    "strings-bomb.xlsx": (
        lambda: workbook(
            _SHARED, **{"xl/sharedStrings.xml": f'<sst xmlns="{S}">' + " " * (300 << 20) + "</sst>"}
        ),
        "stored|partly|too_large|failed",
    ),
    "laughs.xlsx": (
        lambda: workbook("", f"<!DOCTYPE x [{_LAUGHS}]>"),
        "stored|failed|partly",
    ),
    "outside.xlsx": (
        lambda: workbook(
            '<row r="2"><c r="A2" t="inlineStr"><is><t>&e;</t></is></c></row>',
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        ),
        "stored|failed|partly",
    ),
    "cut.xlsx": (lambda: workbook("<row/>" * 999)[:-200], "failed"),
    "encrypted.xlsx": (
        lambda: OLE + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(9000),
        "encrypted",
    ),
    "no-slides.pptx": (
        lambda: packed({"ppt/presentation.xml": "<x/>"}),
        "failed|no_text|unsupported",
    ),
    "laughs.odt": (
        lambda: packed(
            {
                "mimetype": "application/vnd.oasis.opendocument.text",
                "content.xml": f"<!DOCTYPE x [{_LAUGHS}]><x>{TEXT}&l11;</x>",
            }
        ),
        "failed|no_text|stored|partly",
    ),
    "paths.epub": (
        lambda: packed(
            {
                "mimetype": "application/epub+zip",
                "META-INF/container.xml": '<container><rootfiles><rootfile full-path="../../'
                'etc/passwd"/></rootfiles></container>',
            }
        ),
        "failed|no_text|unsupported",
    ),
    "bomb.zip": (lambda: packed({"a": bytes(50 << 20)}), "skipped: binary|skipped: archive"),
    "text.docx": (lambda: TEXT.encode() * 20, "stored|failed|unsupported"),
}
