"""Titles that a program filled in and nobody meant."""

from __future__ import annotations

import re

_FILLED_IN = re.compile(
    r"untitled|microsoft (word|powerpoint|excel) - |powerpoint presentation|presentation ?\d*$"
    r"|slide \d+$|document ?\d*$|title$|powerpoint ?演示文稿$|演示文稿 ?\d*$|无标题|未命名"
    r"|幻灯片 ?\d+$|文档 ?\d*$|[\d\W_]+$"
    r"|.*\.(docx?|pptx?|xlsx?|od[tps]|rtf|html?|txt|pdf|tex|dvi|indd|qxd|md|ps|eps)$",
    re.IGNORECASE,
)


def meant_title(title: str) -> str | None:
    """The title that a document states of itself, None when it says nothing."""
    return None if not title or _FILLED_IN.match(title) else title
