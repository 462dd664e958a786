"""Numbers as lists and outlines show them: 1, a, IV, 三, ③.

Names of the kinds are those of WordprocessingML (ECMA-376 part 1, 17.18.59 ST_NumberFormat).
"""

from __future__ import annotations

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_DIGITS = "〇一二三四五六七八九"
_LEGAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
# Beyond this no list counts, and Roman numbers and repeated letters become lines of their own.
_LARGEST = 9999


def numeral(kind: str, number: int) -> str:
    """A number in the way that ``kind`` names, as an Arabic one where it names no known way."""
    if not 0 < number <= _LARGEST:
        return str(number)
    match kind:
        case "lowerLetter":
            return _letters(number)
        case "upperLetter":
            return _letters(number).upper()
        case "lowerRoman":
            return _roman(number)
        case "upperRoman":
            return _roman(number).upper()
        case "decimalZero":
            return f"{number:02}"
        case "ordinal":
            return f"{number}{_ordinal_ending(number)}"
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if number <= 20:
            return chr(0x2460 + number - 1)
        case "decimalFullWidth" | "decimalFullWidth2":
            return "".join(chr(0xFF10 + int(digit)) for digit in str(number))
        case "ideographTraditional" if number <= len(_STEMS):
            return _STEMS[number - 1]
        case "ideographZodiac" if number <= len(_BRANCHES):
            return _BRANCHES[number - 1]
        case "chineseLegalSimplified" | "ideographLegalTraditional":
            return _chinese(number, _LEGAL_DIGITS, "拾佰仟")
        case "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital":
            return "".join(_DIGITS[int(digit)] for digit in str(number))
        case (
            "chineseCounting"
            | "chineseCountingThousand"
            | "japaneseCounting"
            | "taiwaneseCounting"
            | "taiwaneseCountingThousand"
        ):
            return _chinese(number, "零" + _DIGITS[1:], "十百千").removeprefix(
                "一" * (10 <= number < 20)
            )
        case _:
            return str(number)


def _letters(number: int) -> str:
    """a to z, then aa, bb: Word repeats the letter."""
    times, letter = divmod(number - 1, 26)
    return chr(ord("a") + letter) * (times + 1)


def _roman(number: int) -> str:
    found = []
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        found.append(letters * times)
    return "".join(found)


def _ordinal_ending(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _chinese(number: int, digits: str, units: str) -> str:
    """Below 10,000: a digit before each unit, one zero for any number of empty places."""
    found: list[str] = []
    places = str(number)
    for place, digit in enumerate(places):
        power = len(places) - place - 1
        if digit != "0":
            found.append(digits[int(digit)] + (units[power - 1] if power else ""))
        elif found and found[-1] != digits[0]:
            found.append(digits[0])
    if found[-1] == digits[0]:
        found.pop()
    return "".join(found)
