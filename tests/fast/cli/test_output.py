"""The owner of the streams, and the small parsers of options."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ragcli.cli import progress
from ragcli.cli.options import Only
from ragcli.cli.output import Output, one_line, show_safely
from ragcli.cli.values import filter_from, seconds
from ragcli.cli.wrap import Wrapper
from ragcli.domain import Event
from ragcli.errors import UsageError


def streams(terminal=False):
    made = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    for stream in made:
        stream.isatty = lambda: terminal
    return made


def content(stream):
    stream.flush()
    return stream.buffer.getvalue().decode()


def test_what_acts_on_a_terminal_is_made_visible_or_taken_out():
    assert show_safely("a\x1b[2Jb\x07\x9b1m\x7f") == "a\u241b[2Jb\u2407\ufffd1m\u2421"
    assert show_safely("a\u202eb\u200bc\ufeffd\u2066e") == "abcde"
    assert show_safely("one\r\ntwo\rthree\n\tfour") == "one\ntwo\u240dthree\n\tfour"
    assert show_safely("\udcff") == "\ufffd"
    assert one_line(" 中文\n\n e\u0301 \t") == "中文 e\u0301"


@given(st.text())
def test_nothing_that_acts_is_left(text):
    shown = show_safely(text)
    assert all(c in "\n\t" or c.isprintable() or ord(c) > 0x9F for c in shown)
    assert show_safely(shown) == shown


@given(st.lists(st.text("ab \n中。,\u200d-")), st.integers(22, 60))
def test_wrapping_loses_no_word_and_keeps_the_width(pieces, width):
    wrapper = Wrapper(width)
    shown = "".join([*map(wrapper.feed, pieces), wrapper.end()])
    text = "".join(pieces)
    assert "".join(shown.split()) == "".join(text.split())
    for line in shown.split("\n"):
        assert cell_len(line) <= width or re.fullmatch(r"[ab.,\u200d-]+", line)


def test_utf8_whatever_the_stream_was_opened_with():
    out, err = streams()
    output = Output(out, err, {})
    output.object({"text": "中文", "name": "\udcff"})
    output.note("中文 \udcff")
    assert content(out) == '{"text": "中文", "name": "\\udcff"}\n'
    assert content(err) == "中文 \ufffd\n"


def test_a_log_gets_a_line_now_and_then(monkeypatch):
    out, err = streams()
    moments = iter(range(0, 1000, 3))
    monkeypatch.setattr(progress, "monotonic", lambda: next(moments))
    listener = Output(out, err, {}).listener()
    for done in range(1, 11):
        listener(Event("reading", done, 10))
    listener(Event("problem", message="a.pdf: no text"))
    listener(Event("embedding", 1, 1))
    assert content(err).splitlines() == [
        "reading: 4 of 10 files",
        "reading: 8 of 10 files (0.3 files/s, 6.0 s left)",
        "reading: 10 of 10 files",
        "! a.pdf: no text",
    ]


def test_what_is_left_is_told_when_it_can_be_known(monkeypatch):
    out, err = streams()
    moments = iter(range(0, 10_000, 5))
    monkeypatch.setattr(progress, "monotonic", lambda: next(moments))
    listener = Output(out, err, {}).listener()
    for step in range(1, 5):  # both at once: the number of chunks grows, so no end is in sight
        listener(Event("reading", step, 4))
        listener(Event("embedding", 32 * step, 100 * step))
    listener(Event("embedding", 160, 400))
    listener(Event("embedding", 400, 400))
    assert content(err).splitlines() == [
        "reading: 1 of 4 files; embedding: 32 of 100 chunks so far",
        "reading: 2 of 4 files (0.1 files/s, 20 s left);"
        " embedding: 64 of 200 chunks so far (3.2 chunks/s)",
        "reading: 3 of 4 files (0.1 files/s, 10 s left);"
        " embedding: 96 of 300 chunks so far (3.2 chunks/s)",
        "embedding: 128 of 400 chunks (3.2 chunks/s, 1 min 25 s left)",
        "embedding: 400 of 400 chunks",
    ]


def test_the_rate_is_that_of_the_last_minute():
    pace = progress.Pace()
    pace.mark(0.0, 0)
    assert pace.per_s is None
    for second in range(1, 101):
        pace.mark(float(second), second * (1 if second <= 30 else 10) - 270 * (second > 30))
    assert pace.per_s == pytest.approx(10)
    slow = progress.Pace()
    for tenth in range(200):  # many marks, few kept
        slow.mark(tenth / 10, tenth)
    assert slow.per_s == pytest.approx(10)
    assert len(slow._marks) < 25


def test_bars_on_a_terminal_and_problems_above_them():
    out, err = streams(terminal=True)
    output = Output(out, err, {"TERM": "xterm", "COLUMNS": "80"})
    listener = output.listener()
    listener(Event("reading", 1, 2))
    listener(Event("problem", message="\x1b[2Ja.pdf: no text"))
    listener(Event("embedding", 3, 8))
    listener(Event("reading", 2, 2))
    output.close()
    shown = content(err)
    assert "Reading" in shown and "1 of 2 files" in shown
    assert "Embedding" in shown and "3 of 8 chunks so far" in shown
    assert "! \u241b[2Ja.pdf: no text\n" in shown.replace("\r", "")
    assert content(out) == ""


def test_data_begins_where_the_bars_end():
    out, err = streams(terminal=True)
    output = Output(out, err, {"TERM": "xterm", "COLUMNS": "80"})
    output.listener()(Event("embedding", 3, 8))
    output.line("data")
    ended = len(content(err))
    output.say("talk")  # not above bars, which would be drawn again
    assert content(err)[ended:] == "talk\n"
    output.close()


def test_quiet_says_problems_only():
    out, err = streams(terminal=True)
    listener = Output(out, err, {}, quiet=True).listener()
    listener(Event("note", message="a note"))
    listener(Event("embedding", 1, 2))
    listener(Event("problem", message="a.pdf: no text"))
    assert content(err) == "! a.pdf: no text\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("20s", 20), ("10m", 600), ("1h30m", 5400), ("1h 30", 3630), ("90", 90)),
        *(("0.5s", 0.5), ("300ms", 0.3), ("1m2s300ms", 62.3), ("0s", 0)),
    ],
)
def test_lengths_of_time(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", "5x", "1.5m", "300 ms 5", "-1s", "ms"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(UsageError, match="not a length of time"):
        seconds(text)


def test_partial_dates_are_their_first_and_last_day():
    chosen = filter_from(Only(since="2024", until="2024-02", type=".MD", lang="ZH"))
    assert (chosen.since, chosen.until) == ("2024-01-01", "2024-02-29")
    assert (chosen.format, chosen.language) == ("markdown", "zh")
