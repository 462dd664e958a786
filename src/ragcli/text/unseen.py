"""Characters that are not seen: they only hide text, turn it around, or steer a terminal."""

from __future__ import annotations

import re

# Joiners are part of Persian and Indic words and of emoji.
JOINERS = "\u200c\u200d"

# Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt) without the joiners: fillers,
# marks of direction, variation selectors, tags; and interlinear marks.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Controls but newline and tab, Unicode's own line ends, halves of pairs.
CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_PRIVATE_USE = "\ue000-\uf8ff\U000f0000-\U0010ffff"

UNSEEN = re.compile(f"[{IGNORABLE}{CONTROL}{_PRIVATE_USE}]")

# What ends a line in some system or other (`str.splitlines`).
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Beside a blank, a sign or a letter of ASCII it joins nothing.
_LONE_JOINER = re.compile(
    f"[{JOINERS}]+(?=[\x00-\x7f]|$)|(?<=[\x00-\x7f])[{JOINERS}]+|^[{JOINERS}]+"
)


def without_unseen(text: str) -> str:
    """The text as a person sees it: no character that only hides, steers or turns around. Line ends
    of every kind are ``\\n``."""
    if text.isascii() and text.isprintable():
        return text
    return without_lone_joiners(UNSEEN.sub("", _LINE_END.sub("\n", text)))


def without_lone_joiners(text: str) -> str:
    """The text without joiners that join nothing."""
    return _LONE_JOINER.sub("", text)
