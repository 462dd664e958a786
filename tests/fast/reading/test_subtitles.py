"""Subtitles of each kind: words in order, times as labels, no marks."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from fakes.document_checks import check, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading.subtitles import LONG_CHARACTERS, read


def subtitles(text: str, name: str = "a.srt") -> Document:
    document = read(text.encode(), PurePath(name))
    check(document)
    return document


SRT = """1
00:00:01,000 --> 00:00:03,500
<i>Hello there,</i>
{\\an8}General &amp; co.

2
00:00:04,000 --> 00:00:05,000
General &amp; co.
- How are you?

3
01:00:06,000 --> 01:00:07,000 X1:1
你好，
世界。
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cues_become_paragraphs_and_their_times_labels(end: str) -> None:
    document = subtitles("\ufeff" + SRT.replace("\n", end))
    assert document.text == "Hello there,\nGeneral & co.\n- How are you?\n\n你好，\n世界。"
    assert [kind for kind, _ in pieces(document)] == ["paragraph", "paragraph"]
    assert [(p.number, p.label) for p in document.pages] == [(1, "0:00:01"), (2, "1:00:06")]
    assert not document.has_lines and document.title is None


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "a.vtt",
            "WEBVTT - The title\nLanguage: zh\n\nSTYLE\n::cue { color: red }\n\nNOTE a\nb\n\n"
            "intro\n00:01.000 --> 00:02.000 align:start\n<v Ada>One <b>two</b>\n\n"
            "00:00:03.000 --> 00:00:04.000\n<00:00:03.500><c>三</c>\n",
        ),
        (
            "a.ass",
            "[Script Info]\nTitle: The title\nLanguage: zh\n\n[Events]\n"
            "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
            "Comment: 0,0:00:00.00,0:00:01.00,D,,0,0,0,,no\n"
            "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\b1}Ada: One two\\N三\n",
        ),
        ("a.sbv", "0:00:01.000,0:00:02.000\nAda: One two\n\n0:00:03.000,0:00:04.000\n三\n"),
        ("a.srt", "1\n00:00:01,0 --> 00:00:02,0\nAda: One two\n2\n00:00:02,0 --> 00:00:03,0\n三"),
    ],
)
def test_each_kind_of_subtitles(name: str, source: str) -> None:
    document = subtitles(source, name)
    assert document.text == "Ada: One two\n三"
    assert [p.label for p in document.pages] == ["0:00:01"]
    if "title" in source:
        assert (document.title, document.language) == ("The title", "zh")


def cue(i: int, line: str) -> str:
    return f"{i}\n00:{i // 60:02}:{i % 60:02},000 --> 00:{i // 60:02}:{i % 60:02},900\n{line}\n\n"


def test_long_speech_is_parted_at_sentences() -> None:
    lines = [f"word {i} of what is said" + ("." if i % 3 == 0 else "") for i in range(300)]
    document = subtitles("".join(cue(i, line) for i, line in enumerate(lines)))
    assert document.text.split() == " ".join(lines).split()
    parts = [text for _, text in pieces(document)]
    assert len(parts) > 5
    assert all(LONG_CHARACTERS <= len(text) < 2 * LONG_CHARACTERS for text in parts[:-1])
    assert all(text.endswith(".") for text in parts[:-1])


def test_a_file_without_cues_is_plain_text() -> None:
    document = read(b"no times\n\nat all\n", PurePath("a.srt"))
    assert document.text == "no times\n\nat all\n" and document.has_lines


@pytest.mark.parametrize(
    "source",
    [
        "x --> y\n" * 5_000,
        "00:00:01,000 --> 00:00:02,000\n" * 5_000 + "end",
        "1\n" * 50_000,
        cue(1, "<" * 200_000),
        cue(1, "{" * 200_000),
        cue(1, "<v a" * 50_000),
        "Dialogue:" + "," * 200_000,
        "0:0:1.0,0:0:2.0\n" + "x" * 1_000_000,
        "WEBVTT\n\n" + "99:99:99.999 --> 00:00:00.000\nx\n\n" * 5_000,
    ],
    ids=lambda source: source[:12],
)
def test_hostile_subtitles(source: str) -> None:
    subtitles(source) if "-->" in source else read(source.encode(), PurePath("a.sbv"))


TEXT = st.text(st.sampled_from("\n\n0123:,.-> a中{}<>\\N"), max_size=80)


@given(TEXT)
def test_any_text_keeps_the_invariants(text: str) -> None:
    subtitles(cue(1, "word") + text)
