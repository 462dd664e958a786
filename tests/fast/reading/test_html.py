from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading import html


def read(source: str | bytes) -> Document:
    data = source if isinstance(source, bytes) else source.encode()
    document = html.read(data, PurePath("a.html"))
    assert not document.has_lines
    check(document)
    return document


def test_structure():
    document = read(
        "<h1>Big <em>Title</em></h1><p>Hello\n <b>wor</b>ld<br>next &copy; <!-- no -->"
        " docu&shy;ment</p>"
        "<ul><li>one<li><p>two</p><p>more</p><ol><li>in</ol></ul>"
        "<pre>\ndef f():\n\treturn <b>1</b>\n</pre>"
        "<table><caption>Cap</caption><tr><th>A<th>B<tr><td><p>1</p><p>2</p><td>b</table>"
        "<h2>Sub <div>x</div></h2><dl><dt>term<dd>meaning</dl>tail<div>a<div>b</div>c</div>"
    )
    assert pieces(document) == [
        ("heading", "Big Title"),
        ("paragraph", "Hello world\nnext © document"),
        ("list", "- one\n- two\n  more\n  - in"),
        ("code", "def f():\n\treturn 1"),
        ("paragraph", "Cap"),
        ("table", "A | B\n1 2 | b"),
        ("heading", "Sub x"),
        ("list", "- term\n  meaning"),
        *[("paragraph", t) for t in ("tail", "a", "b", "c")],
    ]
    assert headings(document) == [(1, "Big Title"), (2, "Sub x")]
    assert document.text.startswith("Big Title\n\nHello world\nnext")


def test_lists_give_way_to_the_code_and_headings_inside_them():
    document = read("<ul><li>a<pre>x\n y</pre>b<li><h3>H</h3>c</ul>")
    assert pieces(document) == [
        ("list", "- a"), ("code", "x\n y"), ("list", "  b"), ("heading", "H"), ("list", "- c")
    ]  # fmt: skip


def test_marks_of_notes_stand_apart_from_words() -> None:
    document = read(
        "<p>river<sup><a href=#n1>1</a></sup> and <a role=doc-noteref href=#n2>*</a>bridge"
        "<a role=doc-noteref href=#n3><sup>3</sup></a>, m<sup>2</sup>, 1<sup>st</sup>,"
        " old<sup><a href=#n4>[4]</a></sup>, new<a href=#n5><sup>6</sup></a>, <a href=x>5</a></p>"
        "<ol><li>Said there. <a href=#r1>↩︎</a><li><a href=#r2>^</a> Said here.</ol>"
    )
    assert document.text == (
        "river[1] and *bridge[3], m2, 1st, old[4], new[6], 5\n\n- Said there.\n- Said here."
    )


def test_handles_of_headings_are_no_text() -> None:
    document = read(
        "<h2>Menus<a class=headerlink href='#menus'>¶</a></h2><p>See <a href='#x'>x</a>.</p>"
        "<h2>情节<span class=mw-editsection>[<a href=/e>编辑</a>]</span></h2><p>§ 5</p>"
    )
    assert headings(document) == [(2, "Menus"), (2, "情节")]
    assert document.text == "Menus\n\nSee x.\n\n情节\n\n§ 5"


def test_layout_tables_are_no_tables():
    document = read("<table><tr><td><h1>T</h1><p>a</p><table><tr><td>1<td>2</table></table>")
    assert pieces(document) == [("heading", "T"), ("paragraph", "a"), ("table", "1 | 2")]


def test_what_does_not_show_is_dropped():
    document = read(
        "<title>t</title><style>no</style><nav>no</nav><script>no</script><noscript>no</noscript>"
        "<template>no</template><p hidden>no</p><p style='display: none'>no</p>"
        "<p aria-hidden=true>no</p><svg><text>no</text></svg><p>yes</p>"
    )
    assert document.text == "yes"


