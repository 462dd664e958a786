import io
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import package, pptx
from ragcli.reading.dispatch import read_document

TITLE, CONTENT, TITLE_ONLY, BLANK = 0, 1, 5, 6
BOX = (Inches(1), Inches(1), Inches(4), Inches(1))


def save(presentation: Any) -> bytes:
    output = io.BytesIO()
    presentation.save(output)
    return output.getvalue()


def with_parts(data: bytes, changes: dict[str, str | Callable[[str], str] | None]) -> bytes:
    """The package with parts replaced, added, or (None) taken out."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(output, "w") as new:
        for name in old.namelist():
            change = changes.get(name, old.read(name).decode("latin-1"))
            if callable(change):
                new.writestr(name, change(old.read(name).decode()))
            elif name in changes and change is not None:
                new.writestr(name, change)
            elif name not in changes:
                new.writestr(name, old.read(name))
        for name in changes.keys() - set(old.namelist()):
            added = changes[name]
            assert isinstance(added, str)
            new.writestr(name, added)
    return output.getvalue()


def read(data: bytes) -> Document:
    document = read_document(PurePath("a.pptx"), data)
    assert document.format == "pptx" and not document.has_lines
    check(document)
    return document


def page_texts(document: Document) -> list[str]:
    return [document.text[p.char_start : p.char_end] for p in document.pages]


def add_slide(presentation: Any, layout: int) -> Any:
    return presentation.slides.add_slide(presentation.slide_layouts[layout])


def add_lines(frame: Any, *lines: tuple[int, str]) -> None:
    for i, (level, text) in enumerate(lines):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        paragraph.text, paragraph.level = text, level


def make() -> bytes:
    source = Presentation()
    source.core_properties.author = "作者"
    first = add_slide(source, TITLE)
    first.shapes.title.text = "检索增强生成"
    first.placeholders[1].text = "A short introduction"
    second = add_slide(source, CONTENT)
    second.shapes.title.text = "Two halves"
    add_lines(
        second.placeholders[1].text_frame,
        (0, "Dense vectors"),
        (1, "嵌入模型"),
        (0, "Keywords"),
    )
    second.notes_slide.notes_text_frame.text = "Say why both.\n两者都要。"
    third = add_slide(source, TITLE_ONLY)
    third.shapes.title.text = "Figures"
    table = third.shapes.add_table(2, 3, *BOX).table
    for column, text in enumerate(("Model", "维度", "Recall")):
        table.cell(0, column).text = text
    table.cell(1, 0).text = "mini"
    table.cell(1, 2).text = "0.9"
    third.shapes.add_textbox(*BOX).text_frame.text = "Source: own\vmeasurements"
    return save(source)


WHOLE = make()


def test_slides_titles_lists_tables_and_notes() -> None:
    document = read(WHOLE)
    assert page_texts(document) == [
        "检索增强生成\n\nA short introduction",
        "Two halves\n\n- Dense vectors\n  - 嵌入模型\n- Keywords\n\n"
        "Notes: Say why both.\n两者都要。",
        "Figures\n\nModel | 维度 | Recall\nmini |  | 0.9\n\nSource: own\nmeasurements",
    ]
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert headings(document) == [(1, "检索增强生成"), (1, "Two halves"), (1, "Figures")]
    assert [kind for kind, _ in pieces(document)] == [
        *("heading", "paragraph"),
        *("heading", "list", "paragraph"),
        *("heading", "table", "paragraph"),
    ]
    assert document.title == "检索增强生成" and document.metadata["author"] == "作者"


def test_slides_stand_in_the_order_of_the_presentation() -> None:
    source = Presentation()
    for number in range(12):
        add_slide(source, TITLE_ONLY).shapes.title.text = f"Slide {number}"
    order = source.slides._sldIdLst
    order.insert(0, order[-1])
    source.slides[1]._element.set("show", "0")
    titles = [title for _, title in headings(read(save(source)))]
    assert titles == ["Slide 11", *(f"Slide {number}" for number in range(11))]


def test_shapes_in_groups_stand_in_their_place_and_the_title_first() -> None:
    source = Presentation()
    slide = add_slide(source, TITLE_ONLY)
    slide.shapes.add_textbox(*BOX).text_frame.text = "before"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(*BOX).text_frame.text = "grouped"
    group.shapes.add_group_shape().shapes.add_textbox(*BOX).text_frame.text = "deeper"
    slide.shapes.add_textbox(*BOX).text_frame.text = "after"
    slide.shapes.title.text = "Title"
    tree = slide.shapes._spTree
    tree.append(slide.shapes.title._element)
    assert read(save(source)).text.split("\n\n") == [
        "Title",
        "before",
        "grouped",
        "deeper",
        "after",
    ]


def test_numbers_and_bullets() -> None:
    source = Presentation()
    frame = add_slide(source, BLANK).shapes.add_textbox(*BOX).text_frame
    bullets = [
        (0, '<a:buAutoNum type="arabicPeriod"/>'),
        (1, '<a:buAutoNum type="alphaLcParenR" startAt="3"/>'),
        (1, '<a:buAutoNum type="alphaLcParenR" startAt="3"/>'),
        (0, '<a:buAutoNum type="arabicPeriod"/>'),
        (0, '<a:buChar char="•"/>'),
        (0, "<a:buNone/>"),
        (0, '<a:buAutoNum type="ea1ChsPeriod"/>'),
    ]
    add_lines(frame, *((level, f"item{i}") for i, (level, _) in enumerate(bullets)))
    for paragraph, (_, xml) in zip(frame.paragraphs, bullets, strict=True):
        namespace = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        paragraph._p.get_or_add_pPr().append(etree.fromstring(xml.replace("/>", f" {namespace}/>")))
    assert pieces(read(save(source))) == [
        ("list", "1. item0\n  c) item1\n  d) item2\n2. item3\n- item4"),
        ("paragraph", "item5"),
        ("list", "一. item6"),
    ]


def test_charts_are_read() -> None:
    source = Presentation()
    data = CategoryChartData()
    data.categories = ["一月", "February"]
    data.add_series("Sales", (1.5, 2))
    data.add_series("成本", (3, 4))
    slide = add_slide(source, BLANK)
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Two months"
    assert pieces(read(save(source))) == [
        ("table", "Two months\n| Sales | 成本\n一月 | 1.5 | 3\nFebruary | 2 | 4")
    ]


def relation(kind: str, target: str) -> Callable[[str], str]:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = f'<Relationship Id="rIdX" Type="{office}/{kind}" Target="{target}"/></Relationships>'
    return lambda xml: xml.replace("</Relationships>", link)


def test_comments_and_diagrams() -> None:
    source = Presentation()
    slide = add_slide(source, TITLE_ONLY)
    slide.shapes.title.text = "Plan"
    frame = etree.fromstring(
        '<p:graphicFrame xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main">'
        '<g:relIds xmlns:g="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
        ' r:dm="rIdX" r:lo="rIdX"/></p:graphicFrame>'
    )
    slide.shapes._spTree.append(frame)
    box = "<d:pt><d:t><a:p><a:r><a:t>{}</a:t></a:r></a:p></d:t></d:pt>"
    data = with_parts(
        save(source),
        {
            "ppt/slides/_rels/slide1.xml.rels": relation("diagramData", "../diagrams/data1.xml"),
            "ppt/diagrams/data1.xml": f"<d:dataModel xmlns:d='d' xmlns:a='a'><d:ptLst>"
            f"{box.format('Collect')}{box.format('整理')}</d:ptLst></d:dataModel>",
        },
    )
    assert pieces(read(data))[1:] == [("table", "Collect\n整理")]
    slide.shapes._spTree.remove(frame)
    data = with_parts(
        save(source),
        {
            "ppt/_rels/presentation.xml.rels": relation("commentAuthors", "commentAuthors.xml"),
            "ppt/commentAuthors.xml": "<p:cmAuthorLst xmlns:p='p'>"
            "<p:cmAuthor id='3' name='王芳'/></p:cmAuthorLst>",
            "ppt/slides/_rels/slide1.xml.rels": relation("comments", "/ppt/comments/c1.xml"),
            "ppt/comments/c1.xml": "<p:cmLst xmlns:p='p' xmlns:a='a'>"
            "<p:cm authorId='3'><p:text>Too long</p:text></p:cm>"
            "<p:cm authorId='4'><p:replyLst><p:reply authorId='3'><p:txBody><a:p><a:r><a:t>好的"
            "</a:t></a:r></a:p></p:txBody></p:reply></p:replyLst></p:cm></p:cmLst>",
        },
    )
    assert pieces(read(data))[1:] == [
        ("paragraph", "Comment by 王芳: Too long"),
        ("paragraph", "Comment by 王芳: 好的"),
    ]


def test_footers_are_kept_once_and_numbers_are_not() -> None:
    def with_margins(xml: str) -> str:
        shapes = "".join(
            f"<p:sp><p:nvSpPr><p:cNvPr id='9' name=''/><p:cNvSpPr/><p:nvPr><p:ph type='{kind}'/>"
            f"</p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r>"
            "</a:p></p:txBody></p:sp>"
            for kind, text in (("ftr", "ACME 机密"), ("sldNum", "17"))
        )
        return xml.replace("</p:spTree>", f"{shapes}</p:spTree>")

    source = Presentation()
    for text in ("one", "two"):
        add_slide(source, TITLE_ONLY).shapes.title.text = text
    slides = [f"ppt/slides/slide{number}.xml" for number in (1, 2)]
    document = read(with_parts(save(source), dict.fromkeys(slides, with_margins)))
    assert page_texts(document) == ["one\n\nACME 机密", "two"]


def shape(text: str, placeholder: str = "") -> str:
    return (
        f"<p:sp><p:nvSpPr><p:cNvPr id='99' name=''/><p:cNvSpPr/><p:nvPr>{placeholder}</p:nvPr>"
        f"</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
        "</p:txBody></p:sp></p:spTree>"
    )


def test_what_masters_show_is_kept_where_it_is_seen_first() -> None:
    source = Presentation()
    for number in range(3):
        add_slide(source, TITLE_ONLY).shapes.title.text = f"Slide {number}"
    source.slides[0]._element.set("showMasterSp", "0")
    prompt = shape("Click to edit", "<p:ph type='body' idx='77'/>")
    changes = {
        "ppt/slideMasters/slideMaster1.xml": lambda xml: xml.replace("</p:spTree>", shape("ACME")),
        "ppt/slideLayouts/slideLayout6.xml": lambda xml: xml.replace(
            "</p:spTree>", shape("机密")
        ).replace("</p:spTree>", prompt),
        "ppt/slideLayouts/slideLayout7.xml": lambda xml: xml.replace("</p:spTree>", shape("no")),
    }
    document = read(with_parts(save(source), dict(changes)))
    assert page_texts(document) == ["Slide 0", "Slide 1\n\n机密\n\nACME", "Slide 2"]


def test_a_broken_slide_costs_that_slide() -> None:
    missing = with_parts(WHOLE, {"ppt/slides/slide2.xml": None})
    document = read(missing)
    assert [title for _, title in headings(document)] == ["检索增强生成", "Figures"]
    assert document.problems[0].message == "1 slides are missing"
    cut = with_parts(WHOLE, {"ppt/slides/slide2.xml": "junk"})
    document = read(cut)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert "Figures" in document.text and "Notes: Say why both." in page_texts(document)[1]
    assert [(p.code, p.page) for p in document.problems] == [("broken", 2)]


def test_a_flipped_bit_costs_that_slide() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(output, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    document = read(output.getvalue().replace(b"Dense vectors", b"Dense vectorz", 1))
    assert "Figures" in document.text and "Dense" not in document.text
    assert [(p.code, p.page) for p in document.problems] == [("broken", 2)]


def test_without_its_list_of_slides_the_links_order_them() -> None:
    data = with_parts(
        WHOLE, {"ppt/presentation.xml": lambda xml: re.sub("<p:sldId .*?/>", "", xml)}
    )
    assert len(read(data).pages) == 3


def test_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_TREE_BYTES", 100)
    with pytest.raises(Unreadable, match="inflates") as found:
        read(WHOLE)
    assert found.value.code == "too_large"
    monkeypatch.setattr(package, "MAX_XML_BYTES", 1000)
    with pytest.raises(Unreadable, match="inflates") as found:
        read(WHOLE)
    assert found.value.code == "too_large"


def test_no_text_is_said() -> None:
    source = Presentation()
    add_slide(source, BLANK)
    with pytest.raises(Unreadable) as found:
        read(save(source))
    assert found.value.code == "no_text"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 no zip", "broken"),
        (WHOLE[: len(WHOLE) // 2], "broken"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"old", "wrong_format"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        (
            with_parts(
                WHOLE, {"ppt/presentation.xml": "junk", "ppt/_rels/presentation.xml.rels": "x"}
            ),
            "broken",
        ),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as found:
        read(data)
    assert found.value.code == code


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_ends_in_a_document_or_a_reason(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    try:
        check(pptx.read(bytes(data), PurePath("a.pptx")))
    except Unreadable as error:
        assert error.code in ("broken", "wrong_format", "encrypted", "too_large")
