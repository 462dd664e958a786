"""Patches: the text is the file itself, a section for each file that is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading.encodings import decode
from ragcli.reading.lineblocks import Lines

_FILE = re.compile(r"diff --git a/(.+?) b/.*\Z|Index: (.+)\Z|diff (?:-\S+ )*\S+ (\S+)\Z")
_OLD, _NEW = re.compile(r"--- \S"), re.compile(r"\+\+\+ (?:b/)?([^\t]+)")
_SUBJECT = re.compile(r"Subject: (?:\[[^\]]{0,50}\] )?(\S.*)")


def read(data: bytes, path: PurePath) -> Document:
    """The document with its message as paragraphs and its changes as code."""
    text = decode(data)
    source = Lines(text)
    subject = next((m[1] for line in source.lines[:50] if (m := _SUBJECT.match(line))), None)
    return Document(
        text=text, format="patch", blocks=tuple(_blocks(source)), title=subject, has_lines=True
    )


def _blocks(source: Lines) -> Iterator[Block]:
    starts = list(_files(source))
    first = starts[0][0] if starts else len(source)
    i = 0
    while i < first:
        end = min(source.run(i, bool), first)
        yield from source.block("paragraph", i, end)
        i = max(end, i + 1)
    for (start, name), (after, _) in pairwise([*starts, (len(source), "")]):
        yield from source.heading(start, start + 1, 1, name)
        yield from source.block("code", start + 1, after)


def _files(source: Lines) -> Iterator[tuple[int, str]]:
    """The line at which the changes of a file begin, and its name."""
    last = -10
    for i, line in enumerate(source.lines):
        named = _FILE.match(line)
        if named:
            last = i
            yield i, named[1] or named[2] or named[3]
        elif _OLD.match(line) and (new := _NEW.match(source[i + 1])):
            # Below a line that names the file these two only say it again.
            if i - last > 6 or any(text.startswith("@@") for text in source.lines[last:i]):
                yield i, new[1].strip()
            last = i
