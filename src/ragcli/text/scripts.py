"""Which characters belong to scripts that are written without spaces between words."""

from __future__ import annotations

import re
from functools import cache

# Unicode blocks (Unicode 16, Blocks.txt), without marks that part words (・). NFKC has already
# folded half-width kana and compatibility ideographs where this is applied to search terms.
HAN = (
    "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"
# Thai, Lao, Burmese, Khmer, without the stops
SOUTH_EAST_ASIAN = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0edf\u1000-\u1049\u1050-\u109f\u1780-\u17d3"

# Devanagari to Sinhala: vowel signs are written inside words, but are neither letters nor digits to
# `str.isalnum` and to `\w`. The stops (।) are among them.
INDIC = "\u0900-\u0dff"

UNSPACED = HAN + KANA + HANGUL + SOUTH_EAST_ASIAN

# A script other than Latin, and the languages written in it (Unicode 16, Scripts.txt; CLDR).
SCRIPTS = (
    (HAN, "zh ja"),
    (KANA, "ja"),
    (HANGUL, "ko"),
    ("\u0370-\u03ff\u1f00-\u1fff", "el"),
    ("\u0400-\u052f", "ru uk be bg sr mk kk ky mn tg tt"),
    ("\u0530-\u058f", "hy"),
    ("\u0590-\u05ff", "he yi"),
    ("\u0600-\u06ff\u0750-\u077f", "ar fa ur ps ug sd ku"),
    ("\u0900-\u097f", "hi mr ne sa"),
    ("\u0980-\u09ff", "bn as"),
    ("\u0a00-\u0a7f", "pa"),
    ("\u0a80-\u0aff", "gu"),
    ("\u0b00-\u0b7f", "or"),
    ("\u0b80-\u0bff", "ta"),
    ("\u0c00-\u0c7f", "te"),
    ("\u0c80-\u0cff", "kn"),
    ("\u0d00-\u0d7f", "ml"),
    ("\u0d80-\u0dff", "si"),
    ("\u0e01-\u0e4e", "th"),
    ("\u0e80-\u0edf", "lo"),
    ("\u0f00-\u0fff", "bo dz"),
    ("\u1000-\u109f", "my"),
    ("\u10a0-\u10ff", "ka"),
    ("\u1200-\u139f", "am ti"),
    ("\u1780-\u17d3", "km"),
)


@cache
def _unspaced_character() -> re.Pattern[str]:
    return re.compile(f"[{UNSPACED}]")


def unspaced_share(text: str) -> float:
    """The share of a text's letters that belong to scripts without spaces, 0 to 1."""
    letters = sum(1 for c in text if c.isalnum())
    return len(_unspaced_character().findall(text)) / letters if letters else 0.0
