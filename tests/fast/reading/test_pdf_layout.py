"""Reading order, paragraphs, tables and headings, from where things stand on the page."""

import string
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from fakes.pdf_maker import lines, pdf_of, shown, turned

from ragcli.domain import Document
from ragcli.reading import pdf
from ragcli.text.folding import fold

PROSE = (
    "the harbour was quiet that morning and",
    "nobody on the quay had noticed how the",
    "fog had come in from the sea before the",
    "first of the boats could be made ready",
    "so that all of them had to wait until",
    "the afternoon for a sight of the other",
)
OTHER = (
    "in the village above it the women were",
    "hanging out washing as though there had",
    "never been a day without sun and wind",
    "while the children ran down to the boats",
    "shouting to one another about the whale",
    "that somebody had seen beyond the point",
)


def read(data: bytes) -> Document:
    document = pdf.read(data, PurePath("a.pdf"))
    check(document)
    return document


def test_columns_that_are_written_one_after_the_other():
    page = shown(50, 40, "A title across both", 16) + lines(50, 80, PROSE) + lines(320, 80, OTHER)
    document = read(pdf_of(page))
    assert document.text == "\n\n".join(["A title across both", "\n".join(PROSE), "\n".join(OTHER)])
    assert headings(document) == [(1, "A title across both")]


@pytest.mark.parametrize("right_first", [False, True])
def test_columns_that_are_written_line_by_line_across_both(right_first: bool):
    page = b""
    for i, (left, right) in enumerate(zip(PROSE, OTHER, strict=True)):
        pair = [shown(50, 80 + 12 * i, left), shown(320, 80 + 12 * i, right)]
        page += b"".join(reversed(pair) if right_first else pair)
    assert read(pdf_of(page)).text == "\n".join(PROSE) + "\n\n" + "\n".join(OTHER)


def test_chinese_columns_that_are_written_line_by_line_across_both():
    left = [
        "港口那天早晨十分安静，码头上没有人注",
        "意到雾是怎样从海上漫过来的，第一条船",
        "还没有准备好，大家只好等到下午才出海。",
    ]
    right = [
        "山上的村子里，妇女们正在晾晒衣服，好",
        "像从来没有过没有太阳和风的日子，孩子",
        "们一边跑下来看船，一边互相喊着鲸鱼了。",
    ]
    page = b"".join(
        shown(50, 80 + 14 * i, left[i]) + shown(320, 80 + 14 * i, right[i]) for i in range(3)
    )
    assert read(pdf_of(page)).text == "".join(left) + "\n\n" + "".join(right)


def test_pieces_that_are_written_from_the_bottom_up_are_read_from_the_top_down():
    page = (
        lines(50, 600, PROSE)
        + lines(50, 300, OTHER)
        + shown(50, 60, "First of all")
        + shown(50, 270, "Second")
    )
    assert read(pdf_of(page)).text == "\n\n".join(
        ["First of all", "Second", "\n".join(OTHER), "\n".join(PROSE)]
    )


def test_pieces_side_by_side_stay_as_they_were_written_where_others_move():
    page = (
        lines(50, 300, PROSE)
        + shown(50, 401, "isbn =")
        + lines(150, 400, ["{3-540-52381-2},", "language = {ngerman}"])
        + shown(50, 60, "First of all")
    )
    assert read(pdf_of(page)).text == "\n\n".join(
        ["First of all", "\n".join(PROSE), "isbn =", "{3-540-52381-2},\nlanguage = {ngerman}"]
    )


def test_columns_out_of_order_are_read_to_their_end():
    page = (
        lines(320, 80, OTHER)
        + lines(320, 180, OTHER[:3])
        + lines(50, 180, PROSE[:3])
        + lines(50, 80, PROSE)
        + shown(
            50, 40, "A title across both of the columns of this page, from one side to the other"
        )
    )
    title, *rest = read(pdf_of(page)).text.split("\n\n")
    assert title.startswith("A title")
    assert "\n".join(rest).splitlines() == [*PROSE, *PROSE[:3], *OTHER, *OTHER[:3]]


