"""Manual pages (troff with the man and mdoc macros): what is printed.

Every second word of the source is a request, so the text is made of it. Requests that only say
how something looks are dropped, macros that this reader does not know keep their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from ragcli.domain import BlockKind, Document
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, clean, metadata_value, one_line
from ragcli.reading.lineblocks import MAX_HEADING_CHARACTERS

# groff_char(7), those that manual pages use.
_GLYPHS = {
    "em": "—", "en": "–", "bu": "•", "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "aq": "'",
    "dq": '"', "ha": "^", "ti": "~", "rs": "\\", "ga": "`", "co": "©", "rg": "®", "tm": "™",
    "mu": "×", "+-": "±", "->": "→", "<-": "←", "<=": "≤", ">=": "≥", "de": "°", "sl": "/",
    "hy": "-", "mi": "−", "pl": "+", "eq": "=", "at": "@", "bv": "|", "or": "|", "ss": "ß",
    ":a": "ä", ":o": "ö", ":u": "ü", "'e": "é", "`e": "è",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:\".*|f(?:\[[^\]]{0,20}\]|\(..|.)|s(?:\[[^\]]{0,9}\]|[-+]?\d{1,2})|m\[[^\]]{0,20}\]"
    r"|\[u(?P<code>[0-9A-F]{4,5})\]|\[(?P<name>[^\]]{1,20})\]|\((?P<two>..)"
    r"|\*(?P<string>\[[^\]]{1,20}\]|\(..|.)|n(?:\[[^\]]{1,20}\]|\(..|.)|[hvw]'[^']{0,50}'|(?P<one>.)|$)"
)
_ONE = {
    "-": "-",
    "e": "\\",
    " ": " ",
    "~": " ",
    "0": " ",
    "t": "\t",
    "\\": "\\",
    "'": "'",
    "`": "`",
}
_REQUEST = re.compile(r"[.'][ \t]*([A-Za-z]\w*|\\\")?[ \t]*(.*)")
_ARGUMENT = re.compile(r'"((?:[^"]++|"")*+)"?|((?:\\.|[^\s\\])++|\\)')
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SECTIONS = {"SH": 1, "Sh": 1, "SS": 2, "Ss": 2}
# INDENT and UNINDENT are defined by every page that docutils writes.
_BREAKS = frozenset(
    (
        *("PP", "P", "LP", "Pp", "sp", "HP", "TP", "IP", "It", "RS", "RE", "El", "Bl"),
        *("INDENT", "UNINDENT"),
    )
)
_ALTERNATING = frozenset(["BR", "RB", "IR", "RI", "BI", "IB"])
_OPENS_CODE, _CLOSES_CODE = frozenset(["nf", "EX"]), frozenset(["fi", "EE"])
_BULLET_CHARACTERS = 3  # "10." is one, a flag is a line of its own
# mdoc's macros that may stand within a line of words.
_CALLABLE_NAMES = (
    "Nm Ar Op Pa Em Sy Dv Va Ev Li Ql Dq Sq Cm Ic Xr Fa Ft Fn Er Ad Ao Ac Oo Oc Ns No Qq Aq Pq Nd"
    " Fl"
)
_CALLABLE = frozenset(_CALLABLE_NAMES.split())


def read(data: bytes, path: PurePath) -> Document:
    """The document of a manual page. Raises Unreadable when it prints no text."""
    page = _Page()
    lines = clean(decode(data)).split("\n")
    for line in _without_definitions(lines):
        page.add(line)
    page.flush()
    if not page.builder.blocks:
        raise Unreadable("no_text", "nothing in it is printed")
    return Document(
        text=page.builder.text,
        format="man",
        blocks=page.builder.blocks,
        title=page.title or None,
        date=page.date,
    )


def _without_definitions(lines: list[str]) -> Iterator[str]:
    """The lines outside macros that the page defines for itself, and outside what it ignores."""
    inside = False
    for line in lines:
        if inside:
            inside = line.rstrip() not in ("..", ".end")
        elif re.match(r"[.'][ \t]*(?:de1?|am|ig)\b", line):
            inside = True
        else:
            yield line


class _Page:
    """What has been printed of a page."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self.date: str | None = None
        self._name = ""
        self._words: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._heading_level = 0  # of a heading whose words are on the next line
        self._table_rows = False
        self._open_row = ""  # of a table
        self._in_cell = False
        self._bullet = ""  # of an item whose words are on the next line

    def add(self, line: str) -> None:
        """Print a line of the source."""
        request = _REQUEST.match(line)
        if request is None:
            self._print(_printed(line))
        elif request[1] and request[1] != '\\"':
            self._request(request[1], request[2])

    def flush(self) -> None:
        """End the block."""
        if self._in_cell:
            self._end_row()
        if self._kind == "paragraph":
            text = "\n".join(self._words).strip()
        else:
            text = "\n".join(self._words).strip("\n").rstrip()
        self._words.clear()
        self.builder.add(self._kind, text)

    def _print(self, text: str) -> None:
        if self._heading_level:
            self._heading(self._heading_level, text)
        elif self._kind == "table":
            self._row(text)
        elif self._bullet and text.strip():
            self._words.append(f"{self._bullet} {text.strip()}")
            self._bullet = ""
        elif text.strip():
            self._words.append(text.strip() if self._kind == "paragraph" else text.rstrip())
        elif self._kind == "paragraph":
            self.flush()
        else:
            self._words.append("")

    def _row(self, text: str) -> None:
        """A row of tbl(1): formats stand above the rows, the last of them ends with a stop. A cell
        of several lines stands between ``T{`` and ``T}``."""
        if not self._table_rows:
            self._table_rows = text.rstrip().endswith(".")
            return
        if self._in_cell and not text.startswith("T}"):
            self._open_row += f" {text}"
            return
        self._open_row += text.removeprefix("T}").rstrip()
        self._in_cell = self._open_row.endswith("T{")
        self._open_row = self._open_row.removesuffix("T{")
        if not self._in_cell:
            self._end_row()

    def _end_row(self) -> None:
        cells = [cell.strip() for cell in self._open_row.split("\t")]
        if row := " | ".join(cell for cell in cells if cell not in ("_", "=", "")):
            self._words.append(row)
        self._open_row, self._in_cell = "", False

    def _heading(self, level: int, words: str) -> None:
        self.flush()
        self._kind, self._heading_level = "paragraph", 0
        title = one_line(words)
        if len(title) <= MAX_HEADING_CHARACTERS:
            self.builder.add("heading", title, level=level, title=title)
        else:
            self.builder.add("paragraph", title)

    def _request(self, name: str, rest: str) -> None:
        words = _arguments(rest)
        if name in _SECTIONS:
            if words:
                self._heading(_SECTIONS[name], " ".join(words))
            else:
                self._heading_level = _SECTIONS[name]
        elif name in ("TH", "Dt"):
            self.title = metadata_value(f"{words[0]}({words[1]})" if len(words) > 1 else rest)
            self._dated(" ".join(words[2:3]))
        elif name == "Dd":
            self._dated(rest)
        elif name == "TS" or name in _OPENS_CODE or (name == "Bd" and "-literal" in words):
            self.flush()
            self._kind = "table" if name == "TS" else "code"
            self._table_rows = False
        elif name == "TE" or name in _CLOSES_CODE or name == "Ed":
            self.flush()
            self._kind = "paragraph"
        elif name in _BREAKS:
            if self._kind == "paragraph":
                self.flush()
            if name == "IP" and words and len(words[0]) <= _BULLET_CHARACTERS:
                self._bullet = words[0]
            elif name in ("IP", "It"):
                self._print(_inline(words[:1] if name == "IP" else words, self._name))
        elif name in _ALTERNATING:
            self._print("".join(words))
        elif name == "Nm" and words and not self._name:
            self._name = words[0]
            self._print(_inline(words, self._name))
        elif not name.islower():  # troff's own requests are in lower case: how it looks
            self._print(_inline([name, *words] if name in _CALLABLE else words, self._name))

    def _dated(self, words: str) -> None:
        if date := _DATE.search(words):
            self.date = iso_date(date[0])


