"""The encoding in which bytes look most like something that people write.

Every candidate reads the sample; each reading is scored by the mean worth of its characters. A
right reading scores 0.6 to 1, because a few hundred characters make up most of any text; a wrong
one gives rare characters, capitals within words and rows of accents, and stays below 0.4.
"""

from __future__ import annotations

import codecs
import re
import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ragcli.reading import frequencies as often
from ragcli.text.scripts import UNSPACED

# Between the scores of right and wrong readings of samples in 23 languages, from 25 characters.
_CONVINCING = 0.45


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An encoding and what text in it is made of.

    ``codecs`` are tried in order: the first that reads the whole sample, else the last.
    ``frequent`` characters are worth 1, the ``other`` ones that may occur 0.5. The ``level`` is
    (codec, low, high): lead bytes of the characters that an East Asian standard calls common,
    which a wrong reading hits by accident, and which are therefore worth little.
    """

    codecs: tuple[str, ...]
    kind: Literal["double", "latin", "single", "utf-16"]
    frequent: frozenset[str]
    other: frozenset[str] = frozenset()
    level: tuple[str, int, int] | None = None


def _double(names: str, frequent: frozenset[str], level: tuple[str, int, int]) -> _Candidate:
    known = frequent | often.CJK_PUNCTUATION
    return _Candidate(tuple(names.split()), "double", known, level=level)


def _single(names: str, alphabet: tuple[frozenset[str], frozenset[str]]) -> _Candidate:
    frequent, rest = alphabet
    return _Candidate(tuple(names.split()), "single", frequent, rest | often.MARKS)


def _latin(names: str, *letters: Iterable[frozenset[str]]) -> _Candidate:
    frequent = frozenset[str]().union(*(group for groups in letters for group in groups))
    return _Candidate(tuple(names.split()), "latin", frequent, often.MARKS)


_HAN = often.SIMPLIFIED | often.TRADITIONAL
_JAPANESE = often.KANA | often.KANJI

# Of equals the first is taken: in each group the code pages of Windows stand before the rarer
# ones. Marks count fully in Western ones, so that a lone © in English is no letter of another.
_MARKS = (often.MARKS,)
_WESTERN_PAGES = ("cp1252 latin-1", "iso8859_15", "cp850 cp437", "cp437", "mac_roman")
_CENTRAL_PAGES = ("cp1250", "iso8859_2", "cp852", "mac_latin2", "iso8859_16")
_LATIN = (
    (_WESTERN_PAGES, often.WESTERN),
    (_CENTRAL_PAGES, often.CENTRAL_EUROPE),
    (("cp1254", "iso8859_9", "cp857", "mac_turkish"), often.TURKISH),
    (("cp1257", "iso8859_13", "iso8859_4", "cp775", "iso8859_15"), often.BALTIC),
    (("cp1258",), often.VIETNAMESE),
)
_WESTERN = _latin("cp1252 latin-1", (often.WESTERN_EUROPE,), _MARKS)
_CANDIDATES = (
    _WESTERN,
    _latin("cp1250", often.CENTRAL_EUROPE.values()),
    _latin("iso8859_2", often.CENTRAL_EUROPE.values()),
    _latin("cp1254", often.TURKISH.values()),
    _latin("cp1257", often.BALTIC.values()),
    # Level 1 of each standard: GB 2312 rows 16-55, Big5 A4-C6, JIS X 0208 rows 16-47, and the
    # Hangul of KS X 1001, rows 16-40.
    _double("gb18030", _HAN, ("gb2312", 0xB0, 0xD7)),
    _double("big5 cp950 big5hkscs", often.TRADITIONAL, ("big5", 0xA4, 0xC6)),
    _double("cp932 shift_jis", _JAPANESE, ("shift_jis", 0x88, 0x98)),
    _double("euc_jp euc_jis_2004", _JAPANESE, ("euc_jp", 0xB0, 0xCF)),
    _double("cp949", often.HANGUL, ("euc_kr", 0xB0, 0xC8)),
    _double("johab", often.HANGUL, ("euc_kr", 0xB0, 0xC8)),
    _single("cp1251", often.CYRILLIC),
    _single("koi8_r", often.CYRILLIC),
    _single("koi8_u", often.CYRILLIC),
    _single("cp866", often.CYRILLIC),
    _single("iso8859_5", often.CYRILLIC),
    _single("mac_cyrillic", often.CYRILLIC),
    _single("cp855", often.CYRILLIC),
    _single("cp1253", often.GREEK),
    _single("iso8859_7", often.GREEK),
    _single("cp737", often.GREEK),
    _single("cp1255", often.HEBREW),
    _single("cp862", often.HEBREW),
    _single("cp1256", often.ARABIC),
    _single("iso8859_6", often.ARABIC),
    _single("cp874", often.THAI),
    _latin("cp850 cp437", (often.WESTERN_EUROPE,)),
    _latin("mac_roman", (often.WESTERN_EUROPE,), _MARKS),
    _latin("cp852", often.CENTRAL_EUROPE.values()),
    _latin("mac_latin2", often.CENTRAL_EUROPE.values()),
    _latin("cp857", often.TURKISH.values()),
    _latin("cp775", often.BALTIC.values()),
    _latin("cp1258", often.VIETNAMESE.values()),
)
_FOR_LANGUAGE = {
    language: tuple(_latin(names, (letters,), _MARKS) for names in pages)
    for pages, languages in _LATIN
    for language, letters in languages.items()
}
_WRITTEN = frozenset[str]().union(*(c.frequent | c.other for c in _CANDIDATES))
_UTF16 = tuple(
    _Candidate((codec,), "utf-16", _WRITTEN | set(string.printable))
    for codec in ("utf-16-le", "utf-16-be")
)


def guess_encodings(sample: bytes) -> tuple[str, ...]:
    """The codecs of the candidate whose reading of the sample convinces, in the order to try
    them on the whole; empty when none does. For text that is not UTF-8.

    The sample may be cut within its last character. A codec that holds a second one (GB18030
    holds GB2312, cp1252 Latin-1) is named for both.
    """
    # Before the others, which find letters of their own in it; a wrong pairing of bytes gives
    # characters scattered over all of Unicode, which convince nobody.
    found = guess_utf16(sample)
    if found:
        return (found,)
    candidate, text = _best(sample, _CANDIDATES)
    if candidate.kind == "latin":
        candidate, text = _for_language(sample, text) or (candidate, text)
    return candidate.codecs if _score(text, candidate) >= _CONVINCING else ()


def is_written_chinese(text: str) -> bool:
    """True where the text's characters beyond ASCII convince as simplified Chinese."""
    return _score(text, _double("gb2312", _HAN, ("gb2312", 0xB0, 0xD7))) >= _CONVINCING


