"""OpenDocument texts and presentations, zipped and flat."""

import io
import zipfile
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import package
from ragcli.reading.dispatch import read_document
from ragcli.reading.table import format_of

URN = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = " ".join(
    [
        f"xmlns:{name}='{URN}:{name}:1.0'"
        for name in ("office", "style", "text", "table", "presentation")
    ]
    + [
        f"xmlns:draw='{URN}:drawing:1.0'",
        f"xmlns:meta='{URN}:meta:1.0'",
        f"xmlns:svg='{URN}:svg-compatible:1.0'",
        "xmlns:dc='http://purl.org/dc/elements/1.1/'",
        "xmlns:xlink='http://www.w3.org/1999/xlink'",
    ]
)
META = (
    "<office:meta><dc:title>{}</dc:title><dc:creator>Later</dc:creator>"
    "<meta:initial-creator>王芳</meta:initial-creator><dc:date>2024-05-06T07:08:09</dc:date>"
    "<meta:keyword>a</meta:keyword><meta:keyword>b</meta:keyword></office:meta>"
)
STYLES = """
<text:outline-style><text:outline-level-style text:level='1' style:num-format='1'/>
<text:outline-level-style text:level='2' style:num-format='1' text:display-levels='2'
 style:num-suffix='.'/><text:outline-level-style text:level='3' style:num-format=''/>
</text:outline-style>
<text:list-style style:name='N'>
<text:list-level-style-number text:level='1' style:num-format='1' style:num-suffix='.'/>
<text:list-level-style-number text:level='2' style:num-format='a' style:num-prefix='('
 style:num-suffix=')' text:start-value='3'/></text:list-style>
<text:list-style style:name='B'>
<text:list-level-style-bullet text:level='1' text:bullet-char='•'/>
<text:list-level-style-number text:level='2' style:num-format='一' style:num-list-format='第%2%条'/>
</text:list-style>
<style:style style:name='Title'/><style:style style:name='P1' style:parent-style-name='Title'/>
<style:style style:name='P2' style:list-style-name='N'/>
<style:style style:name='Hid'><style:text-properties text:display='none'/></style:style>
"""


def flat(kind: str, body: str, title: str = "", masters: str = "") -> bytes:
    """One XML of this kind (``text``, ``presentation``)."""
    return (
        f"<?xml version='1.0'?><office:document {NAMESPACES}"
        f" office:mimetype='application/vnd.oasis.opendocument.{kind}'>{META.format(title)}"
        f"<office:styles>{STYLES}</office:styles><office:master-styles>{masters}"
        f"</office:master-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document>"
    ).encode()


def zipped(kind: str, body: str, parts: dict[str, str] | None = None, masters: str = "") -> bytes:
    """A package of this kind; ``parts`` are added, or replace those of their name."""

    def root(name: str, inner: str) -> str:
        return f"<office:document-{name} {NAMESPACES}>{inner}</office:document-{name}>"

    made = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "meta.xml": root("meta", META.format("Stated")),
        "styles.xml": root(
            "styles",
            f"<office:styles>{STYLES}</office:styles>"
            f"<office:master-styles>{masters}</office:master-styles>",
        ),
        "content.xml": root(
            "content", f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        ),
    }
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, text in (made | (parts or {})).items():
            archive.writestr(name, text)
    return output.getvalue()


def read(data: bytes, name: str = "a.odt") -> Document:
    document = read_document(PurePath(name), data)
    assert document.format == ("odt" if name.endswith("t") else "odp")
    assert not document.has_lines
    check(document)
    return document


def read_text(body: str) -> Document:
    """The document with this body, which is the same zipped and flat."""
    one = read(zipped("text", body))
    other = read_document(PurePath("a.fodt"), flat("text", body, "Stated"))
    assert one == other
    return one


BODY = """
<text:p text:style-name='P1'>检索手册</text:p>
<text:h text:outline-level='1'>Scope</text:h>
<text:p>Some  text<text:s text:c='2'/>with<text:tab/>a tab,<text:line-break/>
<text:span> a <text:a xlink:href='http://x'>link</text:a></text:span>,
<text:span text:style-name='Hid'>hidden</text:span> 中文。</text:p>
<text:h text:outline-level='2'>第一节</text:h><text:h text:outline-level='3'>Deep</text:h>
<text:section><text:p>in a section</text:p><text:section text:display='none'><text:p>no</text:p>
</text:section></text:section>
<text:h text:outline-level='2'>Next</text:h>
<text:h text:outline-level='1' text:is-list-header='true'>Bare</text:h>
<text:h text:outline-level='1'>Last</text:h>
"""


