from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import example, given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading import markdown
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.frontmatter import MAX_CHARACTERS, front_matter

# Thematic breaks are not in any block.
MARKUP = "-*_\ufeff"


def read(text: str) -> Document:
    document = markdown.read(text.encode(), PurePath("a.md"))
    assert document.text == decode(text.encode())
    assert document.has_lines
    start = int(document.text.startswith("\ufeff"))
    front = front_matter(document.text, start)
    check(document, MARKUP, 0 if front.broken else front.char_end)
    return document


def test_each_kind_of_block_has_its_exact_place():
    document = read(
        "# One\n\nfirst line\nsecond line\n\n- a\n  - b\nlazy\n\n  more\n\n1. c\n\n"
        "```python\n# no heading\n```\n\n    indented\n\n    code\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\nlazy\n\n<div>\nhtml\n</div>\n\n---\n\nend\n"
    )
    assert pieces(document) == [
        ("heading", "# One"),
        ("paragraph", "first line\nsecond line"),
        ("list", "- a\n  - b\nlazy\n\n  more"),
        ("list", "1. c"),
        ("code", "```python\n# no heading\n```"),
        ("code", "    indented\n\n    code"),
        ("table", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("paragraph", "> quote\nlazy"),
        ("paragraph", "<div>\nhtml\n</div>"),
        ("paragraph", "end"),
    ]


@pytest.mark.parametrize(
    ("source", "level", "title"),
    [
        ("## Two ##", 2, "Two"),
        ("Title\n=====", 1, "Title"),
        ("Sub\ntitle\n---", 2, "Sub title"),
        ("# `code` and *emphasis* and [a link](http://x.y) #", 1, "code and emphasis and a link"),
        ("# C\\# &amp; F# <b>x</b>", 1, "C# & F# x"),
        ("### 安装 ![标志](logo.png)", 3, "安装 标志"),
        ("# [by reference][r]\n\n[r]: http://x.y", 1, "by reference"),
        ("   # indented", 1, "indented"),
        ("## Facts {#sec-facts .unnumbered}", 2, "Facts"),
        ("## Facts {: #facts }\n", 2, "Facts"),
        ("Preface {-}\n=====", 1, "Preface"),
        ("# The set {a, b}", 1, "The set {a, b}"),
    ],
)
def test_heading_titles_have_no_markup(source: str, level: int, title: str):
    assert headings(read(source)) == [(level, title)]


@pytest.mark.parametrize(
    "source", ["#hashtag", "    # code", "~~~\n# a\n~~~", "````\n```\n# a\n````", "#"]
)
def test_what_is_no_heading(source: str):
    assert headings(read(source)) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_move_blocks(end: str):
    document = read(end.join(["\ufeff# 标题", "", "正文 a", "正文 b", "", "- x", "- y", ""]))
    assert headings(document) == [(1, "标题")]
    assert pieces(document)[1:] == [("paragraph", f"正文 a{end}正文 b"), ("list", f"- x{end}- y")]


def test_nul_and_form_feed_are_no_line_ends():
    assert pieces(read("a\0b\fc\n# T")) == [("paragraph", "a\0b\fc"), ("heading", "# T")]


def test_link_definitions_can_be_found():
    assert pieces(read("[a]: http://example.org\n[b]: http://example.com\n\ntext")) == [
        ("paragraph", "[a]: http://example.org\n[b]: http://example.com"),
        ("paragraph", "text"),
    ]


def test_yaml_front_matter_gives_facts_as_they_are_written():
    document = read(
        "---\ntitle: 手册\ndate: 2024-05-06\nversion: 1.10\ndraft: no\ntags: [a, b]\n"
        "nested: {x: 1}\nempty:\n---\n# Other\n\ntext\n"
    )
    assert (document.title, document.date) == ("手册", "2024-05-06")
    assert document.metadata == {
        "title": "手册", "date": "2024-05-06", "version": "1.10", "draft": "no", "tags": "a, b"
    }  # fmt: skip
    assert pieces(document) == [("heading", "# Other"), ("paragraph", "text")]


def test_toml_front_matter():
    document = read('+++\r\ntitle = "T"\r\ndate = 2024-05-06T07:08:09Z\r\nn = [1, 2]\r\n+++\r\nx')
    assert (document.title, document.date) == ("T", "2024-05-06T07:08:09+00:00")
    assert document.metadata["n"] == "1, 2"
    assert pieces(document) == [("paragraph", "x")]


@pytest.mark.parametrize("inner", ["title: a: b", "x: [", "[" * 2000, '"\\UFFFFFFFF": a', "a: *b"])
def test_broken_front_matter_is_text_and_no_heading(inner: str):
    document = read(f"---\n{inner}\n---\n# Title\n")
    assert document.metadata == {}
    assert headings(document) == [(1, "Title")]
    assert inner in pieces(document)[0][1]


@pytest.mark.parametrize(
    "text",
    ["---\n\nprose\n\n---\n\nmore", "---\na: b", "----\na: b\n----\n", "a\n---\nb: c\n---\n"],
)
def test_thematic_breaks_are_no_front_matter(text: str):
    assert read(text).metadata == {}


def test_front_matter_is_limited_in_size():
    assert read(f"---\na: {'x' * MAX_CHARACTERS}\n---\n").metadata == {}


def test_merge_keys_do_not_explode():
    levels = [f"l{i}: &l{i}\n  <<: [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert read("\n".join(["---", "l0: &l0 {a: b}", *levels, "t: x", "---"])).metadata == {"t": "x"}


def test_the_title_is_the_first_top_heading():
    assert read("## Sub\n\n# Top\n\n# Second").title == "Top"
    assert read("## Sub").title is None


@pytest.mark.parametrize("source", [">" * 20_000, "- " * 10_000, "[" * 20_000, "a|" * 20_000])
def test_pathological_nesting(source: str):
    read(source)
    read(f"# {source}")


MARKDOWN = st.text(
    st.sampled_from(" \t\n\r#-*+_=`~>|[]():!<>&\\.1ab中\0\f\u2028\ufeff"), max_size=80
)


@given(st.one_of(MARKDOWN, st.text()))
@example("---\n---\n")
@example("\ufeff---\na: b\n---")
def test_any_text_keeps_the_invariants(text: str):
    read(text)


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("2024-05-06", "2024-05-06"),
        (" 2024/5/6 ", "2024-05-06"),
        ("2024年5月6日", "2024-05-06"),
        ("2024-05-06 07:08:09 +0800", "2024-05-06T07:08:09+08:00"),
        ("2024-05-06T25:00", "2024-05-06"),
        ("2024-13-06", None),
        ("06/05/2024", None),
        ("yesterday", None),
    ],
)
def test_iso_date(stated: str, iso: str | None):
    assert iso_date(stated) == iso
