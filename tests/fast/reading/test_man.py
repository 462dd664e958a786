"""Manual pages: what is printed of both macro packages, and what a stranger's page may hold."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading.dispatch import read_document
from ragcli.reading.man import read


def page(source: str) -> Document:
    document = read(source.encode(), PurePath("a.1"))
    check(document)
    return document


MAN = r""".\" a comment
.de Vb
.ft CW
..
.TH TOOL 1 "2024-05-06" "tool 1.0"
.SH NAME
tool \- 工具 for \fIthings\fR
.SH "SEE\ ALSO"
.BR other (3),
.I third
and more\(emmuch \*(lqmore\*(rq.\" gone
.PP
.B Second
paragraph
with \[u4E2D]\e.
.TP
.BR \-v ", " \-\-verbose
Says more.
.IP \(bu 2
An item.
.SS
Examples
.nf
$ tool \-x

  done
.fi
.TS
tab(	);
l l.
Name	Value
_
a	1
.TE
.ad l
End.
"""


def test_a_page_of_the_man_macros() -> None:
    document = page(MAN)
    assert pieces(document) == [
        ("heading", "NAME"),
        ("paragraph", "tool - 工具 for things"),
        ("heading", "SEE ALSO"),
        ("paragraph", "other(3),\nthird\nand more—much “more”."),
        ("paragraph", "Second\nparagraph\nwith 中\\."),
        ("paragraph", "-v, --verbose\nSays more."),
        ("paragraph", "• An item."),
        ("heading", "Examples"),
        ("code", "$ tool -x\n\n  done"),
        ("table", "Name | Value\na | 1"),
        ("paragraph", "End."),
    ]
    assert headings(document) == [(1, "NAME"), (1, "SEE ALSO"), (2, "Examples")]
    assert (document.title, document.date, document.has_lines) == ("TOOL(1)", "2024-05-06", False)


def test_a_page_of_the_mdoc_macros() -> None:
    document = page(
        ".Dd $Mdocdate: 2024-05-06 $\n.Dt TOOL 1\n.Sh NAME\n.Nm tool\n.Nd does things\n"
        ".Sh SYNOPSIS\n.Nm\n.Op Fl v\n.Ar file Ns s\n.Pp\nSee\n.Xr other 3 .\n"
    )
    assert pieces(document) == [
        ("heading", "NAME"),
        ("paragraph", "tool\ndoes things"),
        ("heading", "SYNOPSIS"),
        ("paragraph", "tool\n-v\nfiles"),
        ("paragraph", "See\nother(3)."),
    ]
    assert (document.title, document.date) == ("TOOL(1)", "2024-05-06")


@pytest.mark.parametrize("name", ["tool.1", "tool.3pm", "tool", "x.man"])
def test_pages_are_known_by_their_content(name: str) -> None:
    assert read_document(PurePath(name), MAN.encode()).format == "man"


def test_an_old_log_is_no_page() -> None:
    assert read_document(PurePath("log.1"), b"started\n.THX\nstopped\n").format == "text"


@pytest.mark.parametrize(
    "source",
    [
        "same line\n" * 5_000,
        ".SH\n" * 5_000,
        ".TP\n" * 5_000,
        ".nf\n" * 5_000,
        "\\" * 200_001,
        "\\[" * 100_000,
        '.B "' + 'a" "' * 50_000,
        ".SH " + "x" * 1_000_000,
        ".de x\n" * 5_000 + "..\n",
        ".Nm " + "Fl Ns Xr " * 20_000,
    ],
    ids=lambda source: source[:8],
)
def test_hostile_pages_take_linear_time(source: str) -> None:
    page(f"word\n{source}\n.\n")


TEXT = st.text(st.sampled_from('.\\"SHTPfBnl( )[]u中\n\n'), max_size=80)


@given(st.one_of(TEXT, st.text()))
def test_any_text_keeps_the_invariants(text: str) -> None:
    page(f"word\n\n{text}")


def test_pages_that_docutils_writes() -> None:
    source = (
        ".de1 INDENT\n. RS \\\\$1\n..\n.TH A 1\n.SH NAME\na\n.INDENT 0.0\n.IP 1. 3\nfirst\n"
        ".INDENT 3.0\n.IP a. 3\nsecond\n.UNINDENT\n.UNINDENT\n"
        ".TS\nbox center;\nl|l.\nT{\nHigh\nwater\nT}\tT{\nRemark\nT}\n_\nT{\n3.42\nT}\tplain\n.TE\n"
        ".TS\nl.\nT{\nnot closed\n.TE\nEnd.\n"
    )
    document = read(source.encode(), PurePath("a.1"))
    check(document)
    assert pieces(document)[1:] == [
        ("paragraph", "a"),
        ("paragraph", "1. first"),
        ("paragraph", "a. second"),
        ("table", "High water | Remark\n3.42 | plain"),
        ("table", "not closed"),
        ("paragraph", "End."),
    ]