def test_headings_paragraphs_and_facts() -> None:
    document = read_text(BODY)
    assert pieces(document) == [
        ("heading", "检索手册"),
        ("heading", "1 Scope"),
        ("paragraph", "Some text  with\ta tab,\na link, 中文。"),
        ("heading", "1.1. 第一节"),
        ("heading", "Deep"),
        ("paragraph", "in a section"),
        ("heading", "1.2. Next"),
        ("heading", "Bare"),
        ("heading", "2 Last"),
    ]
    assert [level for level, _ in headings(document)] == [1, 1, 2, 3, 2, 1, 1]
    assert (document.title, document.date) == ("Stated", "2024-05-06T07:08:09")
    assert document.metadata == {"author": "王芳", "keywords": "a, b"}
    assert read(flat("text", BODY), "a.fodt").title == "检索手册"


def item(*blocks: str, attributes: str = "") -> str:
    inner = "".join(b if b.startswith("<") else f"<text:p>{b}</text:p>" for b in blocks)
    return f"<text:list-item {attributes}>{inner}</text:list-item>"


def items(*parts: str, attributes: str = "text:style-name='N'") -> str:
    return f"<text:list {attributes}>{''.join(parts)}</text:list>"


def test_lists() -> None:
    body = (
        items(item("one", "more", items(item("sub"), item("sub"), attributes="")), item("two"))
        + "<text:p>between</text:p>"
        + items(item("three"), attributes="text:style-name='N' text:continue-numbering='true'")
        + "<text:p>between</text:p>"
        + items(
            item("一", items(item("条"), item("条"), attributes="")),
            attributes="text:style-name='B'",
        )
        + "<text:p>between</text:p>"
        + items(
            "<text:list-header><text:p>head</text:p></text:list-header>",
            item("ten", attributes="text:start-value='10'"),
            item("<text:h text:outline-level='1'>Heading</text:h>"),
        )
        + "<text:p>between</text:p>"
        + items(item("<text:p text:style-name='P2'>by its paragraph</text:p>"), attributes="")
        + "<text:p>between</text:p>"
        + items(item("unknown"), attributes="text:style-name='X'")
    )
    assert [text for kind, text in pieces(read_text(body)) if kind != "paragraph"] == [
        "1. one\n  more\n  (c) sub\n  (d) sub\n2. two",
        "3. three",
        "- 一\n  第一条 条\n  第二条 条",
        "  head\n10. ten",
        "11. Heading",
        "1. by its paragraph",
        "- unknown",
    ]


def test_texts_of_openoffice_1() -> None:
    body = (
        "<text:h text:level='2'>Head</text:h><text:p>a<text:tab-stop/>b<text:footnote>"
        "<text:footnote-citation>1</text:footnote-citation><text:footnote-body><text:p>脚注"
        "</text:p></text:footnote-body></text:footnote><draw:text-box><text:p>box</text:p>"
        f"</draw:text-box></text:p><text:ordered-list text:style-name='N'>{item('one')}"
        "</text:ordered-list>"
    )
    root = f"<office:document-content {NAMESPACES}><office:body>{body}</office:body>"
    content = f"<!DOCTYPE d PUBLIC '-//OpenOffice.org//DTD' 'office.dtd'>{root}"
    document = read_document(
        PurePath("a.sxw"), zipped("", "", {"content.xml": f"{content}</office:document-content>"})
    )
    check(document)
    assert pieces(document) == [
        ("heading", "1.1. Head"),
        ("paragraph", "a\tb"),
        ("paragraph", "脚注"),
        ("paragraph", "box"),
        ("list", "1. one"),
    ]
    assert headings(document) == [(2, "1.1. Head")]
    head = b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.sun.xml.writerPK"
    assert format_of(PurePath("noext"), head) == "odt"


def test_a_list_goes_on_by_its_name() -> None:
    body = (
        items(item("one"), attributes="text:style-name='N' xml:id='first'")
        + "<text:p>x</text:p>"
        + items(item("again"))
        + "<text:p>x</text:p>"
        + items(item("two"), attributes="text:style-name='N' text:continue-list='first'")
    )
    lists = [text for kind, text in pieces(read_text(body)) if kind == "list"]
    assert lists == ["1. one", "1. again", "2. two"]


def note(text: str) -> str:
    return (
        "<text:note><text:note-citation>1</text:note-citation>"
        f"<text:note-body><text:p>{text}</text:p></text:note-body></text:note>"
    )