def test_tables_are_rows():
    rows = [
        ("Article", "Price", "In stock"),
        ("Rope (10 m)", "12.50", "yes"),
        ("铁锚", "80.00", "no"),
    ]
    page = shown(50, 50, "What we have:")
    for i, row in enumerate(rows):
        for x, cell in zip((50, 200, 320), row, strict=True):
            page += shown(x, 80 + 15 * i, cell)
    page += shown(50, 160, "That is all.")
    document = read(pdf_of(page))
    assert pieces(document) == [
        ("paragraph", "What we have:"),
        ("table", "Article | Price | In stock\nRope (10 m) | 12.50 | yes\n铁锚 | 80.00 | no"),
        ("paragraph", "That is all."),
    ]


def test_a_cell_of_several_lines_stays_in_its_row():
    page = (
        lines(50, 80, ["Rope"])
        + lines(200, 80, ["for mooring a boat", "to the quay"])
        + lines(50, 110, ["Anchor", "(iron)"])
        + lines(200, 110, ["for where there", "is none"])
    )
    assert pieces(read(pdf_of(page))) == [
        ("table", "Rope | for mooring a boat to the quay\nAnchor (iron) | for where there is none")
    ]


def test_cells_at_half_the_height_of_a_long_one_and_centred_headers():
    page = (
        shown(99, 80, "Region")
        + shown(190, 80, "Revenue")
        + shown(376, 80, "Comment")
        + shown(58, 112, "North")
        + shown(190, 112, "1,200")
        + lines(252, 100, ["A comment that has to be", "wrapped over several lines", "of its cell"])
        + shown(58, 144, "South")
        + shown(190, 144, "900")
        + shown(252, 144, "none")
        + lines(58, 164, ["East and West", "together with more", "words"])
        + shown(190, 176, "77")
        + shown(252, 176, "fine")
    )
    assert pieces(read(pdf_of(page))) == [
        (
            "table",
            "Region | Revenue | Comment\n"
            "North | 1,200 | A comment that has to be wrapped over several lines of its cell\n"
            "South | 900 | none\n"
            "East and West together with more words | 77 | fine",
        )
    ]


def test_a_line_with_one_wide_gap_is_a_line():
    page = lines(50, 80, PROSE[:2]) + shown(50, 104, "left of it") + shown(300, 104, "right of it")
    page += lines(50, 116, PROSE[2:4])
    assert read(pdf_of(page)).text == "\n".join([*PROSE[:2], "left of it right of it", *PROSE[2:4]])


def test_words_broken_at_a_line_end_are_whole_again():
    page = lines(
        50,
        80,
        [
            "A long exam-",
            "ple of a well-",
            "known rule, and how well-known it is, with a vice-",
            "President and the years 1990-",
            "1999 in it, a re-read text and a re-",
            "read book - and",
            "more",
        ],
    )
    assert read(pdf_of(page)).text == (
        "A long example of a well-known rule, and how well-known it is, with a vice-President and"
        " the years 1990-\n1999 in it, a re-read text and a re-read book - and\nmore"
    )


def test_heads_and_feet_are_text_once_and_page_numbers_never():
    contents = [
        shown(50, 30, "The Harbour Almanac")
        + lines(50, 100, [f"Page {word} is about something of its own."])
        + shown(280, 820, f"- {number} -")
        + shown(450, 820, f"Edition 7, leaf {number} of 4")
        for number, word in enumerate(("one", "two", "three", "four"), 1)
    ]
    document = pdf.read(pdf_of(*contents), PurePath("a.pdf"))
    check(document, markup=string.printable)
    assert [text for _, text in pieces(document)] == [
        "The Harbour Almanac",
        "Page one is about something of its own.",
        "Edition 7, leaf 1 of 4",
        *(f"Page {word} is about something of its own." for word in ("two", "three", "four")),
    ]
    for page in document.pages:
        text = document.text[page.char_start : page.char_end]
        assert text.startswith("The Harbour Almanac\n\nPage ")
        assert text.endswith(f"- {page.number} -\n\nEdition 7, leaf {page.number} of 4")


