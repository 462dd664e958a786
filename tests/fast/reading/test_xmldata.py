from itertools import pairwise
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import xmldata


def read(text: str | bytes) -> Document:
    data = text.encode() if isinstance(text, str) else text
    document = xmldata.read(data, PurePath("a.xml"))
    assert not document.has_lines and document.format == "xml"
    check(document)
    return document


def test_prose_in_order_with_its_titles():
    document = read(
        '<?xml version="1.0"?><!DOCTYPE book [<!ENTITY name "RagTool">]>'
        '<d:book xmlns:d="http://docbook.org/ns/docbook"><d:title>The <d:em>Guide</d:em></d:title>'
        "<d:chapter><d:title>Start &name;</d:title>\n<d:para>Hello <d:em>big</d:em> world "
        "caf&eacute;.</d:para><!-- not this --><d:list><d:li><d:para>one</d:para></d:li>"
        "<d:li><d:para>two<d:footnote><d:para>a note</d:para></d:footnote> more</d:para></d:li>"
        "</d:list></d:chapter><d:chapter><d:title>结束</d:title><d:para>再见。<?pi x?></d:para>"
        "</d:chapter></d:book>"
    )
    assert pieces(document) == [
        ("heading", "The Guide"),
        ("heading", "Start RagTool"),
        ("paragraph", "Hello big world café."),
        ("paragraph", "one"),
        ("paragraph", "two"),
        ("paragraph", "a note"),
        ("paragraph", "more"),
        ("heading", "结束"),
        ("paragraph", "再见。"),
    ]
    assert headings(document) == [(1, "The Guide"), (2, "Start RagTool"), (2, "结束")]
    assert document.title == "The Guide"


def test_records_say_the_names_of_their_fields():
    document = read(
        "<目录><书 id='1'><作者>鲁迅</作者><title>呐喊</title><价格>44.95</价格></书>"
        "<书><作者>老舍</作者><title>茶馆</title><标签><t>戏剧</t><t>话剧</t></标签></书></目录>"
    )
    assert pieces(document) == [
        (
            "table",
            "id: 1 | 作者: 鲁迅 | title: 呐喊 | 价格: 44.95\n"
            "作者: 老舍 | title: 茶馆\nt: 戏剧 | 话剧",
        )
    ]


def test_a_field_that_is_prose_is_a_paragraph_under_its_title():
    prose = "The heron waits by the river. " * 20
    document = read(
        f"<notes><note><title>Herons</title><by>Ann</by><body>{prose}</body></note></notes>"
    )
    assert pieces(document) == [
        ("heading", "Herons"),
        ("table", "by: Ann"),
        ("paragraph", prose.strip()),
    ]


def test_feeds():
    rss = (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        "<title>News</title><item><title>Cats win</title><link>http://x/1</link><description>"
        "&lt;p&gt;The &lt;b&gt;cats&lt;/b&gt; won &amp;amp; slept.&lt;/p&gt;&lt;p&gt;Again."
        "&lt;/p&gt;</description></item><item><title>狗</title><pubDate>2024-05-06</pubDate>"
        "<content:encoded><![CDATA[<p>汪<br/>汪</p><script>no()</script>]]></content:encoded>"
        "</item></channel></rss>"
    )
    document = read(rss)
    assert pieces(document) == [
        ("heading", "News"),
        ("heading", "Cats win"),
        ("table", "link: http://x/1"),
        ("paragraph", "The cats won & slept."),
        ("paragraph", "Again."),
        ("heading", "狗"),
        ("table", "pubDate: 2024-05-06"),
        ("paragraph", "汪"),
        ("paragraph", "汪"),
    ]
    assert [level for level, _ in headings(document)] == [2, 3, 3]
    assert document.date == "2024-05-06"
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><entry><title>Hello</title>'
        '<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Some <i>words</i>.</div>'
        "</summary></entry></feed>"
    )
    assert pieces(read(atom)) == [
        ("heading", "Blog"),
        ("heading", "Hello"),
        ("table", "div: Some words."),
    ]


def test_attributes_that_are_words():
    opml = (
        '<opml><head><title>Feeds</title></head><body><outline text="Tech" title="Tech">'
        '<outline text="Ars" xmlUrl="http://a"/><outline text="LWN"/></outline></body></opml>'
    )
    assert pieces(read(opml)) == [("table", "title: Feeds\nTech\nArs\nLWN")]
    strings = (
        '<resources><string name="app_title">My App</string><string name="hello">你好</string>'
        '<node id="1"><tag k="amenity" v="cafe"/></node></resources>'
    )
    assert pieces(read(strings)) == [
        ("table", "app_title: My App | hello: 你好\nid: 1\namenity | cafe")
    ]
    people = '<people xmlns:x="y" x:z="1"><p1 first="Ann" last="Li"/><p1 first="Bo"/></people>'
    assert pieces(read(people)) == [("table", "first: Ann | last: Li\nfirst: Bo")]