def test_a_caption_is_read_though_the_picture_says_the_same():
    document = read("<figure><img alt=Lamp><figcaption aria-hidden=true>Lamp</figcaption></figure>")
    assert document.text == "Lamp"


def test_the_main_part_is_taken_when_it_holds_the_text():
    around = "<header>site</header><aside>ad</aside><footer>foot</footer>"
    main = "<main><header><h1>T</h1></header>long enough text<footer>note</footer></main>"
    assert read(f"{around}<p>teaser</p>{main}").text == "T\n\nlong enough text\n\nnote"
    small = "<main>x</main><p>this is where the text really is, all of it</p>"
    assert read(around + small).text == "x\n\nthis is where the text really is, all of it"


def test_nothing_is_lost_when_everything_looks_like_surroundings():
    assert read("<aside>all the text is here</aside>").text == "all the text is here"
    assert read("<nav>only a menu</nav>").text == "only a menu"
    assert (
        read("<body hidden><p hidden>until a script runs</p></body>").text == "until a script runs"
    )
    assert read("<article>one</article><article>two</article>").text == "one\n\ntwo"


def test_facts():
    document = read(
        "<head><title> A  &amp; B </title><meta name=author content='作者'>"
        "<meta name=Description content=D><meta property='article:published_time'"
        " content='2024-05-06T07:08:09Z'></head><h1>H</h1>"
    )
    assert (document.title, document.date) == ("A & B", "2024-05-06T07:08:09+00:00")
    assert document.metadata == {"author": "作者", "description": "D"}
    assert read("<h1>H</h1><time datetime=2024-05-06>May</time>").date == "2024-05-06"
    assert read("<h1>H</h1>").title == "H"
    assert read("<meta property=og:title content=O><h1>H</h1>").title == "O"


CHINESE = "<p>检索增强生成把检索和生成结合起来。</p>"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("gb2312", "gb2312"),
        ("gb2312", "gb18030"),
        ("GBK", "gbk"),
        ("utf-8", "utf-8"),
        ("no-such", "gb18030"),
        (None, "gb18030"),
    ],
)
def test_charsets(declared: str | None, codec: str):
    page = f"<html><meta charset='{declared}'>" if declared else ""
    assert read((page + CHINESE).encode(codec)).text == CHINESE[3:-4]


def test_the_declared_charset_decides_where_bytes_could_be_either():
    page = '<meta http-equiv=Content-Type content="text/html; charset=big5">' + "<p>檢索</p>"
    assert read(page.encode("big5")).text == "檢索"


def test_a_wrong_charset_is_ignored():
    page = f'<meta http-equiv="Content-Type" content="text/html; charset=ascii">{CHINESE}'
    assert read(page).text == CHINESE[3:-4]
    assert read(f"\ufeff<meta charset=gb2312>{CHINESE}").text == CHINESE[3:-4]


HTML = st.lists(
    st.sampled_from(
        [
            "a",
            "中",
            "&nbsp;",
            "&#0;",
            "&#xD800;",
            "<p>",
            "</p>",
            "<h1>",
            "</h1>",
            "<h2>",
            "<ul>",
            "</ul>",
            "<li>",
            "<pre>",
            "</pre>",
            "<table>",
            "</table>",
            "<tr>",
            "<td>",
            "<br>",
            "<div>",
            "</div>",
            "<main>",
            "</main>",
            "<nav>",
            "<b>",
            "<caption>",
            "<dl>",
            "<dd>",
            "<button>",
            "\n",
        ]
    ),
    max_size=25,
).map(" ".join)


@given(st.one_of(HTML, st.text()))
def test_any_page_keeps_the_invariants(source: str):
    read(source)


# Beside a navigation or a main part, other text may be left out.
@given(HTML.filter(lambda s: "<nav>" not in s and "<main>" not in s))
def test_no_visible_letter_is_lost(source: str):
    assert read(source).text.count("中") == source.count("中")
