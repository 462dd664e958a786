from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import rtf
from ragcli.reading.dispatch import read_document

FONTS = (
    rb"{\fonttbl{\f0\froman\fcharset0 Times New Roman{\*\falt Tms Rmn};}"
    rb"{\f1\fnil\fcharset134 SimSun;}{\f2\fcharset204 Arial;}{\f3\fcharset2 Symbol;}"
    rb"{\f4\fcharset128 MS Mincho;}}"
)
STYLES = (
    rb"{\stylesheet{\s0 Normal;}{\s1\b\fs32 heading 1;}{\s2\outlinelevel1 Zwei;}"
    rb"{\s3 Title;}{\*\cs4 Default Paragraph Font;}}"
)


def wrap(body: bytes, head: bytes = rb"\ansi\ansicpg1252\deff0") -> bytes:
    return rb"{\rtf1" + head + FONTS + STYLES + body + b"}"


def read(body: bytes, head: bytes = rb"\ansi\ansicpg1252\deff0") -> Document:
    document = read_document(PurePath("a.rtf"), wrap(body, head))
    assert document.format == "rtf" and not document.has_lines
    check(document)
    return document


def hexed(text: str, codec: str) -> bytes:
    return "".join(f"\\'{byte:02x}" for byte in text.encode(codec)).encode()


def escaped(text: str) -> bytes:
    """Text as \\u words, in UTF-16 and with a fallback, as Word writes it."""
    units = text.encode("utf-16-le")
    codes = [
        int.from_bytes(units[i : i + 2], "little", signed=True) for i in range(0, len(units), 2)
    ]
    return "".join(f"\\u{code}?" for code in codes).encode()


def test_structure() -> None:
    document = read(
        rb"{\info{\title The Guide}{\author " + hexed("Ré", "cp1252") + rb"}"
        rb"{\creatim\yr2023\mo4\dy5\hr6\min7}}"
        rb"\pard\s3 Cover\par\pard\s1{\listtext 1\tab}First " + escaped("第一章") + rb"\par"
        rb"\pard plain {\b bold}\tab x\line next\par\par"
        rb"\pard{\listtext\pard\plain\f3\'b7\tab}\ls1 dot\par"
        rb"{\listtext a)\tab}\ilvl1\ls1 letter\par"
        rb"\pard\s2 Second\par\pard\outlinelevel9\s2 body\par"
    )
    assert pieces(document) == [
        ("heading", "Cover"),
        ("heading", "1 First 第一章"),
        ("paragraph", "plain bold\tx\nnext"),
        ("list", "- dot\n  a) letter"),
        ("heading", "Second"),
        ("paragraph", "body"),
    ]
    assert headings(document) == [(1, "Cover"), (1, "1 First 第一章"), (2, "Second")]
    assert (document.title, document.date) == ("The Guide", "2023-04-05T06:07:00")
    assert document.metadata == {"author": "Ré"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"{\f1 " + hexed("检索增强生成", "gbk") + rb"}", "检索增强生成"),
        (rb"{\f2 " + hexed("Привет", "cp1251") + rb"}", "Привет"),
        (rb"{\f4 " + "ソフト表".encode("cp932").replace(b"\\", b"\\\\") + rb"}", "ソフト表"),
        (rb"{\f4 \'83\\\'83t}", "ソフ"),  # the second byte of a character as plain text
        (rb"{\f3 abg}", "αβγ"),
        (rb"\uc0\u20320 \u22909 \uc1", "你好"),
        (rb"\uc2\u20320\'c4\'e3\u22909\'ba\'c3!", "你好!"),
        (rb"\u8217\rquote s {\uc3\u65 abcd}", "’s Ad"),
        (escaped("naïve 😀"), "naïve 😀"),
        (rb"\u-3913?x", "x"),
        (rb"\u8226{x}\u8226\par", "•x•"),
        (rb"a\~b\_c\-d\emdash\ldblquote\{\\\}", "a b\u2011cd—“{\\}"),
        (b"one\r\ntwo\\\nthree", "onetwo\n\nthree"),
        (rb"{\f0 " + hexed("naïve", "cp1252") + rb"}", "naïve"),
    ],
)
def test_characters(body: bytes, text: str) -> None:
    assert read(body).text == text


def test_the_code_page_of_the_file() -> None:
    assert read(hexed("中文邮件", "gbk"), rb"\ansi\ansicpg936").text == "中文邮件"
    body = rb"\f0 " + hexed("中文", "gbk") + b" and " + hexed("邮件", "gbk")
    assert read(body, rb"\ansi\ansicpg936").text == "中文 and 邮件"
    assert read(hexed("Ünï", "mac_roman"), rb"\mac").text == "Ünï"
    assert read(hexed("日本", "cp932"), rb"\ansi\ansicpg932").text == "日本"
    assert read("中文".encode(), rb"\ansi\ansicpg65001").text == "中文"
    assert read(b"x", rb"\ansi\ansicpg99999").text == "x"