def guess_utf16(sample: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` when the sample convinces as text without a mark."""
    candidate, text = _best(sample, _UTF16)
    return candidate.codecs[0] if _score(text, candidate) >= _CONVINCING else None


def _for_language(sample: bytes, text: str) -> tuple[_Candidate, str] | None:
    """The Latin code page of the language that the text is in; None when that cannot be told.

    The code pages differ in few letters, so that letters alone cannot decide; but the language
    shows in all the other words, however those few are read.
    """
    from ragcli.reading.language import detect_language

    language = detect_language(_TAG.sub(" ", text))
    return _best(sample, _FOR_LANGUAGE.get(language, (_WESTERN,))) if language else None


def _best(sample: bytes, candidates: tuple[_Candidate, ...]) -> tuple[_Candidate, str]:
    """The candidate with the highest score and its reading; of equals the first.

    Both ends of the sample tell which few deserve a look at the whole.
    """
    if len(sample) > 2 * _LOOK_BYTES and len(candidates) > _LOOKS_AT_ALL:
        ends = (sample[:_LOOK_BYTES], sample[-_LOOK_BYTES:].partition(b"\n")[2])
        candidates = tuple(
            sorted(candidates, key=lambda c: -max(_score(_read(end, c), c) for end in ends))
        )[:_LOOKS_AT_ALL]
    readings = [(candidate, _read(sample, candidate)) for candidate in candidates]
    return max(readings, key=lambda reading: _score(reading[1], reading[0]))


def _read(sample: bytes, candidate: _Candidate) -> str:
    """The reading of the first of the candidate's codecs that reads all of the sample."""
    for codec in candidate.codecs:
        # Incremental: a character cut by the end of the sample is no mistake.
        text = codecs.getincrementaldecoder(codec)("replace").decode(sample)
        if "\ufffd" not in text:
            break
    return text


# ------------------------------------------------------------------ scoring

_LOOK_BYTES = 1000
_LOOKS_AT_ALL = 5

# ASCII and its harmless controls say nothing about an encoding that holds ASCII.
_PLAIN = re.compile(r"[\x07-\x0d\x1b\x20-\x7e]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = r"(?:(?![\x00-\x7f])[^\W\d_])"

_WITHIN = "’‘´·«»“”–—…©®°№€"

# Markup is written in English words.
_TAG = re.compile(r"<[^<>]*>")

# What a wrong reading looks like, and how many characters' worth each place costs.
_MISFITS = {
    "latin": (
        # Accented letters come singly or in pairs; a row of them is another script misread.
        (re.compile(rf"(?={_LETTER}{{3}})"), 1.0),
        # So are marks among them.
        (re.compile(rf"(?=[^\x00-\x7f\s{_WITHIN}]{{4}})"), 1.0),
        # A mark within a word is a letter misread.
        (re.compile(rf"(?<=[A-Za-z])[^\w\s\x00-\x7f\u0300-\u036f{_WITHIN}](?=[a-z])"), 1.5),
        # So is a capital after a small letter.
        (re.compile(r"(?<=[a-z])[À-ÖØ-ÞŒŠŽŸĄĆĘŁŃŚŹŻČĎĚŇŘŤŮŐŰĂŞŢĐĽĹĞİĖĮŲŪĀĒĢĪĶĻŅ]"), 1.5),
    ),
    "single": (
        # A word is written in one script, with no digit and no capital in its middle.
        (re.compile(rf"[A-Za-z0-9][^\x00-\x7f\s{_WITHIN}]"), 1.5),
        (re.compile(rf"[^\x00-\x7f\s{_WITHIN}][A-Za-z0-9]"), 1.5),
        (re.compile(r"[а-яёіїєα-ωά-ώ](?=[А-ЯЁІЇЄΑ-Ω])"), 2.0),
        # Five Hebrew letters, and the Greek ς, have a form for the end of a word only.
        (re.compile(r"[ךםןףץ](?=[א-ת])|ς(?=[α-ωά-ώ])"), 1.5),
        (re.compile(rf"{_LETTER}[^\w\s\x00-\x7f’´“”«»…—–](?={_LETTER})"), 1.5),
    ),
}


def _score(text: str, candidate: _Candidate) -> float:
    """How much the text looks written: the mean worth of its characters, at most 1."""
    counts = Counter(text if candidate.kind == "utf-16" else _PLAIN.sub("", text))
    total = counts.total()
    if not total:
        return 0.0
    worth = sum(n * _worth(character, candidate) for character, n in counts.items())
    misfits = sum(
        cost * len(pattern.findall(text)) for pattern, cost in _MISFITS.get(candidate.kind, ())
    )
    return (worth - misfits) / total


def _worth(character: str, candidate: _Candidate) -> float:
    if character in candidate.frequent:
        return 1.0
    if character in candidate.other:
        return 0.5
    if candidate.level:
        return 0.15 if _is_common(character, candidate.level) else -0.5
    if candidate.kind == "utf-16":
        return 0.1 if _UNSPACED.match(character) else -0.5
    lower = character.lower()
    return 0.7 if lower in candidate.frequent else 0.3 if lower in candidate.other else -0.7


@lru_cache(maxsize=8192)
def _is_common(character: str, level: tuple[str, int, int]) -> bool:
    codec, low, high = level
    try:
        lead = character.encode(codec)[0]
    except UnicodeEncodeError:
        return False
    return low <= lead <= high
