"""Mailboxes in one file (mbox, RFC 4155): each message is a part, named by its number from 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import PurePath

from ragcli.errors import Unreadable
from ragcli.reading.mail import looks_like_mail
from ragcli.reading.parts import Data, Part, let_go

# A line between messages says who and when; "From the beginning," in a text has no time in it.
_TIMED = re.compile(rb"From [^\n]{0,500}?\d\d?:\d\d[^\n]{0,200}\n(?=>?[!-9;-~]+[ \t]*:|>?From )")
_UNTIMED = re.compile(rb"From [^\n]{0,700}\n(?=[!-9;-~]+[ \t]*:)")
# mboxrd: every line that began with any number of ">" and "From " got one more.
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEAD_BYTES = 4096
_LET_GO_EVERY = 32 * 1024**2


def parts(data: Data, path: PurePath) -> Iterator[Part]:
    """The messages. Raises Unreadable when there are none."""
    separator = _TIMED if next(_starts(data, _TIMED), None) else _UNTIMED
    before: tuple[int, int] | None = None
    number = let_go_at = 0
    for start, body in _starts(data, separator):
        if start > let_go_at:
            let_go(data)
            let_go_at = start + _LET_GO_EVERY
        if before:
            number += 1
            yield _message(data, number, before[1], start)
        before = (start, body)
    if before:
        yield _message(data, number + 1, before[1], len(data))
    elif looks_like_mail(data[:_HEAD_BYTES]):
        yield _message(data, 1, 0, len(data))
    else:
        raise Unreadable("wrong_format", "there is no message in it", "is it a mailbox?")


def looks_like_mbox(head: bytes) -> bool:
    """The beginning of a file is a line between messages, and headers."""
    return bool(_TIMED.match(head)) and looks_like_mail(head)


def _starts(data: Data, separator: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """(start, end) of each line between messages."""
    at = 0
    while at >= 0:
        if found := separator.match(data, at):
            yield at, found.end()
        line_end = data.find(b"\nFrom ", at)
        at = line_end + 1 if line_end >= 0 else -1


def _message(data: Data, number: int, start: int, end: int) -> Part:
    return Part(str(number), partial(_unescaped, data, start, end), None, "mail")


def _unescaped(data: Data, start: int, end: int) -> bytes:
    message = data[start:end]
    return _ESCAPED.sub(rb"\1", message) if b"\n>" in message else message