def test_what_stands_twice_or_is_set_large_is_no_running_head():
    slides = [shown(50, 50, f"Step {i}", 24) + lines(50, 100, PROSE) for i in range(1, 5)]
    assert headings(read(pdf_of(*slides))) == [(1, f"Step {i}") for i in range(1, 5)]
    two = read(pdf_of(*[shown(50, 30, "Minutes") + lines(50, 100, PROSE)] * 2))
    assert [text for _, text in pieces(two)].count("Minutes") == 2


def test_headings_are_what_is_larger_or_bold():
    page = (
        shown(50, 50, "The Harbour", 20)
        + shown(50, 90, "Of the fog", 14)
        + lines(50, 110, PROSE)
        + shown(50, 200, "What came of it", bold=True)
        + lines(50, 220, OTHER)
        + shown(50, 320, "Of the whale", 14)
        + shown(50, 340, "Nobody saw it.", bold=True)
    )
    document = read(pdf_of(page))
    assert headings(document) == [
        (1, "The Harbour"),
        (2, "Of the fog"),
        (3, "What came of it"),
        (2, "Of the whale"),
    ]


def test_paragraphs_end_at_gaps_bullets_and_indents():
    page = (
        lines(50, 80, PROSE[:3])
        + lines(50, 130, OTHER[:2])
        + lines(62, 154, OTHER[2:3])
        + lines(50, 166, OTHER[3:5])
        + lines(50, 178, ["• one item of a list", "• another item of it"])
    )
    assert [text for _, text in pieces(read(pdf_of(page)))] == [
        "\n".join(PROSE[:3]),
        "\n".join(OTHER[:2]),
        "\n".join(OTHER[2:5]),
        "• one item of a list",
        "• another item of it",
    ]


def test_a_page_that_lies_on_its_side_is_read_as_it_is_shown():
    up = (0, 1, -1, 0)
    page = b"".join(turned(100 + 12 * i, 800, text, up) for i, text in enumerate(PROSE))
    assert read(pdf_of(page)).text == "\n".join(PROSE)
    assert read(pdf_of(page, page=b"/Rotate 90")).text == "\n".join(PROSE)
    assert (
        read(pdf_of(lines(50, 80, PROSE), page=b"/Rotate 180")).text.split()
        == " ".join(PROSE).split()
    )


def test_what_runs_up_the_margin_comes_last():
    page = turned(30, 700, "draft of the third of May", (0, 1, -1, 0)) + lines(50, 80, PROSE)
    assert read(pdf_of(page)).text == "\n".join(PROSE) + "\n\ndraft of the third of May"


def test_chinese_goes_on_without_a_line_end_and_radicals_are_found():
    page = lines(
        50, 80, ["港口那天早晨十分安静，码头上没有人注", "意到雾是怎样从海上漫过来的。"], 12, 15
    )
    page += shown(50, 200, "⽤⼈单位")
    document = read(pdf_of(page))
    assert "没有人注意到雾" in document.text
    assert "用人单位" in fold(document.text)


def test_hebrew_is_read_from_right_to_left():
    # As a program writes it that knows nothing of direction: in the order of the eye.
    document = read(pdf_of(shown(50, 80, "םולש םלוע")))
    assert document.text == "עולם שלום"


def test_characters_beyond_the_first_plane_stay_whole():
    document = read(pdf_of(shown(50, 80, "鲸𠀀鱼") + shown(50, 94, "and the rest")))
    assert document.text == "鲸𠀀鱼\nand the rest"