def test_tables() -> None:
    document = read(
        rb"before\par"
        rb"\trowd\cellx1\cellx2 \pard\intbl Model\cell " + escaped("维度") + rb"\cell\row"
        rb"\trowd \pard\intbl two\par lines\cell\pard\intbl 384\cell\row"
        rb"\trowd \pard\intbl outer {\itap2 in\nestcell ner\nestcell"
        rb"{\*\nesttableprops\trowd\nestrow}"
        rb"{\nonesttables gone}}\cell x\cell\row"
        rb"\pard after\par\trowd\pard\intbl single\par frame\cell\row\pard end\par"
    )
    assert pieces(document) == [
        ("paragraph", "before"),
        ("table", "Model | 维度\ntwo lines | 384\nouter in ner | x"),
        ("paragraph", "after"),
        ("paragraph", "single"),
        ("paragraph", "frame"),
        ("paragraph", "end"),
    ]


def test_notes_comments_boxes_and_margins() -> None:
    document = read(
        rb"{\header\pard ACME " + escaped("机密") + rb"\par}{\footer\pard\chpgn\par}"
        rb"{\footerf Page two\par}"
        rb"text{\super\chftn{\footnote\pard\plain\chftn The note.}} goes on"
        rb"{\*\atnid AB}{\*\atnauthor Ann}\chatn{\*\annotation\pard Really?{\*\atndate 1}}.\par"
        rb"{\shp{\*\shpinst{\sp{\sn name}{\sv value}}{\shptxt\pard in the box\par}}"
        rb"{\shprslt fallback}}last\par"
    )
    assert document.text.split("\n\n") == [
        "text goes on.",
        "The note.",
        "Comment by Ann: Really?",
        "last",
        "in the box",
        "ACME 机密",
        "Page two",
    ]


def test_what_does_not_show_is_left_out() -> None:
    picture = b"".join(b"0123456789abcdef" * 4 + b"\n" for _ in range(50))
    document = read(
        rb"{\pict\pngblip " + picture + b"}{\\*\\unknown gone}{\\v hidden}{\\deleted gone}kept"
        rb"{\field{\*\fldinst HYPERLINK " + b'"http://x"}{\\fldrslt{ link}}}'
        rb"{\object{\*\objclass Word}{\*\objdata 0105}{\result shown}}"
        rb"{\upr{ansi}{\*\ud{" + escaped("统一") + rb"}}}\bin5 {{\x}!\plain\v0 \par"
        rb"{\*\shppict{\pict 00ff}}{\nonshppict{\pict 00ff}}{\xe index}\v a\plain b"
    )
    assert document.text == "kept linkshown统一!\n\nb"


def test_ruby() -> None:
    ruby = (
        rb"{\field{\*\fldinst {EQ \\* jc2 \\* " + b'"Font:Mincho"'
        rb" \\* hps12 \\o\\ad(\\s\\up 9(}{" + escaped("ふ") + rb"}{),}{" + escaped("振") + rb"}{)}}"
        rb"{\fldrslt }}"
    )
    assert read(b"a " + ruby + rb" b\par").text == "a 振(ふ) b"


def test_formulas() -> None:
    document = read(
        rb"{\mmath{\*\moMath{\mf{\*\mfPr gone}{\mnum{\mr a}}{\mden{\mr b}}}}}{\mmathPict x}"
    )
    assert document.text == "ab"


def test_rtf_is_known_by_its_content() -> None:
    data = wrap(b"text")
    for name in ("a.doc", "a.docx", "noext", "a.rtf"):
        assert read_document(PurePath(name), b"\r\n" + data).format == "rtf"
    assert read_document(PurePath("a.rtf"), b"plain text").format == "text"
    with pytest.raises(Unreadable) as found:
        rtf.read(b"no mark", PurePath("a.rtf"))
    assert found.value.code == "wrong_format"


def test_no_text_is_said() -> None:
    with pytest.raises(Unreadable) as found:
        read(rb"\pard\par")
    assert found.value.code == "no_text"


@pytest.mark.parametrize(
    "data",
    [
        wrap(b"{" * 100_000 + b"text" + b"}" * 100_000),
        wrap(b"{" * 150_000 + b"text"),
        wrap(b"text" + b"}" * 100_000),
        wrap(rb"{\footnote " * 20_000 + b"text"),
        wrap(rb"text\bin99999999999999 x"),
        wrap(rb"\trowd\intbl text\cell" * 5000),
        wrap(rb"text\u99999999999?\uc-5\f-1\s99999999999 \ilvl-3\'zz" + b"\\"),
        wrap(rb"{\stylesheet{\s5\outlinelevel-4 x;}}\pard\s5 text\par"),
    ],
)
def test_hostile_files_end(data: bytes) -> None:
    document = read_document(PurePath("a.rtf"), data)
    check(document)
    assert "text" in document.text


WHOLE = wrap(
    rb"\pard\s1 Head\par text {\b bold} " + escaped("中文") + rb"{\footnote note}\par"
    rb"\trowd\intbl a\cell b\cell\row{\*\x y}{\pict 00}" + hexed("é", "cp1252")
)


@pytest.mark.parametrize("length", range(0, len(WHOLE), 37))
def test_cut_files_are_read_as_far_as_they_go(length: int) -> None:
    try:
        check(read_document(PurePath("a.rtf"), WHOLE[:length]))
    except Unreadable as error:
        assert error.code in ("empty", "no_text", "wrong_format")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(5, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_ends_in_a_document(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    check(rtf.read(bytes(data), PurePath("a.rtf")))
