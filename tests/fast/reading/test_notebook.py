"""Jupyter notebooks: cells in order, outputs as text, and what a stranger's file may hold."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading.notebook import MAX_OUTPUT_CHARACTERS, read


def notebook(cells: list[Any], **facts: Any) -> Document:
    data = json.dumps({"nbformat": 4, "metadata": facts, "cells": cells}).encode()
    document = read(data, PurePath("a.ipynb"))
    check(document)
    return document


def test_cells_come_in_order_with_their_outputs() -> None:
    document = notebook(
        [
            {"cell_type": "markdown", "source": ["# 分析 *A*\n", "\n", "Text.\n", "\n", "- one"]},
            {
                "cell_type": "code",
                "source": "import x\n\nprint(x)",
                "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": ["a\n", "10%\r100%\n"]},
                    {
                        "output_type": "execute_result",
                        "data": {"text/html": "<b>no</b>", "text/plain": ["   x\n", "0  1"]},
                    },
                    {
                        "output_type": "display_data",
                        "data": {
                            "image/png": "AAAA",
                            "text/plain": "<Figure size 640x480 with 1 Axes>",
                        },
                    },
                    {
                        "output_type": "error",
                        "ename": "ValueError",
                        "evalue": "\x1b[31mbad\x1b[0m",
                        "traceback": ["long"],
                    },
                ],
            },
            {"cell_type": "raw", "source": "raw text"},
            {"cell_type": "markdown", "source": "## Second\n\n```\n# no\n```"},
        ],
        language_info={"name": "Python"},
    )
    assert pieces(document) == [
        ("heading", "# 分析 *A*"),
        ("paragraph", "Text."),
        ("list", "- one"),
        ("code", "import x\n\nprint(x)"),
        ("code", "a\n100%\n   x\n0  1\nValueError: bad"),
        ("paragraph", "raw text"),
        ("heading", "## Second"),
        ("code", "```\n# no\n```"),
    ]
    assert headings(document) == [(1, "分析 A"), (2, "Second")]
    assert document.title == "分析 A" and not document.has_lines
    assert document.metadata == {"programming_language": "python"}


def test_notebooks_of_the_third_format() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Part"]},
        {
            "cell_type": "code",
            "input": "1 + 1",
            "outputs": [
                {"output_type": "pyout", "text": "2"},
                {"output_type": "pyerr", "ename": "E", "evalue": "v"},
            ],
        },
    ]
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    document = read(data, PurePath("a.ipynb"))
    assert pieces(document) == [("heading", "Part"), ("code", "1 + 1"), ("code", "2\nE: v")]
    assert headings(document) == [(2, "Part")]


def test_a_huge_output_is_cut_and_told() -> None:
    outputs = [{"output_type": "stream", "text": f"line {i}\n"} for i in range(10_000)]
    document = notebook([{"cell_type": "code", "source": "x", "outputs": outputs}, {}])
    assert len(document.text) <= MAX_OUTPUT_CHARACTERS + 3
    assert [p.message for p in document.problems] == [
        "cell 1: its output is cut at 20,000 characters"
    ]


def test_an_output_of_one_long_line_takes_linear_time() -> None:
    outputs = [{"output_type": "stream", "text": "\x1b[" + "<x" * 200_000}]
    assert notebook([{"cell_type": "code", "source": "x", "outputs": outputs}]).problems


def test_cells_that_are_none_cost_only_themselves() -> None:
    odd = [None, 1, "x", [], {}, {"cell_type": "code", "source": 3, "outputs": {"a": 1}}]
    odd += [{"cell_type": "heading", "source": "T", "level": "x"}]
    odd += [{"cell_type": "code", "source": "y", "outputs": [None, {"data": [1]}, {"text": {}}]}]
    document = notebook([*odd, {"cell_type": "markdown", "source": "kept"}])
    assert pieces(document) == [("heading", "T"), ("code", "y"), ("paragraph", "kept")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "broken"),
        (b"[]", "broken"),
        (b'{"a": 1}', "broken"),
        (b"[" * 100_000, "broken"),
        (b'{"cells": [' + b"[" * 100_000, "broken"),
        (b'{"cells": []}', "no_text"),
        (b'{"cells": 3, "worksheets": [7]}', "no_text"),
    ],
)
def test_what_is_no_notebook(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data, PurePath("a.ipynb"))
    assert caught.value.code == code
