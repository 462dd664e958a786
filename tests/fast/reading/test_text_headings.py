"""Headings of plain text: what books, standards and notes have; and what only looks like one."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading.text import read

BODY = "\n\nIt was a fine day, and nobody knew\nwhat would come of it.\n\n"


def text(source: str, name: str = "a.txt", markup: str = "") -> Document:
    document = read(source.encode(), PurePath(name))
    assert document.text == source and document.has_lines
    check(document, markup)
    return document


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_chapters_of_books(end: str) -> None:
    source = f"The Book{BODY}".replace("\n\n", "\n\n\n", 1) + "".join(
        f"{title}{BODY}"
        for title in (
            "BOOK ONE",
            "CHAPTER I",
            "CHAPTER II. The Whale",
            "Chapter 3: Of Ships",
            "CHAPTER IV\nDown the Hole",
            "Book Two",
            "Chapter the First",
        )
    )
    assert headings(text(source.replace("\n", end))) == [
        (1, "BOOK ONE"),
        (2, "CHAPTER I"),
        (2, "CHAPTER II. The Whale"),
        (2, "Chapter 3: Of Ships"),
        (2, "CHAPTER IV Down the Hole"),
        (1, "Book Two"),
        (2, "Chapter the First"),
    ]


def test_chapters_of_chinese_books_stand_without_empty_lines() -> None:
    source = (
        "红楼梦\n\n序言\n\n一段话。\n\n第一卷\n\n第一回　甄士隐梦幻识通灵\n"
        "此开卷第一回也。作者自云。\n第二段话在这里。\n第二回 贾夫人仙逝扬州城\n"
        "却说封肃听见公差传唤。\n\n第三章\n\n第一节 总则\n"
        "第一条　本法如此。\n第二条　那样。\n第三次来的时候，他走了。\n"
    )
    document = text(source)
    assert headings(document) == [
        (2, "序言"),
        (1, "第一卷"),
        (2, "第一回 甄士隐梦幻识通灵"),
        (2, "第二回 贾夫人仙逝扬州城"),
        (2, "第三章"),
        (3, "第一节 总则"),
    ]
    assert document.title == "红楼梦"
    assert ("paragraph", "此开卷第一回也。作者自云。\n第二段话在这里。") in pieces(document)


def test_a_table_of_contents_has_no_headings() -> None:
    titles = [f"CHAPTER {number}" for number in ("I", "II", "III")]
    source = "\n\n".join(titles) + "\n\n" + "".join(title + BODY for title in titles)
    assert headings(text(source)) == [(1, title) for title in titles]


def test_numbered_headings_count_on() -> None:
    titles = ["1. Introduction", "1.1 Aim", "2 方法", "2.1 Data", "2.1.1. Sources", "3. Results"]
    assert headings(text("Report" + BODY + "".join(t + BODY for t in titles))) == [
        (1, "1. Introduction"),
        (2, "1.1 Aim"),
        (1, "2 方法"),
        (2, "2.1 Data"),
        (3, "2.1.1. Sources"),
        (1, "3. Results"),
    ]


def test_underlined_titles() -> None:
    source = (
        f"Manual\n======{BODY}First part\n----------{BODY}安装\n----{BODY}Second\n======\n{BODY}"
    )
    assert headings(text(source)) == [(1, "Manual"), (2, "First part"), (2, "安装"), (1, "Second")]
    assert text(source).title == "Manual"


@pytest.mark.parametrize(
    "source",
    [
        "CHAPTER I .......... 3\n\nmore text",
        "Chapter 7 was the one that she liked most of all.\n\nmore",
        "Part of the problem\n\nis that",
        "第一章讲的是，如何安装。\n\n正文。",
        "第一条　本法\n\n正文。",
        "1. Buy milk\n\n2. Buy bread\n\n3. Sleep\n\n",
        "7 Dwarfs\n\nlived in a house.",
        "2021 Annual Report\n\nof the company",
        "3.5 Tonnes\n\nwere found. \n\n9.1 Tonnes\n\nwere sold.",
        "Name    Value\n----    -----\na       1\n",
        "A line above a rule\n---\n\ntext",
        "x = 1\ny = 2\n-----\nz\n",
        "1.1 a lower case start\n\ntext\n\n1.2 another\n\ntext",
    ],
)
def test_what_is_no_heading(source: str) -> None:
    assert headings(text(source)) == []


def test_logs_and_settings_have_no_headings() -> None:
    assert headings(text(f"CHAPTER I{BODY}", "a.log")) == []
    assert headings(text("[a]\nx=1\n\n[b]\n=====\n", "a.ini")) == []


def test_form_feeds_part_pages_whose_running_lines_are_left_out() -> None:
    source = (
        "\n\nRFC 1        A Protocol\n\n1. Introduction\n\n   Text one.\n\n\n"
        "Li            Standards Track         [Page 1]\n\f\nRFC 1    A Protocol    May 2024\n\n\n"
        "   Text two.\n\n2. Next\n\n   Text three.\n\n"
        "Li            Standards Track         [Page 2]\n"
    )
    document = read(source.encode(), PurePath("rfc1.txt"))
    assert [text for _, text in pieces(document)] == [
        "RFC 1        A Protocol", "1. Introduction", "   Text one.", "   Text two.", "2. Next",
        "   Text three.",
    ]  # fmt: skip
    assert headings(document) == [(1, "1. Introduction"), (1, "2. Next")]
    assert [
        (p.number, source[p.char_start : p.char_end].count("Text")) for p in document.pages
    ] == [
        (1, 1),
        (2, 2),
    ]
    assert text("one\f").pages == ()


@pytest.mark.parametrize(
    "source",
    [
        "same line\n" * 5_000,
        "CHAPTER I\n\n" * 5_000,
        "1. Same\n\n" * 5_000,
        "第一章\n" * 5_000,
        "=====\n" * 5_000,
        "T\n=\n\n" * 5_000,
        "第" * 1_000_000,
        "x" * 1_000_000,
        "\f\n" * 50_000 + "end",
        "1." * 100_000,
        "".join(f"{i}. Part\n\ntext\n\n" for i in range(1, 1000)) * 5,
    ],
    ids=lambda source: source[:8],
)
def test_hostile_texts_take_linear_time(source: str) -> None:
    text(source)


TEXT = st.text(st.sampled_from(" \t\n\n\r\f12.=-CHAPTERI第一章节 。a中"), max_size=80)


@given(st.one_of(TEXT, st.text()))
def test_any_text_keeps_the_invariants(source: str) -> None:
    text(f"word\n\n{source}".encode("utf-8", "replace").decode())
