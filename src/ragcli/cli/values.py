"""What was typed, as what it means."""

from __future__ import annotations

import os
import re
import sys
from datetime import date
from typing import TYPE_CHECKING

from ragcli.cli.options import Only
from ragcli.domain import Filter
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.background import Deadline


def question_from(argument: str | None) -> str:
    """The question that was asked; of stdin where ``-`` says so. Raises UsageError."""
    if argument is None:
        raise UsageError("the question is missing", 'ask something: rag query "…"')
    if argument == "-":
        return sys.stdin.buffer.read().decode("utf-8-sig", "replace").strip()
    return typed(argument)


def typed(argument: str) -> str:
    """What was typed, read as UTF-8 also where the locale says otherwise."""
    return os.fsencode(argument).decode("utf-8", "replace")


def filter_from(only: Only, *, fresh: bool = False) -> Filter:
    """The filter of the filter options. Raises UsageError."""
    return Filter(
        path=only.path,
        format=None if only.type is None else _format(only.type),
        language=None if only.lang is None else only.lang.lower(),
        since=None if only.since is None else _day("--since", only.since, last=False),
        until=None if only.until is None else _day("--until", only.until, last=True),
        where=tuple(_pair(text) for text in only.where or ()),
        fresh=fresh,
    )


_SHORT_TYPES = {"md": "markdown", "txt": "text", "htm": "html"}


def _format(name: str) -> str:
    from ragcli.reading.table import READERS

    wanted = name.lower().lstrip(".")
    wanted = _SHORT_TYPES.get(wanted, wanted)
    if wanted in READERS:
        return wanted
    raise UsageError(f"there is no type `{name}`", f"choose one of: {', '.join(sorted(READERS))}")


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def _day(option: str, text: str, *, last: bool) -> str:
    """The day that is meant: of a year or a month its first, or its last."""
    match = _DATE.fullmatch(text)
    if match:
        year, month, day = match.groups()
        months = [month] if month else ["12" if last else "01"]
        days = [day] if day else (["31", "30", "29", "28"] if last else ["01"])
        for candidate in (f"{year}-{months[0]}-{d}" for d in days):
            try:
                return date.fromisoformat(candidate).isoformat()
            except ValueError:
                continue
    raise UsageError(
        f"`{option} {text}` is not a date", f"write it as {option} 2026-01-31, 2026-01 or 2026"
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(
            f"`--where {text}` is not KEY=VALUE", "write it as --where author=Curie, once for each"
        )
    return key.strip(), value.strip()


def refuse_both(*, as_json: bool, jsonl: bool) -> None:
    """Raises UsageError where one answer is asked for in two forms."""
    if as_json and jsonl:
        raise UsageError(
            "`--json` and `--jsonl` are two forms of one answer",
            "leave one out: --json prints it whole, --jsonl as it comes",
        )


def deadline_in(text: str | None) -> Deadline | None:
    """The moment that is so far away. Raises UsageError."""
    if text is None:
        return None
    from ragcli.background import Deadline

    limit_s = seconds(text)
    if not limit_s:
        raise UsageError("a deadline of no time at all", "write it as --deadline 5s")
    return Deadline(limit_s)


_TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)(?:s|$))?(?:(\d+)ms)?")


def seconds(text: str) -> float:
    """``20s``, ``10m``, ``1h30m``, ``300ms`` or ``90`` (seconds). Raises UsageError."""
    match = _TIME.fullmatch(text.strip().lower().replace(" ", ""))
    if match is None or not any(match.groups()):
        raise UsageError(
            f"`{text}` is not a length of time", "write it as 20s, 10m, 1h30m or 300ms"
        )
    hours, minutes, rest, thousandths = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest + thousandths / 1000
