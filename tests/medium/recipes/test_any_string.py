"""Whatever is asked, or named, is plain words: no string is an operator, and none breaks it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from fakes.project import top
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ragcli import Rag
from ragcli.cli.options import Only
from ragcli.cli.values import filter_from, typed
from ragcli.domain import Filter
from ragcli.errors import RagError

ODD = [
    '"',
    "'",
    "*",
    "NEAR(",
    'NEAR("a" "b", 3)',
    "AND OR NOT",
    "body : x",
    "{body context} : x",
    "^warranty",
    "a + b",
    "-x",
    "(((((",
    "'; DROP TABLE files; --",
    "%_\\",
    "[a-",
    "[!]",
    "?",
    "\x00",
    "warranty\x00batteries",
    "\ud800",
    "\udcff\udc80",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "\u202eabc\u200b",
    "保修*",
    "ﬀ ǆ İ ß",
    "e\u0301" * 50,
    "a" * 100_000,
    "word " * 2_000,
    " ".join(map("".join, product("abcdefghij", repeat=3))),
    '"' * 100_000,
    "(" * 100_000,
    "中" * 30_000,
    "#part=",
    "docs/guide.md#page=99999999999999999999",
    "docs/guide.md:99999999999999999999999",
    "https://",
    "~nobody/x",
    "/" * 5000,
    "../" * 2000,
    "",
    " \t\n",
]
strings = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(), max_size=60),  # with halves of pairs
    st.lists(st.sampled_from([*ODD[:28], "warranty", "batteries"]), max_size=5).map(" ".join),
)
many = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def harmless(call: Any, *args: Any, **named: Any) -> Any:
    """What it gives; None where it says, with a cure, why it gives nothing."""
    try:
        return call(*args, **named)
    except RagError as error:
        assert error.exit_code in (2, 4) and error.message
        return None


@pytest.mark.parametrize("text", ODD, ids=lambda text: repr(text[:20]))
def test_odd_strings(rag: Rag, text: str) -> None:
    ask(rag, text)
    name(rag, text)
    choose(rag, text)


@many
@given(strings)
def test_any_question(rag: Rag, text: str) -> None:
    ask(rag, text)


@many
@given(strings)
def test_any_name(rag: Rag, text: str) -> None:
    name(rag, text)


@many
@given(strings)
@example("author=\x00")
def test_any_filter(rag: Rag, text: str) -> None:
    choose(rag, text)


def ask(rag: Rag, text: str) -> None:
    for mode in ("keyword", "hybrid"):
        found = harmless(rag.query, text, mode=mode)
        assert found is None or len(found.passages) <= 5
    harmless(rag.why_not, text, "docs/guide.md", mode="keyword")


def name(rag: Rag, text: str) -> None:
    """Nothing of that name is there, or it is what `ls` lists."""
    listed = harmless(rag.files, text)
    assert listed is None or {f.source for f in listed} <= {f.source for f in rag.files()}
    for look in (rag.show, rag.chunks):
        harmless(look, text)
    harmless(rag.why_not, "warranty", text, mode="keyword")


def choose(rag: Rag, text: str) -> None:
    """A filter lets through a part of what is found without it."""
    every = {p.chunk_id for p in rag.query("warranty batteries", mode="keyword").passages}
    for chosen in (
        Filter(path=text),
        Filter(format=text),
        Filter(language=text),
        Filter(where=((text, text),)),
        Filter(since=text, until=text),
    ):
        found = harmless(rag.query, "warranty batteries", mode="keyword", chosen=chosen)
        assert found is None or {p.chunk_id for p in found.passages} <= every
    harmless(filter_from, Only(text, text, text, text, text, [text]))


@pytest.mark.parametrize(
    "odd",
    ['"', "*", "NEAR(", "^", "body :", ") OR (", "AND", "NOT", "-", "👩‍👩‍👧‍👦", "\x00", "\ud800"],
)
def test_operators_are_words(rag: Rag, odd: str) -> None:
    """They change nothing about what the other words find."""
    apart = [f"{odd} warranty", f"warranty {odd}"]
    joined = [] if any(map(str.isalnum, odd)) else [f"warranty{odd}", f"{odd}warranty"]
    for question in apart + joined:
        assert rag.query(question, mode="keyword").passages[0].source == "docs/guide.md"
    assert top(rag, f"{odd} batteries {odd}") == "docs/notes.txt"


def test_bytes_that_are_no_text(rag: Rag) -> None:
    """As a terminal in another encoding hands them over."""
    ask(rag, typed("warranty\udcff\udc80"))
    assert rag.query(typed("warranty \udcff"), mode="keyword").passages