def test_notes_comments_frames_and_changes() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>deleted</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        f"<text:p>kept<text:change/> text{note('脚注')}"
        "<office:annotation><dc:creator>Ann</dc:creator><dc:date>2024</dc:date>"
        "<text:p>Really?</text:p></office:annotation> on"
        "<draw:frame><svg:title>alt</svg:title><draw:text-box><text:p>boxed</text:p>"
        f"{items(item('listed'))}</draw:text-box></draw:frame>.</text:p>"
        "<draw:g><draw:custom-shape><text:p>shape</text:p></draw:custom-shape></draw:g>"
        "<text:p><text:ruby><text:ruby-base>振</text:ruby-base><text:ruby-text>ふ</text:ruby-text>"
        "</text:ruby> <text:title>field</text:title><text:script>no</text:script></text:p>"
    )
    assert read_text(body).text.split("\n\n") == [
        "kept text on.",
        "脚注",
        "Comment by Ann: Really?",
        "boxed",
        "1. listed",
        "shape",
        "振(ふ) field",
    ]


def table(*rows: list[str]) -> str:
    return (
        "<table:table><table:table-column/>"
        + "".join(
            "<table:table-row>" + "".join(rows_cells) + "</table:table-row>" for rows_cells in rows
        )
        + "</table:table>"
    )


def cell(*blocks: str, tag: str = "table-cell") -> str:
    inner = "".join(b if b.startswith("<") else f"<text:p>{b}</text:p>" for b in blocks)
    return f"<table:{tag}>{inner}</table:{tag}>"


def test_tables() -> None:
    covered = cell(tag="covered-table-cell")
    body = (
        table(
            [cell("Model"), cell("维度"), cell("")],
            [cell(f"mini{note('cell note')}", "two"), covered, cell("3")],
            [cell(table([cell("in"), cell("ner")])), cell(items(item("a"), item("b")))],
        )
        + table([cell("<text:h text:outline-level='1'>H</text:h>", "text"), cell("aside")])
        + table([cell("frame")])
    )
    assert pieces(read_text(body)) == [
        ("table", "Model | 维度\nmini two |  | 3\nin ner | a b"),
        ("paragraph", "cell note"),
        ("heading", "1 H"),
        ("paragraph", "text"),
        ("paragraph", "aside"),
        ("paragraph", "frame"),
    ]


def test_headers_and_footers_stand_at_the_end_once() -> None:
    page = (
        "<style:master-page><style:header><text:p>ACME 机密</text:p></style:header>"
        "<style:footer><text:p><text:page-number>3</text:page-number></text:p></style:footer>"
        "</style:master-page><style:master-page><style:header><text:p>ACME 机密</text:p>"
        "</style:header><style:footer-left><text:p>Legal</text:p></style:footer-left>"
        "</style:master-page>"
    )
    body = "<text:p>text</text:p>"
    assert read(zipped("text", body, masters=page)).text == "text\n\nACME 机密\n\nLegal"
    assert read(flat("text", body, masters=page), "a.fodt").text == "text\n\nACME 机密\n\nLegal"


def test_formulas_and_charts() -> None:
    body = (
        "<text:p>so <draw:frame><draw:object xlink:href='./Object 1'/></draw:frame> holds"
        "<draw:frame><draw:object xlink:href='./Object 2'><text:p/></draw:object><draw:image/>"
        "</draw:frame>"
        "<draw:frame><draw:object xlink:href='./Gone'/></draw:frame></text:p>"
    )
    math = (
        "<math xmlns='http://www.w3.org/1998/Math/MathML'><semantics><mrow><mi>E</mi><mo>=</mo>"
        "<mn>2</mn></mrow><annotation>E = 2 source</annotation></semantics></math>"
    )
    chart = (
        f"<office:document-content {NAMESPACES} xmlns:chart='{URN}:chart:1.0'><chart:chart>"
        "<chart:title><text:p>Sales</text:p></chart:title>"
        f"{table([cell(''), cell('2023')], [cell('北'), cell('1')])}"
        "</chart:chart></office:document-content>"
    )
    data = zipped("text", body, {"Object 1/content.xml": math, "Object 2/content.xml": chart})
    assert pieces(read(data)) == [
        ("paragraph", "so E = 2 holds"),
        ("paragraph", "Sales"),
        ("table", " | 2023\n北 | 1"),
    ]


