"""Numbers of spreadsheets as they are seen: dates, percentages, amounts (ECMA-376, 18.8.30).

Dates come in ISO 8601, whatever the cell's order of day and month: it is the form that is read
alike everywhere. Fractions, and digits with text between them, come as plain numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from ragcli.reading.headers import Cell

Format = Callable[[float], str]

# The formats that files name by number alone (ECMA-376, 18.8.30); 27-36 and 50-58 are the dates of
# Chinese, Japanese and Korean editions.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00",
    40: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss",
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
}  # fmt: skip

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|[_*].')
_BRACKETED = re.compile(r"\[(?:\$([^\]-]*)[^\]]*|[^\]]*)\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ydhsYDHS]|[mM]")
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.([#0?]*))?(E[+-]?[0#?]+)?", re.IGNORECASE)
# Spreadsheets round 2.675 to 2.68, also where its nearest binary number is less than that.
_HALF_UP = 1 + 1e-14
_LAST_DAY = 2958465  # 9999-12-31, where the calendar of spreadsheets ends


def plain_number(value: float) -> str:
    """A number with as many digits as a spreadsheet keeps: 15."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format(value, ".15g")


@lru_cache(maxsize=4096)
def number_format(code: str, is_1904: bool = False) -> Format:
    """What shows a number under a format code; ``is_1904`` for the calendar of old Macintoshes."""
    section = _first_section(code)
    elapsed = _ELAPSED.search(section)
    pattern = _LITERAL.sub("", _BRACKETED.sub("", section))
    if pattern.strip().lower() in ("", "general", "@", "standard"):
        return plain_number
    if elapsed or _DATE_LETTERS.search(re.sub(r"General|E[+-]", "", pattern, flags=re.IGNORECASE)):
        return _moment(pattern.lower(), bool(elapsed), is_1904)
    return _amount(section)


def _first_section(code: str) -> str:
    """The section for positive numbers: up to a semicolon that is not quoted."""
    for match in re.finditer(r'"[^"]*"|\\.|\[[^\]]*\]|;', code):
        if match[0] == ";":
            return code[: match.start()]
    return code


def _moment(pattern: str, is_elapsed: bool, is_1904: bool) -> Format:
    has_day = "d" in pattern
    has_year = "y" in pattern
    has_time = "h" in pattern or "s" in pattern
    has_seconds = "s" in pattern
    date_form = "%Y-%m-%d" if has_day or has_time else "%Y-%m" if "m" in pattern else "%Y"

    def show(value: float) -> str:
        if is_elapsed or not (has_day or has_year or "mmm" in pattern):
            return _clock(value, has_seconds)
        moment = to_moment(value, is_1904)
        if moment is None:
            return plain_number(value)
        if not has_time:
            return moment.strftime(date_form)
        return moment.strftime(f"{date_form} %H:%M:%S" if moment.second else f"{date_form} %H:%M")

    return show


def to_moment(value: float, is_1904: bool = False) -> datetime | None:
    """The date and time of a serial number; None for one outside the calendar."""
    if not 0 <= value <= _LAST_DAY:
        return None
    if is_1904:
        start = datetime(1904, 1, 1)
    else:
        # Lotus 1-2-3 took 1900 for a leap year, and spreadsheets still do: day 60 never was.
        start = datetime(1899, 12, 31) if value < 60 else datetime(1899, 12, 30)
    try:
        return start + timedelta(seconds=round(value * 86400))
    except OverflowError:
        return None


def _clock(value: float, has_seconds: bool) -> str:
    if not abs(value) <= _LAST_DAY:
        return plain_number(value)
    seconds = round(abs(value) * 86400)
    shown = f"{seconds // 3600}:{seconds // 60 % 60:02}"
    if has_seconds:
        shown += f":{seconds % 60:02}"
    return "-" + shown if value < 0 else shown


def _amount(section: str) -> Format:
    """Literals and currency around one run of digits."""
    shown = _BRACKETED.sub(lambda m: f'"{m[1]}"' if m[1] else "", section)
    outside: list[str] = []
    digits: re.Match[str] | None = None
    place = 0
    while place < len(shown):
        if match := _LITERAL.match(shown, place):
            outside.append(match[1] or match[2] or "")
        elif match := _DIGITS.match(shown, place):
            if digits is not None:
                return plain_number
            digits = match
            outside.append("\0")
        else:
            outside.append(shown[place])
            place += 1
            continue
        place = match.end()
    if digits is None or "/" in outside:
        return plain_number
    before, _, after = "".join(outside).partition("\0")
    factor = 100 if "%" in before + after else 1
    return _around(before.lstrip(" "), after.rstrip(" "), _digits(digits), factor)


def _around(before: str, after: str, digits: Format, factor: int) -> Format:
    def show(value: float) -> str:
        sign = "-" if value < 0 else ""
        return f"{sign}{before}{digits(abs(value) * factor)}{after}"

    return show


def _digits(match: re.Match[str]) -> Format:
    whole = match[0].partition(".")[0]
    most = len(match[1] or "")
    least = (match[1] or "").count("0")
    grouping = "," if re.search(r",[#0?]", whole) else ""
    thousands = 1000 ** (len(match[0]) - len(match[0].rstrip(",")))
    zeros = whole.count("0")

    def show(value: float) -> str:
        if match[2]:
            return format(value, f".{most}E")
        text = format(value / thousands * _HALF_UP, f"{grouping}.{most}f")
        for _ in range(most - least):
            if not text.endswith("0"):
                break
            text = text[:-1]
        text = text.rstrip(".")
        return text if grouping else text.zfill(zeros + len(text) - len(text.partition(".")[0]))

    return show


def number_cell(value: float, show: Format) -> Cell:
    """A cell with a number as its format shows it."""
    return Cell(show(value), False)
