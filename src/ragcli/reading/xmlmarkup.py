"""Text with tags in it that no parser takes: HTML in a feed's field, the rest of a broken file."""

from __future__ import annotations

import html
import re

from ragcli.reading.extracted import clean, one_line

# `>` may be missing where a file was cut.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strike"
    r"|strong|sub|sup|tt|u|var)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[\w!?][^<>]*(?:>|\Z)|<!\[CDATA\[|\]\]>")
_PARAGRAPH_END = re.compile(r"\n\s*\n")


def without_tags(text: str) -> str:
    """The text between the tags, on one line."""
    return " ".join(paragraphs_of(text))


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of such a text: what stands between two tags other than inline ones, and
    between empty lines."""
    if "<" in text:
        text = _UNSEEN.sub("\n\n", _COMMENT.sub("", text))
        text = _TAG.sub("\n\n", _INLINE.sub("", text))
    if "&" in text:
        text = html.unescape(text)
    return [line for part in _PARAGRAPH_END.split(clean(text)) if (line := one_line(part))]