SLIDES = f"""
<presentation:footer-decl presentation:name='f'>ACME 机密</presentation:footer-decl>
<draw:page presentation:use-footer-name='f'>
<draw:frame presentation:class='page-number'><draw:text-box><text:p>9</text:p></draw:text-box>
</draw:frame>
<draw:frame><draw:text-box><text:p>before</text:p></draw:text-box></draw:frame>
<draw:frame presentation:class='title'><draw:text-box><text:p>检索</text:p></draw:text-box>
</draw:frame>
<office:annotation><dc:creator>Ann</dc:creator><text:p>Nice</text:p></office:annotation>
<presentation:notes><draw:page-thumbnail/><draw:frame presentation:class='notes'><draw:text-box>
<text:p>Say it.</text:p><text:p>说。</text:p></draw:text-box></draw:frame></presentation:notes>
</draw:page>
<draw:page/>
<draw:page presentation:use-footer-name='f'>
<draw:frame presentation:class='outline'><draw:text-box>{items(item("one"))}{
    items(item("two"), attributes="text:style-name='B'")
}</draw:text-box></draw:frame></draw:page>
<draw:page><draw:frame><draw:text-box>{items(item("three"))}</draw:text-box></draw:frame>
<draw:frame>{table([cell("a"), cell("b")])}</draw:frame></draw:page>
"""


@pytest.mark.parametrize("is_flat", [False, True])
def test_slides(is_flat: bool) -> None:
    document = (
        read(flat("presentation", SLIDES), "a.fodp")
        if is_flat
        else read(zipped("presentation", SLIDES), "a.odp")
    )
    pages = [document.text[p.char_start : p.char_end] for p in document.pages]
    assert pages == [
        "检索\n\nbefore\n\nACME 机密\n\nNotes: Say it.\n说。\n\nComment by Ann: Nice",
        "",
        "1. one\n- two",
        "1. three\n\na | b",
    ]
    assert [p.number for p in document.pages] == [1, 2, 3, 4]
    assert headings(document) == [(1, "检索")]
    assert document.title == ("检索" if is_flat else "Stated")


def test_what_masters_show_is_kept_where_it_is_seen_first() -> None:
    box = "<draw:frame {}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    prompt = "presentation:class='outline'"
    masters = (
        f"<style:master-page style:name='M'>{box.format('', 'ACME 机密')}"
        f"{box.format(prompt, 'Click to edit')}</style:master-page>"
        f"<style:master-page style:name='unused'>{box.format('', 'no')}</style:master-page>"
    )
    page = "<draw:page draw:master-page-name='M'>{}</draw:page>"
    body = page.format(box.format("", "one")) + page.format(box.format("", "two"))
    document = read(zipped("presentation", body, masters=masters), "a.odp")
    assert document.text == "one\n\nACME 机密\n\ntwo"


def test_formats_are_known_by_their_content() -> None:
    for kind, name in (("text", "odt"), ("text-template", "odt"), ("presentation", "odp")):
        assert format_of(PurePath("noext"), zipped(kind, "")) == name
        assert format_of(PurePath("a.docx"), zipped(kind, "")) == name
        assert format_of(PurePath("noext"), flat(kind, "")) == name


ENCRYPTED = "<manifest xmlns='m'><file-entry><encryption-data/></file-entry></manifest>"
WHOLE = zipped("text", BODY)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 no zip", "broken"),
        (WHOLE[: len(WHOLE) // 2], "broken"),
        (zipped("text", "x", {"META-INF/manifest.xml": ENCRYPTED}), "encrypted"),
        (zipped("text", "", {"content.xml": "junk"}), "broken"),
        (zipped("text", "<text:p/>"), "no_text"),
        (zipped("text", "<text:section>" * 1000 + "<text:p>x</text:p>"), "broken"),
        (zipped("text", "<text:section>" * 100_000), "broken"),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as found:
        read(data)
    assert found.value.code == code


def test_a_zip_of_something_else() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("readme.txt", "text")
    with pytest.raises(Unreadable) as found:
        read(output.getvalue())
    assert found.value.code == "wrong_format"


def test_damage_costs_what_is_damaged() -> None:
    document = read(zipped("text", "<text:p>a</text:p><text:p>b & c</text:p><text:p>d</text:p>"))
    assert document.text == "a\n\nb c\n\nd" and document.problems[0].code == "broken"
    document = read(zipped("text", "<text:p>a</text:p>", {"styles.xml": "junk"}))
    assert document.text == "a" and "styles.xml" in document.problems[0].message


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_PART_BYTES", 1000)
    with pytest.raises(Unreadable, match="inflates") as found:
        read(WHOLE)
    assert found.value.code == "too_large"


def test_spaces_and_numbers_out_of_all_bounds() -> None:
    body = "<text:p>a<text:s text:c='99999'/><text:s text:c='-1'/>b</text:p>" + items(
        item("x", attributes="text:start-value='-5'")
    )
    document = read(zipped("text", body))
    assert len(document.text) < 2000 and document.text.endswith("1. x")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_ends_in_a_document_or_a_reason(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    try:
        check(read_document(PurePath("a.odt"), bytes(data)))
    except Unreadable as error:
        known = ("broken", "wrong_format", "encrypted", "too_large", "unsupported", "no_text")
        assert error.code in known
