"""Subtitles (SubRip, WebVTT, SubViewer, Advanced SubStation): what is said, without the marks.

A file is two thirds numbers and times, which would fill every chunk: the text is made of the cues'
lines, in paragraphs that end where nobody speaks. Each paragraph is a page whose label is its time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ragcli.domain import Document, Page
from ragcli.reading import text as plain
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, clean, metadata_value, one_line
from ragcli.reading.lineblocks import Lines

# People pause for a breath within a paragraph, not for this long.
PAUSE_S = 5.0
# A paragraph ends with a sentence from here on, and anywhere at twice as much: about a chunk.
LONG_CHARACTERS = 700

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?"
_CUE = re.compile(rf"{_TIME}[ \t]*(?:-->|,)[ \t]*{_TIME}(?:[ \t].*)?\Z")
_NUMBER = re.compile(r"\d{1,9}\Z")
_DIALOGUE = re.compile(
    rf"Dialogue:[^,]*,\s*{_TIME}\s*,\s*{_TIME}\s*,(?:[^,]*,){{6}}", re.IGNORECASE
)
_TITLE = re.compile(r"(?:Title:|WEBVTT[ \t]+(?:-[ \t]+)?)[ \t]*(\S.*)", re.IGNORECASE)
_LANGUAGE = re.compile(r"Language:[ \t]*([a-z]{2})\b", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[\w.]{1,50})?[ \t]+([^<>]{1,100})>")
_TAG = re.compile(r"<[^<>]{0,200}>|\{[\\\w][^{}]{0,500}\}")
_SENTENCE_END = re.compile(r"[.!?…。！？♪][\"'”’）)\]]?\Z")


@dataclass(frozen=True, slots=True)
class _Cue:
    start_s: float
    end_s: float
    lines: tuple[str, ...]


def read(data: bytes, path: PurePath) -> Document:
    """The document with a paragraph, and a page, for each stretch of speech.

    A file without any cue is read as plain text. Raises Unreadable when there is no text in it.
    """
    source = Lines(decode(data))
    cues = list(_cues(source))
    if not any(cue.lines for cue in cues):
        return plain.read(data, path)
    builder = TextBuilder()
    starts: list[tuple[int, float]] = []
    for paragraph in _paragraphs(cues):
        builder.add("paragraph", "\n".join(line for cue in paragraph for line in cue.lines))
        starts.append((builder.blocks[-1].char_start, paragraph[0].start_s))
    head = source.lines[:30]
    language = next((m[1].lower() for line in head if (m := _LANGUAGE.match(line))), None)
    title = next((m[1] for line in head if (m := _TITLE.match(line))), "")
    return Document(
        text=builder.text,
        format="subtitles",
        blocks=builder.blocks,
        pages=tuple(_pages(starts, len(builder.text))),
        title=metadata_value(title) or None,
        language=language,
    )


def _cues(source: Lines) -> Iterator[_Cue]:
    """The cues in the order of the file; a line is not said twice in a row."""
    last = ""
    for start_s, end_s, spoken in _timed(source):
        lines: list[str] = []
        for line in spoken:
            words = _words(line)
            if words and words != last:
                lines.append(words)
            last = words or last
        yield _Cue(start_s, end_s, tuple(lines))


def _timed(source: Lines) -> Iterator[tuple[float, float, list[str]]]:
    i = 0
    while i < len(source):
        line = source[i].strip()
        i += 1
        if cue := _CUE.match(line):
            end = source.run(i, lambda text: text and not _CUE.match(text.strip()))
            spoken = source.lines[i:end]
            # Without an empty line between two cues, the next one's number stands here.
            if spoken and end < len(source) and source[end] and _NUMBER.match(spoken[-1].strip()):
                spoken.pop()
            yield _seconds(cue.groups()[:4]), _seconds(cue.groups()[4:]), spoken
            i = end
        elif dialogue := _DIALOGUE.match(line):
            spoken = re.split(r"\\[Nn]", line[dialogue.end() :])
            yield _seconds(dialogue.groups()[:4]), _seconds(dialogue.groups()[4:]), spoken


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _words(line: str) -> str:
    """A line of a cue without its tags; who speaks is said before it."""
    line = _TAG.sub("", _VOICE.sub(r"\1: ", line)).replace(r"\h", " ")
    return one_line(clean(html.unescape(line)))


def _paragraphs(cues: Iterable[_Cue]) -> Iterator[list[_Cue]]:
    paragraph: list[_Cue] = []
    size = 0
    for cue in cues:
        if not cue.lines:
            continue
        if paragraph:
            silence = cue.start_s - paragraph[-1].end_s
            ended = _SENTENCE_END.search(paragraph[-1].lines[-1]) is not None
            if silence > PAUSE_S or size > (LONG_CHARACTERS if ended else 2 * LONG_CHARACTERS):
                yield paragraph
                paragraph, size = [], 0
        paragraph.append(cue)
        size += sum(map(len, cue.lines))
    if paragraph:
        yield paragraph


def _pages(starts: Sequence[tuple[int, float]], end: int) -> Iterator[Page]:
    ends = [*(start for start, _ in starts[1:]), end]
    for number, ((start, time_s), stop) in enumerate(zip(starts, ends, strict=True), 1):
        minutes, seconds = divmod(int(time_s), 60)
        label = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        yield Page(number, start, stop, label)
