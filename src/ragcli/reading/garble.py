"""Whether characters are text that somebody wrote, or numbers of glyphs taken for characters."""

from __future__ import annotations

from collections import Counter

from ragcli.reading import frequencies as often

# English, German, French, Finnish ... are written with 35 to 50 % of vowels; the commonest garble,
# glyph numbers 29 below ASCII, shows 14 %.
_VOWELS = frozenset("aeiouyAEIOUY")
_VOWEL_SHARES = (0.22, 0.65)
_LETTER_SHARE = 0.5
# Of Chinese, Japanese and Korean text 70 % and more are among the frequent characters; these are a
# tenth of the standards' characters, and a hundredth of Unicode's.
_FREQUENT_SHARE = 0.4
_FREQUENT = often.SIMPLIFIED | often.TRADITIONAL | often.KANA | often.KANJI | often.HANGUL
# Letters of one script stand in one or two of Unicode's rows of 256.
_ROWS_SHARE = 0.8


def is_meaningless(character: str) -> bool:
    """Whether it means nothing outside its font: private use, U+FFFD, a control character."""
    return (
        "\ue000" <= character <= "\uf8ff"
        or character in "\ufffd\uffff"
        or character < " "
        or "\x7f" <= character <= "\x9f"
    )


def looks_written(text: str) -> bool:
    """Whether a page's text looks like words of some language."""
    characters = "".join(text.split())
    letters = [c for c in characters if c.isalpha()]
    if not letters or len(letters) < _LETTER_SHARE * len(characters):
        return False
    latin = [c for c in letters if c.isascii()]
    if len(latin) >= len(letters) / 2:
        share = sum(c in _VOWELS for c in latin) / len(latin)
        return _VOWEL_SHARES[0] <= share <= _VOWEL_SHARES[1]
    rows = Counter(ord(c) >> 8 for c in letters)
    if sum(count for _, count in rows.most_common(2)) >= _ROWS_SHARE * len(letters):
        return True
    return sum(c in _FREQUENT for c in letters) >= _FREQUENT_SHARE * len(letters)
