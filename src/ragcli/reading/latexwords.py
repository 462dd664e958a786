"""LaTeX's ways to write a letter: accents, special characters, ligatures, quotation marks."""

from __future__ import annotations

import re
import unicodedata

# The combining character of each accent command (LaTeX2e, table of text accents).
_COMBINING = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "d": "\u0323",
    "b": "\u0331",
    "r": "\u030a",
}
# \'e \'{e} {\'e} \"\i \c{c} \v s: those named by a letter take a brace or a space.
ACCENT = (
    r"\\(?:(?P<mark>['`^\"~=.])\s{0,3}|(?P<letter>[uvHckdbr])(?=\s|\{)\s{0,3})"
    r"(?:\{\\?(?P<braced>[^\W\d_])\s{0,3}\}|\\?(?P<bare>[^\W\d_])(?:(?<=\\[ij])(?:\{\}|\s{1,3})?)?)"
)
_ACCENT = re.compile(ACCENT)
_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å",
    "AA": "Å", "l": "ł", "L": "Ł", "i": "i", "j": "j", "dh": "ð", "DH": "Ð", "th": "þ",
    "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
    "ldots": "…", "dots": "…", "textellipsis": "…", "textendash": "–", "textemdash": "—",
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textbar": "|",
    "textless": "<", "textgreater": ">", "textquotedblleft": "“", "textquotedblright": "”",
    "textquoteleft": "‘", "textquoteright": "’", "guillemotleft": "«", "guillemotright": "»",
    "textbullet": "•", "textdegree": "°", "textregistered": "®", "texttrademark": "™",
    "copyright": "©", "pounds": "£", "euro": "€", "texteuro": "€", "S": "§", "P": "¶", "dag": "†",
    "textunderscore": "_", "textdollar": "$", "slash": "/", "quad": " ", "qquad": " ",
    "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "LaTeXe": "LaTeX2e", "newline": "\n",
    "linebreak": "\n", "par": "\n\n", "and": ", ", "today": "",
}  # fmt: skip
_LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " "))
_SILENT = re.compile(r"\\(?:label|thanks|index|footnote|footnotemark)\s{0,3}\{[^{}]{0,500}\}")
_COMMAND = re.compile(
    r"(?P<formula>\$[^$]{1,200}\$)|\\(?P<name>[A-Za-z]+)\*?[ \t]*|\\(?P<sign>.)", re.DOTALL
)


def accented(match: re.Match[str]) -> str:
    """The letter that a match of ``ACCENT`` stands for: ``é`` for ``\\'e``."""
    mark = _COMBINING[match["mark"] or match["letter"]]
    return unicodedata.normalize("NFC", (match["braced"] or match["bare"]) + mark)


def letter(name: str) -> str | None:
    """What a command without arguments prints; None where it is not a letter or a sign."""
    return _LETTERS.get(name)


def with_ligatures(text: str) -> str:
    """Dashes, quotation marks and fixed spaces as they are printed."""
    for written, printed in _LIGATURES:
        text = text.replace(written, printed)
    return text


def plain_words(text: str) -> str:
    """A short piece of LaTeX, a title or a field of a bibliography, without its markup; formulas
    as they are written."""
    text = with_ligatures(_ACCENT.sub(accented, _SILENT.sub("", text)))
    text = _COMMAND.sub(lambda m: m["formula"] or m["sign"] or _LETTERS.get(m["name"], ""), text)
    return " ".join(text.replace("{", "").replace("}", "").split()).replace(" , ", ", ")
