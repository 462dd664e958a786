"""Plain text: its paragraphs, and the title that some of it begins with."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from ragcli.reading.text import read


def title(text: str, name: str = "a.txt") -> str | None:
    return read(text.encode(), PurePath(name)).title


@pytest.mark.parametrize("name", ["a.txt", "README", "a.TXT"])
def test_a_line_alone_above_the_rest_is_the_title(name: str) -> None:
    assert title("Warranty terms\n\nIt runs for 24 months.\n", name) == "Warranty terms"


@pytest.mark.parametrize(
    "text",
    [
        "It runs for 24 months.\n\nBatteries: 12 months.\n",  # a sentence
        "Warranty terms\nIt runs for 24 months.\n\nBatteries\n",  # not alone
        "Warranty terms\n",  # above nothing
        "w" * 201 + "\n\nmore\n",
    ],
)
def test_what_is_no_title(text: str) -> None:
    assert title(text) is None


def test_a_log_has_no_title() -> None:
    assert title("server started\n\nserver stopped\n", "a.log") is None