def _arguments(rest: str) -> list[str]:
    """The arguments of a request: words, or what stands between double quotes."""
    return [
        _printed(match[1].replace('""', '"') if match[2] is None else match[2])
        for match in _ARGUMENT.finditer(rest)
    ]


def _inline(words: list[str], page_name: str) -> str:
    """The words of an mdoc line without the macros among them."""
    printed: list[str] = []
    joined = False
    rest = iter(words)
    for word in rest:
        if word == "Ns":
            joined = True
            continue
        if word == "Fl":
            word = "-" + next(rest, "")
        elif word == "Xr":
            word = f"{next(rest, '')}({next(rest, '')})"
        elif word == "Nm" and words[-1] == "Nm":
            word = page_name
        elif word in _CALLABLE:
            continue
        if printed and (joined or word in {".", ",", ";", ":", ")", "]", "?", "!"}):
            printed[-1] += word
        else:
            printed.append(word)
        joined = False
    return " ".join(printed)


def _printed(text: str) -> str:
    """A line or a word without its escapes."""
    return _ESCAPE.sub(_glyph, text) if "\\" in text else text


def _glyph(match: re.Match[str]) -> str:
    if match["code"]:
        return chr(int(match["code"], 16))
    name = match["name"] or match["two"]
    if match["string"]:
        name = match["string"].strip("[](")
    if name:
        return _GLYPHS.get(name, "")
    return _ONE.get(match["one"] or "", "")