@pytest.mark.parametrize("encoding", ["gb2312", "big5", "utf-16", "iso-8859-1", "shift_jis"])
def test_declared_encodings(encoding: str):
    word = "naïve café" if encoding == "iso-8859-1" else "中文"
    text = f'<?xml version="1.0" encoding="{encoding}"?><a><p>{word}</p></a>'
    assert read(text.encode(encoding)).text == word


def test_a_byte_order_mark_and_no_declaration():
    assert read(b"\xef\xbb\xbf<a><p>x</p></a>").text == "x"
    text = "<a><p>没有声明编码的文件也可以读。</p></a>"
    assert read(text.encode("gb18030")).text == "没有声明编码的文件也可以读。"


# ------------------------------------------------------------------ strangers' files


def test_what_is_not_well_formed_is_still_read():
    document = read("<a><p>first</p><p>second & third</p>\n<p>four <b>five</p></a> &lt;six")
    assert [text for _, text in pieces(document)] == [
        "first",
        "second",
        "& third",
        "four five",
        "<six",
    ]
    cut = read("<a><title>T</title><p>中文 first</p><p>the last wor")
    assert cut.text.split("\n\n")[-1] == "the last wor"
    assert "中文 first" in cut.text


def test_entities_that_explode_end_the_text():
    laughs = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    bomb = f'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">{laughs}]><w><p>before</p><p>&j;</p></w>'
    document = read(bomb)
    assert document.text.startswith("before") and len(document.text) < 20_000
    assert [problem.code for problem in document.problems] == ["too_large"]


def test_nothing_outside_the_file_is_read():
    document = read(
        '<!DOCTYPE w SYSTEM "file:///nowhere.dtd" [<!ENTITY f SYSTEM "file:///etc/passwd">'
        '<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]><w><p>in</p><p>&f;&unknown;</p></w>'
    )
    assert document.text == "in"


def test_any_depth_and_any_width():
    depth = 50_000
    assert read("<a>" * depth + "deep" + "</a>" * depth).text.endswith("deep")
    assert read("<a>x" * depth + "</a>" * depth).text.count("x") == depth
    many = read("<r>" + "<i><n>same</n><v>1</v></i>" * 5000 + "</r>")
    assert many.text.count("n: same | v: 1") == 0 and many.text.count("same") == 5000
    assert read(f"<r><p>{'x' * 1_000_000}</p></r>").text == "x" * 1_000_000
    with pytest.raises(Unreadable) as caught:
        read("<a>" + "<b/>" * 1000 + "</a>")
    assert caught.value.code == "no_text"


def test_markup_within_a_sentence_does_not_part_it() -> None:
    article = (
        "<article><p>Cells die<sup><xref>1</xref></sup>,<sup><xref>2</xref>-<xref>4</xref></sup>"
        " here [<xref>5</xref>, <xref>6</xref>] (<xref>7</xref>), see <xref>Figure 1</xref>.</p>"
        "<p><b><i>Bold</i></b> starts,<break/>another<lb/>line.</p></article>"
    )
    assert pieces(read(article)) == [
        ("paragraph", "Cells die[1],[2]-[4] here [5, 6] (7), see Figure 1."),
        ("paragraph", "Bold starts, another line."),
    ]


def test_a_formula_is_one_piece_in_its_sentence() -> None:
    mathml = (
        '<m:math xmlns:m="m"><m:mrow><m:mi>x</m:mi><m:mo>=</m:mo><m:mn>2</m:mn></m:mrow></m:math>'
    )
    both = f"<alternatives><tex-math>\\documentclass{{m}}</tex-math>{mathml}</alternatives>"
    article = (
        f"<article><p>Let <inline-formula>{both}</inline-formula> be.</p>"
        f"<disp-formula>{mathml}</disp-formula><p>Then.</p></article>"
    )
    assert read(article).text == "Let x = 2 be.\n\nx = 2\n\nThen."


def test_listings_keep_their_lines() -> None:
    chapter = (
        "<chapter><para>See</para><programlisting>\nif x:\n    y()\n</programlisting></chapter>"
    )
    assert pieces(read(chapter)) == [("paragraph", "See"), ("code", "if x:\n    y()")]


def test_paragraphs_side_by_side_are_no_row() -> None:
    assert read("<topic><body><p>One.</p><p>Two.</p></body></topic>").text == "One.\n\nTwo."


def test_notes_of_an_outline() -> None:
    opml = (
        '<opml><body><outline text="Lamp" _note="Fill it.&#10;&#10;Trim the wick."/>'
        '<outline text="Pier"/></body></opml>'
    )
    assert read(opml).text == "Lamp | Fill it.\nTrim the wick.\nPier"
