"""What a PDF holds beside its pages' text."""

from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from fakes.pdf_maker import file_of, objects_of, pdf_of, shown, stream

from ragcli.domain import Document
from ragcli.reading import pdf
from ragcli.reading.pdf import _date

TEXT = shown(50, 200, "Some text of a page.")


def read(data: bytes) -> Document:
    document = pdf.read(data, PurePath("a.pdf"))
    check(document)
    return document


def utf16(text: str) -> bytes:
    return f"<feff{text.encode('utf-16-be').hex()}>".encode()


def test_pages_have_their_labels():
    labels = b"/PageLabels<</Nums[0<</S/r>>2<</S/D>>4<</S/D/P(A-)>>]>>"
    document = read(pdf_of(*[TEXT] * 5, catalog=labels))
    assert [(page.number, page.label) for page in document.pages] == [
        (1, "i"),
        (2, "ii"),
        (3, "1"),
        (4, "2"),
        (5, "A-1"),
    ]
    assert {page.label for page in read(pdf_of(TEXT, TEXT)).pages} == {""}


def test_bookmarks_are_headings_with_their_levels():
    objects = objects_of(
        shown(50, 50, "1 The harbour") + TEXT,
        shown(50, 50, "雾的来历") + TEXT,
        catalog=b"/Outlines 5 0 R",
    )
    objects[5] = b"<</Type/Outlines/First 6 0 R/Last 6 0 R>>"
    objects[6] = b"<</Title(The Harbour)/Parent 5 0 R/First 7 0 R/Last 7 0 R/Dest[10 0 R/Fit]>>"
    objects[7] = b"<</Title %s/Parent 6 0 R/A<</S/GoTo/D[12 0 R/Fit]>>>>" % utf16("雾的来历")
    assert headings(read(file_of(objects))) == [(1, "The Harbour"), (2, "雾的来历")]


def test_an_outline_in_circles_ends():
    objects = objects_of(shown(50, 50, "One") + TEXT, catalog=b"/Outlines 5 0 R")
    objects[5] = b"<</Type/Outlines/First 6 0 R/Last 7 0 R>>"
    objects[6] = b"<</Title(One)/Parent 5 0 R/Next 7 0 R/First 6 0 R/Dest[10 0 R/Fit]>>"
    objects[7] = b"<</Title(Two)/Parent 5 0 R/Next 6 0 R/First 5 0 R/Dest[10 0 R/Fit]>>"
    assert headings(read(file_of(objects))) == [(1, "One")]


def form(*fields: bytes) -> bytes:
    numbers = b" ".join(b"%d 0 R" % (50 + i) for i in range(len(fields)))
    objects = objects_of(
        TEXT,
        TEXT,
        catalog=b"/AcroForm<</Fields[%s]>>" % numbers,
        page_of={0: b"/Annots[%s]" % numbers},
    )
    objects[90] = stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    for i, field in enumerate(fields):
        objects[50 + i] = b"<</Type/Annot/Subtype/Widget/Rect[50 50 90 90]%s>>" % field
    return file_of(objects)


def test_the_values_of_a_form_stand_at_the_end_of_its_page():
    document = read(
        form(
            b"/FT/Tx/T(name)/V(Ada Lovelace)",
            b"/FT/Tx/T(a7)/TU %s/V %s" % (utf16("地址"), utf16("码头一号")),
            b"/FT/Tx/T(empty)",
            b"/FT/Ch/T(country)/Ff 131072/Opt[(Norway)(Peru)]/V(Peru)",
            b"/FT/Btn/T(agreed)/V/Yes/AS/Yes/AP<</N<</Yes 90 0 R/Off 90 0 R>>>>",
            b"/FT/Btn/T(refused)/V/Off/AS/Off/AP<</N<</Yes 3 0 R/Off 3 0 R>>>>",
            b"/FT/Btn/T(send)/Ff 65536",
        )
    )
    first, second = document.pages
    assert document.text[first.char_start : first.char_end] == (
        "Some text of a page.\n\nname: Ada Lovelace\n地址: 码头一号\ncountry: Peru\nagreed: Yes"
    )
    assert document.text[second.char_start : second.char_end] == "Some text of a page."


def test_notes_stand_at_the_end_of_their_page():
    notes = (
        b"/Annots[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(See the log.)>>"
        b"<</Type/Annot/Subtype/Highlight/Rect[0 0 9 9]/Contents %s>>"
        b"<</Type/Annot/Subtype/Popup/Rect[0 0 9 9]/Contents(See the log.)>>"
        b"<</Type/Annot/Subtype/Highlight/Rect[0 0 9 9]>> 99 0 R null 7]" % utf16("以后再查")
    )
    document = read(pdf_of(TEXT, page=notes))
    assert pieces(document)[1:] == [("paragraph", "See the log."), ("paragraph", "以后再查")]


def test_attached_files_are_named():
    objects = objects_of(TEXT, catalog=b"/Names<</EmbeddedFiles<</Names[(a)5 0 R(b)6 0 R]>>>>")
    for number, name in ((5, b"(figures.xlsx)"), (6, utf16("说明.txt"))):
        objects[number] = b"<</Type/Filespec/F(x)/UF %s/EF<</F 7 0 R>>>>" % name
    objects[7] = stream(b"1,2,3", b"/Type/EmbeddedFile")
    document = read(file_of(objects))
    assert document.metadata["attachments"] == "figures.xlsx, 说明.txt"
    assert pieces(document)[-1] == ("paragraph", "Attachments: figures.xlsx, 说明.txt")


def test_a_form_of_xml_gives_its_text_and_its_values():
    template = (
        b"<template xmlns='http://www.xfa.org/schema/xfa-template/3.0/'><subform><draw><value>"
        b"<text>Declaration of cargo</text></value></draw><field name='f'><caption><value>"
        b"<exData><body><p>Weight in <b>tons</b></p></body></exData></value></caption></field>"
        b"<script>var hidden;</script></subform></template>"
    )
    entities = b"<!DOCTYPE x [<!ENTITY a 'boom'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    data = entities + b"<datasets><data><f>eleven</f><g>&a;&f;</g></data></datasets>"
    objects = objects_of(
        TEXT, catalog=b"/AcroForm<</Fields[]/XFA[(template)5 0 R(datasets)6 0 R]>>"
    )
    objects[5], objects[6] = stream(template), stream(data)
    text = read(file_of(objects)).text
    assert text == "Some text of a page.\n\nDeclaration of cargo\nWeight in tons\neleven"


@pytest.mark.parametrize(
    ("stated", "date"),
    [
        ("D:20230204123000+09'00'", "2023-02-04T12:30:00+09:00"),
        ("D:20230204123000Z", "2023-02-04T12:30:00+00:00"),
        ("D:202302041230", "2023-02-04T12:30:00"),
        ("20230204", "2023-02-04"),
        ("D:2023", "2023-01-01"),
        ("2023-02-04", "2023-02-04"),
        ("D:20231399", None),
        ("yesterday", None),
    ],
)
def test_dates(stated: str, date: str | None):
    assert _date(stated) == date
