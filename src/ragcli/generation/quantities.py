"""The numbers of a text, with their units and months, whatever they are written in.

`1,234.5`, `１２３４．５`, `twelve`, `三十`, `3.5万`: a value. What stands right after it is its
unit, where the table below has it. A month is a number of its own kind: by name, in an ISO date
or before 月.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

MONTH = "month of the year"


class Quantity(NamedTuple):
    """``unit`` is empty where none is known; ``text`` stands from ``start`` to ``end``."""

    value: Decimal
    unit: str
    text: str
    start: int
    end: int

    def agrees(self, other: Quantity) -> bool:
        """The same value, and no two units that are not exact multiples: 24 months are 2 years."""
        if self.unit != other.unit and MONTH in (self.unit, other.unit):
            return False
        if not (self.unit and other.unit):
            return self.value == other.value
        mine, theirs = (_MULTIPLES.get(q.unit, (q.unit, Decimal(1))) for q in (self, other))
        return mine[0] == theirs[0] and self.value * mine[1] == other.value * theirs[1]


# Of each unit the smallest that it is an exact multiple of, and how many of it it is.
_MULTIPLES = {
    unit: (base, Decimal(many))
    for base, others in {
        "second": {"minute": 60, "hour": 3600, "day": 86400, "week": 604800},
        "month": {"year": 12},
        "mm": {"cm": 10, "m": 1000, "km": 10**6},
        "mg": {"g": 1000, "kg": 10**6, "t": 10**9},
        "ml": {"l": 1000},
        "hz": {"khz": 1000, "mhz": 10**6, "ghz": 10**9},
        "w": {"kw": 1000},
    }.items()
    for unit, many in {base: 1, **others}.items()
}

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH_NUMBERS = {
    form: n for n, name in enumerate(_MONTHS, 1) if name != "may" for form in (name, name[:3])
}
_MONTH_NUMBERS |= {"sept": 9}
_MAY = 5

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_WORDS = {word: n for n, word in enumerate(_ONES)} | {
    word: n for n, word in zip(range(20, 100, 10), _TENS, strict=True)
}
_WORDS |= {"dozen": 12}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SCALES |= {"trillion": 10**12, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_SCALES |= {"千": 1000, "百": 100}

_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_HAN_PLACES = {"十": 10, "百": 100, "千": 1000}
_HAN_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN_NUMBER = "零〇一二三四五六七八九十百千万萬亿億两兩"

# What says the same stands in one row: the first is the name.
_UNITS = {
    word: row[0]
    for row in (
        line.split()
        for line in """
        % percent pct
        second seconds sec secs s 秒
        minute minutes min mins 分钟 分鐘
        hour hours hr hrs h 小时 小時
        day days 天 日
        week weeks 周 週 星期
        month months 个月 個月
        year years yr yrs 年
        km kilometre kilometres kilometer kilometers 公里 千米
        m metre metres meter meters 米
        cm centimetre centimetres centimeter centimeters 厘米 釐米
        mm millimetre millimetres millimeter millimeters 毫米
        mile miles mi 英里
        kg kilogram kilograms kilo kilos 公斤 千克
        g gram grams 克
        mg milligram milligrams 毫克
        t ton tons tonne tonnes 吨 噸
        l litre litres liter liters 升
        ml millilitre millilitres milliliter milliliters 毫升
        °c celsius 摄氏度 攝氏度
        °f fahrenheit 华氏度 華氏度
        usd dollar dollars $ 美元
        eur euro euros € 欧元 歐元
        gbp pound pounds £ 英镑 英鎊
        cny yuan rmb ¥ 元 人民币
        kb kilobyte kilobytes
        mb megabyte megabytes
        gb gigabyte gigabytes
        tb terabyte terabytes
        hz hertz
        khz
        mhz
        ghz
        w watt watts 瓦
        kw kilowatt kilowatts 千瓦
        v volt volts 伏
        """.strip().splitlines()
    )
    for word in row
}
_SIGNS_BEFORE = {"$": "usd", "€": "eur", "£": "gbp", "¥": "cny"}

_LATIN_UNITS = sorted((u for u in _UNITS if u.isascii() and u.isalpha()), key=len, reverse=True)
_OTHER_UNITS = sorted(
    (u for u in _UNITS if not (u.isascii() and u.isalpha())), key=len, reverse=True
)
_UNIT = (
    rf"[\s-]?(?:(?:{'|'.join(_LATIN_UNITS)})(?![a-z0-9])|{'|'.join(map(re.escape, _OTHER_UNITS))})"
)
_DIGITS = r"(?:\d{1,3}(?:[,'’ ]\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_SPELLED = "|".join(sorted((*_WORDS, *filter(str.isascii, _SCALES)), key=len, reverse=True))

_DATE = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
_HAN_MONTH = re.compile(rf"(?P<month>\d{{1,2}}|[{_HAN_NUMBER}]{{1,3}})月(?!份?[个個])")
_MONTH_NAME = re.compile(
    rf"(?<![a-z])(?P<month>{'|'.join(sorted(_MONTH_NUMBERS, key=len, reverse=True))})(?![a-z])"
    r"|\bmay(?=,? \d)|(?<=\d )may\b"  # alone it is a verb
)
_NUMBER = re.compile(
    rf"(?P<sign>[$€£¥]\s?)?(?<![a-z0-9.])(?P<minus>(?<![\w)])-)?(?P<digits>{_DIGITS})"
    rf"(?P<scale>\s?(?:hundred|thousand|million|billion|trillion)(?![a-z])|[万萬亿億千百])?"
    rf"(?:st|nd|rd|th)?(?P<unit>{_UNIT})?(?![a-z0-9])"
)
_SPELLED_NUMBER = re.compile(
    rf"(?<![a-z])(?P<words>(?:{_SPELLED})(?:(?:[\s-]|\sand\s)(?:{_SPELLED}))*)(?![a-z])(?P<unit>{_UNIT})?"
)
_HAN = re.compile(rf"(?:百分之)?(?!十分(?![之钟鐘]))(?P<han>[{_HAN_NUMBER}]+)(?P<unit>{_UNIT})?")


def quantities(plain: str) -> list[Quantity]:
    """The numbers of a text in lower case and NFKC, in order."""
    found: list[Quantity] = []
    rest = plain
    for pattern, read in _KINDS:
        for match in pattern.finditer(rest):
            found += read(match)
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    return sorted(found, key=lambda one: one.start)


def _of(match: re.Match[str], value: Decimal | None, unit: str = "") -> list[Quantity]:
    return [] if value is None else [Quantity(value, unit, match[0].strip(), *match.span())]


def _date(match: re.Match[str]) -> list[Quantity]:
    values = (("year", ""), ("month", MONTH), ("day", ""))
    return [one for name, unit in values for one in _of(match, Decimal(match[name]), unit)]


def _month_name(match: re.Match[str]) -> list[Quantity]:
    return _of(match, Decimal(_MONTH_NUMBERS.get(match["month"], _MAY)), MONTH)


def _han_month(match: re.Match[str]) -> list[Quantity]:
    return _of(match, _value(match["month"]), MONTH)


def _figures(match: re.Match[str]) -> list[Quantity]:
    value = _value(match["digits"])
    if value is None:
        return []
    scale = _SCALES.get((match["scale"] or "").strip(), 1)
    sign = _SIGNS_BEFORE.get((match["sign"] or "").strip(), "")
    return _of(match, value * scale * (-1 if match["minus"] else 1), sign or _unit(match["unit"]))


def _spelled_out(match: re.Match[str]) -> list[Quantity]:
    unit = _unit(match["unit"])
    if match["words"] == "one" and not unit:  # mostly a pronoun
        return []
    return _of(match, _spelled(match["words"]), unit)


def _in_han(match: re.Match[str]) -> list[Quantity]:
    unit = "%" if match[0].startswith("百分之") else _unit(match["unit"])
    if match["han"] == "一" and not unit:  # mostly an article
        return []
    return _of(match, _han(match["han"]), unit)


_KINDS = (
    (_DATE, _date),
    (_MONTH_NAME, _month_name),
    (_HAN_MONTH, _han_month),
    (_NUMBER, _figures),
    (_SPELLED_NUMBER, _spelled_out),
    (_HAN, _in_han),
)


def _unit(text: str | None) -> str:
    return _UNITS.get((text or "").strip(" \t\n-"), "")


def _value(digits: str) -> Decimal | None:
    if digits[0] in _HAN_NUMBER:
        return _han(digits)
    try:
        return Decimal(re.sub(r"[,'’ ]", "", digits))
    except InvalidOperation:
        return None


def _spelled(words: str) -> Decimal | None:
    """`twenty-four`, `three hundred and five`; None for a scale alone (`a million`)."""
    parts = [p for p in re.split(r"[\s-]+", words) if p != "and"]
    if all(p in _SCALES for p in parts):
        return None
    total = current = 0
    for part in parts:
        if part in _WORDS:
            current += _WORDS[part]
        elif part == "hundred":
            current = max(current, 1) * 100
        else:
            total += max(current, 1) * _SCALES[part]
            current = 0
    return Decimal(total + current)


def _han(text: str) -> Decimal | None:
    """`三十五`, `二〇二四`, `一千二百`; None where it is none (`一一`, `万一`, a bare `千`)."""
    if all(c in _HAN_DIGITS for c in text):
        digits = "".join(str(_HAN_DIGITS[c]) for c in text)
        return Decimal(digits) if len(text) in (1, 4) else None
    total = section = digit = 0
    seen = False
    for c in text:
        if c in _HAN_DIGITS:
            digit, seen = _HAN_DIGITS[c], True
        elif c in _HAN_PLACES:
            if c != "十" and not seen:
                return None
            section += (digit or 1) * _HAN_PLACES[c]
            digit, seen = 0, True
        else:
            if not seen:
                return None
            total += (section + digit) * _HAN_SCALES[c]
            section = digit = 0
    return Decimal(total + section + digit)
