"""What hangs on the paragraphs of a Word document: numbers, notes, boxes, parts of their own."""

import io
import zipfile
from pathlib import PurePath

import docx as python_docx
import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading.dispatch import read_document

SPACES = (
    "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    " xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'"
    " xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
    " xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'"
    " xmlns:v='urn:schemas-microsoft-com:vml'"
    " xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart'"
    " xmlns:d='http://schemas.openxmlformats.org/drawingml/2006/diagram'"
    " xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'"
    " xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def package(body: str, parts: dict[str, str] | None = None, links: str = "") -> bytes:
    """A package with this body; ``parts`` by name in word/, ``links`` are ``id kind target``
    lines."""
    rows = [line.split() for line in links.strip().splitlines()]
    relations = "".join(
        f"<Relationship Id='{id_}' Type='{OFFICE}/{kind}' Target='{target}'/>"
        for id_, kind, target in rows
    )
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", wrap("document", f"<w:body>{body}</w:body>"))
        made.writestr("word/_rels/document.xml.rels", f"<Relationships>{relations}</Relationships>")
        for name, part in (parts or {}).items():
            made.writestr(f"word/{name}", part)
    return output.getvalue()


def wrap(root: str, inner: str) -> str:
    return f"<w:{root} {SPACES}>{inner}</w:{root}>"


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def read(body: str, parts: dict[str, str] | None = None, links: str = "") -> Document:
    document = read_document(PurePath("a.docx"), package(body, parts, links))
    check(document)
    return document


def numbered(level: int, number: int = 1) -> str:
    return f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr>"


def level(depth: int, kind: str, text: str, more: str = "") -> str:
    return (
        f"<w:lvl w:ilvl='{depth}'><w:start w:val='1'/><w:numFmt w:val='{kind}'/>"
        f"<w:lvlText w:val='{text}'/>{more}</w:lvl>"
    )


NUMBERING = wrap(
    "numbering",
    "<w:abstractNum w:abstractNumId='0'>"
    + level(0, "decimal", "%1.")
    + level(1, "lowerLetter", "%2)")
    + level(2, "lowerRoman", "%1.%2.%3", "<w:isLgl/>")
    + level(3, "bullet", "\uf0b7")
    + "</w:abstractNum><w:abstractNum w:abstractNumId='1'>"
    + level(0, "chineseCountingThousand", "第%1章")
    + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    + level(2, "none", "")
    + "</w:abstractNum>"
    "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
    "<w:num w:numId='2'><w:abstractNumId w:val='0'/>"
    "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='7'/></w:lvlOverride></w:num>"
    "<w:num w:numId='3'><w:abstractNumId w:val='1'/></w:num>",
)


HEADING = "<w:pStyle w:val='h'/>"


def test_lists_are_numbered_as_word_numbers_them() -> None:
    steps = [(0, 1), (1, 1), (1, 1), (2, 1), (3, 1), (0, 1), (1, 1), (0, 2), (0, 2), (0, 1), (0, 9)]
    body = "".join(p(f"i{i}", numbered(*step)) for i, step in enumerate(steps))
    assert pieces(read(body, {"numbering.xml": NUMBERING}))[0][1].splitlines() == [
        "1. i0",
        "  a) i1",
        "  b) i2",
        "    1.2.1 i3",
        "      - i4",
        "2. i5",
        "  a) i6",
        "7. i7",
        "8. i8",
        "9. i9",
        "- i10",
    ]


def test_headings_carry_their_numbers() -> None:
    body = (
        p("检索", f"<w:outlineLvl w:val='0'/>{numbered(0, 3)}")
        + p("范围", f"<w:outlineLvl w:val='1'/>{numbered(1, 3)}")
        + p("none", f"<w:outlineLvl w:val='2'/>{numbered(2, 3)}")
        + p("生成", f"<w:outlineLvl w:val='0'/>{numbered(0, 3)}")
    )
    document = read(body, {"numbering.xml": NUMBERING})
    assert headings(document) == [
        (1, "第一章 检索"),
        (2, "1.1 范围"),
        (3, "none"),
        (1, "第二章 生成"),
    ]


def test_comments_and_notes() -> None:
    comments = wrap(
        "comments",
        f"<w:comment w:id='0' w:author='王芳'>{p('请核对')}</w:comment>"
        f"<w:comment w:id='1' w:author=''>{p('Why?')}{p('Because.')}</w:comment>",
    )
    endnotes = wrap(
        "endnotes",
        f"<w:endnote w:id='-1' w:type='separator'>{p('gone')}</w:endnote>"
        f"<w:endnote w:id='1'>{p('The end note.')}</w:endnote>",
    )
    body = (
        "<w:p><w:r><w:t>text</w:t><w:endnoteReference w:id='1'/></w:r>"
        "<w:r><w:commentReference w:id='0'/><w:commentReference w:id='1'/></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t><w:footnoteReference w:id='5'/></w:r></w:p>"
        f"</w:tc><w:tc>{p('b')}</w:tc></w:tr></w:tbl>"
    )
    footnotes = wrap("footnotes", f"<w:footnote w:id='5'>{p('脚注')}</w:footnote>")
    parts = {"comments.xml": comments, "endnotes.xml": endnotes, "footnotes.xml": footnotes}
    assert read(body, parts).text.split("\n\n") == [
        "text",
        "The end note.",
        "Comment by 王芳: 请核对",
        "Comment: Why? Because.",
        "a | b",
        "脚注",
    ]


def test_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{p('in the box', numbered(0))}{p('文本框')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>anchor</w:t><mc:AlternateContent><mc:Choice Requires='wps'>"
        f"<w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict>"
        f"<v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        f"<w:p><w:r><w:pict><v:shape><v:textbox>{box}</v:textbox><v:textpath string='DRAFT'/>"
        "</v:shape></w:pict></w:r></w:p>"
        "<w:p><w:r><mc:AlternateContent><mc:Fallback><w:t>old</w:t></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert pieces(read(body, {"numbering.xml": NUMBERING})) == [
        ("paragraph", "anchor"),
        ("list", "1. in the box"),
        ("paragraph", "文本框"),
        ("paragraph", "DRAFT"),
        ("list", "2. in the box"),
        ("paragraph", "文本框"),
        ("paragraph", "old"),
    ]


def test_headers_and_footers_stand_at_the_end_once() -> None:
    parts = {
        "header1.xml": wrap("hdr", p("ACME 机密")),
        "header2.xml": wrap("hdr", p("ACME 机密")),
        "footer1.xml": wrap("ftr", p("Page 3") + p("Legal")),
        "footer2.xml": wrap("ftr", p("3")),
    }
    links = "a footer footer1.xml\nb header header1.xml\nc header header2.xml\nd footer footer2.xml"
    assert read(p("text"), parts, links).text == "text\n\nACME 机密\n\nPage 3\nLegal"


def test_charts_and_diagrams() -> None:
    chart = (
        f"<c:chartSpace {SPACES}><c:title><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:title>"
        "<c:ser><c:tx><c:v>2023</c:v></c:tx><c:cat><c:v>北</c:v><c:v>South</c:v></c:cat>"
        "<c:val><c:v>1</c:v><c:v>2</c:v></c:val></c:ser></c:chartSpace>"
    )
    diagram = (
        f"<d:dataModel {SPACES}><d:t><a:p><a:r><a:t>Step</a:t></a:r></a:p></d:t></d:dataModel>"
    )
    body = (
        "<w:p><w:r><w:t>see</w:t><w:drawing><c:chart r:id='x'/></w:drawing>"
        "<w:drawing><d:relIds r:dm='y'/><c:chart r:id='gone'/></w:drawing></w:r></w:p>"
    )
    parts = {"charts/c.xml": chart, "d.xml": diagram}
    links = "x chart charts/c.xml\ny diagramData /word/d.xml"
    assert pieces(read(body, parts, links)) == [
        ("paragraph", "see"),
        ("table", "Sales\n| 2023\n北 | 1\nSouth | 2"),
        ("table", "Step"),
    ]


def test_formulas_ruby_symbols_and_form_fields() -> None:
    def t(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    formula = (
        f"<m:oMath><m:f><m:num>{t('a')}</m:num><m:den>{t('b')}</m:den></m:f>{t('+')}"
        f"<m:sSup><m:e>{t('x')}</m:e><m:sup>{t('2')}</m:sup></m:sSup>"
        f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>{t('y')}</m:e></m:d>"
        f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{t('i')}</m:sub><m:sup/>"
        f"<m:e>{t('z')}</m:e></m:nary><m:d><m:e>{t('w')}</m:e></m:d></m:oMath>"
    )
    ruby = (
        "<w:r><w:ruby><w:rt><w:r><w:t>ふ</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>振</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    )
    signs = "".join(
        f"<w:r><w:sym w:font='{font}' w:char='{code}'/></w:r>"
        for font, code in (
            ("Symbol", "F061"),
            ("Wingdings", "F0FC"),
            ("Arial", "00E9"),
            ("Webdings", "F041"),
            ("Arial", "none"),
        )
    )
    fields = (
        "<w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>"
        "</w:ffData></w:fldChar></w:r><w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/>"
        "</w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:fldChar><w:ffData><w:ddList>"
        "<w:result w:val='1'/><w:listEntry w:val='no'/><w:listEntry w:val='是'/></w:ddList>"
        "</w:ffData></w:fldChar></w:r><w:r><w:softHyphen/><w:t>co\u00adop</w:t></w:r>"
    )
    body = "".join(f"<w:p>{inner}</w:p>" for inner in (formula, ruby, signs, fields))
    assert read(body).text.split("\n\n") == ["a/b+x^2[y]∑_iz(w)", "振(ふ)", "α✓é", "☒☐是coop"]


def test_tables_that_lay_out_a_page_are_read_as_text() -> None:
    heading = p("资历", "<w:pStyle w:val='Heading2'/>")
    body = (
        f"<w:tbl><w:tr><w:tc>{heading}{p('Ten years.')}</w:tc><w:tc>{p('Photo')}</w:tc></w:tr>"
        "</w:tbl>"
        f"<w:tbl><w:tr><w:tc>{p('One')}{p('frame')}</w:tc></w:tr></w:tbl>"
        f"<w:tbl><w:tr><w:tc>{p('x')}</w:tc><w:tc><w:tbl><w:tr><w:tc>{p('1')}</w:tc>"
        f"<w:tc>{p('2')}</w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl>"
    )
    assert pieces(read(body)) == [
        ("heading", "资历"),
        ("paragraph", "Ten years."),
        ("paragraph", "Photo"),
        ("paragraph", "One"),
        ("paragraph", "frame"),
        ("table", "x | 1 2"),
    ]


@pytest.mark.parametrize("part", ["styles.xml", "numbering.xml", "comments.xml", "header1.xml"])
def test_a_broken_part_costs_that_part(part: str) -> None:
    document = read(p("text"), {part: "<w:broken"}, "x header header1.xml")
    assert document.text == "text"
    assert [(problem.code, part in problem.message) for problem in document.problems] == [
        ("broken", True)
    ]


def test_a_broken_body_is_read_as_far_as_it_can_be() -> None:
    document = read(p("before") + "<w:p><w:r><w:t>5 & 6</w:t></w:r></w:p>" + p("after"))
    assert document.text == "before\n\n5  6\n\nafter"
    assert document.problems[0].code == "broken"
    with pytest.raises(Unreadable) as found:
        read("<w:p")
    assert found.value.code == "broken"


def test_bad_checksums() -> None:
    parts = {
        "footnotes.xml": wrap("footnotes", f"<w:footnote w:id='1'>{p('notehere')}</w:footnote>")
    }
    data = package(p("text") + p("more" * 30000), parts)
    document = read_document(PurePath("a.docx"), data.replace(b"notehere", b"n0tehere"))
    assert [problem.code for problem in document.problems] == ["broken"]
    assert "0te" not in document.text
    tail = data.rindex(b"moremore")
    document = read_document(PurePath("a.docx"), data[:tail] + b"mor3" + data[tail + 4 :])
    assert document.text == "text" and [problem.code for problem in document.problems] == ["broken"]


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_tables_nested_too_deep(depth: int) -> None:
    nested = "<w:tbl><w:tr><w:tc>" * depth + p("inner") + "</w:tc></w:tr></w:tbl>" * depth
    document = read(p("before") + nested + p("after"))
    assert document.text == "before"
    assert document.problems[0].message == "word/document.xml is nested too deep"
    with pytest.raises(Unreadable, match="too deep"):
        read(nested)


def test_tables_nested_as_deep_as_people_nest_them() -> None:
    nested = "<w:tbl><w:tr><w:tc>" * 60 + p("inner") + "</w:tc></w:tr></w:tbl>" * 60
    assert read(p("before") + nested + p("after")).text == "before\n\ninner\n\nafter"


def test_links_lead_nowhere_outside() -> None:
    links = (
        "a footnotes ../../../etc/passwd\nb header http://example.com/h.xml\n"
        "c styles nowhere.xml\nd comments ../word/comments.xml"
    )
    parts = {"comments.xml": wrap("comments", "")}
    document = read(p("text"), parts, links)
    assert document.text == "text" and document.problems == ()


def test_names_of_parts_in_other_cases_and_slashes() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        made.writestr("Word\\Document.xml", wrap("document", f"<w:body>{p('found')}</w:body>"))
    assert read_document(PurePath("a.docx"), output.getvalue()).text == "found"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_parts_of_one_name_the_last_counts() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        for text in ("first", "last"):
            made.writestr("word/document.xml", wrap("document", f"<w:body>{p(text)}</w:body>"))
    assert read_document(PurePath("a.docx"), output.getvalue()).text == "last"


def test_documents_in_one_xml() -> None:
    parts = {
        "document": wrap(
            "document", f"<w:body>{p('检索', numbered(0))}{p('Head', HEADING)}</w:body>"
        ),
        "numbering": NUMBERING,
        "styles": wrap("styles", "<w:style w:styleId='h'><w:name w:val='heading 2'/></w:style>"),
        "core": "<cp:coreProperties xmlns:cp='c' xmlns:dc='d'><dc:title>Flat</dc:title>"
        "</cp:coreProperties>",
    }
    flat = "<?xml version='1.0'?><pkg:package xmlns:pkg='p'>" + "".join(
        f"<pkg:part><pkg:xmlData>{part}</pkg:xmlData></pkg:part>" for part in parts.values()
    )
    data = f"{flat}</pkg:package>".encode()
    for name in ("a.doc", "a.xml", "a.docx", "noext"):
        document = read_document(PurePath(name), data)
        check(document)
        assert pieces(document) == [("list", "1. 检索"), ("heading", "Head")]
        assert (document.format, document.title) == ("docx", "Flat")


def test_word_2003_xml() -> None:
    listed = "<w:listPr><w:ilvl w:val='1'/><wx:t wx:val='{}'/></w:listPr>"
    note = f"<w:p><w:r><w:t>text</w:t><w:footnote>{p('脚注')}</w:footnote></w:r></w:p>"
    data = (
        "<?xml version='1.0'?><?mso-application progid='Word.Document'?>"
        "<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'"
        " xmlns:wx='x' xmlns:o='o'><o:DocumentProperties><o:Title>Old</o:Title>"
        "<o:Author>王芳</o:Author><o:LastSaved>2004-05-06T07:08:09Z</o:LastSaved>"
        "</o:DocumentProperties><w:styles><w:style w:styleId='h'><w:name w:val='heading 2'/>"
        f"</w:style></w:styles><w:body><wx:sect><wx:sub-section>{p('Head', HEADING)}"
        f"{p('item', listed.format('a)'))}{p('dot', listed.format('·'))}{note}</wx:sub-section>"
        "</wx:sect></w:body></w:wordDocument>"
    )
    document = read_document(PurePath("a.doc"), data.encode())
    check(document)
    assert pieces(document) == [
        ("heading", "Head"),
        ("list", "  a) item\n  - dot"),
        ("paragraph", "text"),
        ("paragraph", "脚注"),
    ]
    assert (document.title, document.metadata) == ("Old", {"author": "王芳"})
    assert document.date == "2004-05-06T07:08:09+00:00"
    with pytest.raises(Unreadable) as found:
        read_document(PurePath("a.doc"), data[: data.index("<w:p>")].encode())
    assert found.value.code == "broken"


def test_pieces_in_other_formats_are_taken_in() -> None:
    body = p("before") + "".join(f"<w:altChunk r:id='{id_}'/>" for id_ in "xyz") + p("after")
    page = "<html><body><h2>网页</h2><p>From a page.</p></body></html>"
    links = "x aFChunk chunk.html\ny aFChunk chunk.docx"
    document = read(body, {"chunk.html": page, "chunk.docx": "PK\x03\x04"}, links)
    assert pieces(document) == [
        ("paragraph", "before"),
        ("heading", "网页"),
        ("paragraph", "From a page."),
        ("paragraph", "after"),
    ]
    assert [problem.code for problem in document.problems] == ["unsupported"]


def test_no_text_is_said() -> None:
    output = io.BytesIO()
    python_docx.Document().save(output)
    with pytest.raises(Unreadable) as found:
        read_document(PurePath("a.docm"), output.getvalue())
    assert found.value.code == "no_text"
