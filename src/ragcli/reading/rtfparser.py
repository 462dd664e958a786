"""The Rich Text Format, word by word: groups, code pages and destinations.

A group's state is kept on a stack of its own, as deep as files of strangers nest; what follows
a file's damage is read on, as far as it goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ragcli.reading.extracted import one_line
from ragcli.reading.office import comment, heading_level
from ragcli.reading.rtfcodes import (
    CHARACTERS,
    DATES,
    DEFAULT_PAGES,
    FOOTERS,
    HEADERS,
    INFO,
    SIGNS,
    SKIPPED,
    STARRED,
    SYMBOL_CHARSET,
    codec_of_page,
    decoded,
)
from ragcli.reading.rtftext import BODY_TEXT_OUTLINE, PLAIN, Flow, Format, Piece, Styles, lines
from ragcli.reading.symbols import symbol

_TOKEN = re.compile(
    rb"\\(?:(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})? ?|'(?P<hex>[0-9a-fA-F]{2})"
    rb"|(?P<sign>[^a-zA-Z]))|(?P<brace>[{}])|(?P<text>[^\\{}]{1,65536})",
    re.DOTALL,
)
# Deeper groups share the state of this one: a file may hold nothing but braces.
_MAX_DEPTH = 100_000
_LINE_ENDS = b"\r\n"
_NOTES = {"footnote": "note", "annotation": "comment", "shptxt": "box", "dptxbxtext": "box"}
# A field that sets small signs above others: how Word writes ruby in RTF.
_RUBY = re.compile(r"\s*EQ\b.*?\\s\s*\\up\s*\d+\s*\(([^()]*)\)\s*,\s*([^()]*)\)", re.DOTALL)
_MATH_PROPERTIES = re.compile(r"m\w+Pr$")


@dataclass(slots=True)
class _Font:
    charset: int | None = None
    codec: str | None = None  # of its own code page
    name: str = ""


@dataclass(slots=True)
class _State:
    """What a group inherits and forgets at its end. ``into`` is where its text goes: ``text``,
    ``skip``, or the name of a table or property."""

    flow: Flow
    into: str = "text"
    font: int = -1
    fallbacks: int = 1  # characters for old readers behind each \u
    hidden: bool = False
    format: Format = PLAIN

    def copy(self) -> _State:
        return _State(self.flow, self.into, self.font, self.fallbacks, self.hidden, self.format)


class Parser:
    """One reading of a file. ``body``, ``margins`` and ``facts`` are what was found."""

    def __init__(self) -> None:
        self.styles = Styles()
        self.body = Flow("body", self.styles)
        self.margins: dict[str, None] = {}  # the texts of headers and footers, in order
        self.facts: dict[str, str] = {}
        self._codec = "cp1252"
        self._fonts: dict[int, _Font] = {}
        self._default_font = 0
        self._state = _State(self.body)
        self._stack: list[_State] = []
        self._too_deep = 0
        self._bytes = bytearray()  # not yet decoded: a character may be spread over many words
        self._bytes_font = -1
        self._skip = 0  # characters that only old readers should see
        self._starred = False
        # Number, outline and name of the style that is being defined.
        self._style: tuple[int, int | None, str] = (0, None, "")
        self._author = ""
        self._field = ""  # the instruction of the field that is being read
        self._footers: dict[str, None] = {}

    def read(self, data: bytes, position: int = 0) -> None:
        """Take in a file from a position on."""
        while position < len(data):
            token = _TOKEN.match(data, position)
            if token is None:  # a backslash at the very end
                break
            position = token.end()
            kind = token.lastgroup
            if kind == "text":
                if self._state.into != "skip":  # pictures are megabytes
                    self._take_bytes(token["text"].translate(None, _LINE_ENDS))
            elif kind == "hex":
                self._take_bytes(bytes.fromhex(token["hex"].decode()))
            elif kind == "brace":
                self._open() if token["brace"] == b"{" else self._close()
            elif kind == "sign":
                self._take_sign(token["sign"])
            elif token["word"] == b"bin":
                position += max(0, int(token["number"] or 0))
            else:
                number = int(token["number"]) if token["number"] else None
                self._take_word(token["word"].decode(), number)
        while self._stack:
            self._close()
        self._flush()
        for text in self._footers:
            self.margins[text] = None

    def _open(self) -> None:
        self._flush()
        self._skip, self._starred = 0, False
        if len(self._stack) >= _MAX_DEPTH:
            self._too_deep += 1
            return
        self._stack.append(self._state)
        self._state = self._state.copy()

    def _close(self) -> None:
        self._flush()
        self._skip, self._starred = 0, False
        if self._too_deep or not self._stack:
            self._too_deep = max(0, self._too_deep - 1)
            return
        ended, self._state = self._state, self._stack.pop()
        if ended.into == "stylesheet":
            self._define_style()
        if ended.into == "fldinst" != self._state.into:
            self._end_field()
        if ended.flow is not self._state.flow:
            self._end_flow(ended)

    def _end_flow(self, ended: _State) -> None:
        pieces, kind = ended.flow.finished(ended.format), ended.flow.kind
        text = "\n".join(lines(pieces))
        if kind in ("header", "footer"):
            if any(c.isalpha() for c in text):
                (self.margins if kind == "header" else self._footers)[text] = None
            return
        if kind == "note":
            pieces = [Piece("paragraph", one_line(text))]
        elif kind == "comment":
            pieces = [Piece("paragraph", comment(self._author, one_line(text)))] if text else []
            self._author = ""
        self._state.flow.put_after(pieces)

    def _end_field(self) -> None:
        """Of a field, its result is shown, which stands beside it; ruby has none."""
        if ruby := _RUBY.match(self._field):
            self._put(f"{ruby[2]}({ruby[1]})")
        self._field = ""

    def _define_style(self) -> None:
        number, outline, name = self._style
        self._style = (0, None, "")
        name = name.strip().rstrip(";").lower()
        level = outline + 1 if outline is not None else heading_level(name)
        if name == "title":
            self.styles.title, level = number, level or 1
        if name and level is not None:
            self.styles.levels[number] = level

    def _take_sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._starred = True
        elif sign in _LINE_ENDS:
            self._take_word("par", None)
        elif sign in SIGNS and not self._skipped(1):
            if sign in b"\\{}":
                self._take_bytes(sign)
            else:
                self._write(SIGNS[sign])

    def _skipped(self, count: int) -> bool:
        """Whether this character stands for one that was written as \\u before."""
        if self._skip:
            self._skip = max(0, self._skip - count)
            return True
        return False

    def _take_bytes(self, data: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._state.into == "skip" or not data:
            return
        if self._bytes and self._bytes_font != self._state.font:
            self._flush()
        self._bytes_font = self._state.font
        self._bytes += data

    def _flush(self) -> None:
        """Decode the bytes so far, by the font they were written under."""
        if not self._bytes:
            return
        data = bytes(self._bytes)
        self._bytes.clear()
        font = self._fonts.get(self._bytes_font, _Font())
        if self._state.into not in ("text", "label", "fldinst"):
            self._put(decoded(data, None, self._codec))
        elif font.charset == SYMBOL_CHARSET:
            self._put("".join(symbol(font.name, code) for code in data))
        else:
            self._put(
                decoded(data, None if font.codec else font.charset, font.codec or self._codec)
            )

    def _write(self, text: str) -> None:
        self._flush()
        self._put(text)

    def _put(self, text: str) -> None:
        state = self._state
        match state.into:
            case "text":
                if not state.hidden:
                    state.flow.write(text)
            case "label":
                state.flow.write_label(text or "•")  # a sign of a font of signs
            case "fonttbl":
                self._fonts.setdefault(state.font, _Font()).name += text.rstrip(";")
            case "stylesheet":
                self._style = (*self._style[:2], self._style[2] + text)
            case "author":
                self._author += text
            case "fldinst":
                self._field += text
            case "skip" | "info" | "created" | "modified":
                pass
            case fact:
                self.facts[fact] = self.facts.get(fact, "") + text

    def _take_word(self, word: str, number: int | None) -> None:
        starred, self._starred = self._starred, False
        if word in CHARACTERS:
            if not self._skipped(1):
                self._write(CHARACTERS[word])
            return
        if word == "u":
            self._take_unicode(number or 0)
            return
        self._skip = 0
        if self._state.into == "skip":
            if word == "ud":  # the second of two forms of a text, in Unicode
                outer = (state.into for state in reversed(self._stack) if state.into != "skip")
                self._state.into = next(outer, "skip")
            return
        if starred and word not in STARRED:
            self._enter("skip")
        elif not self._take_destination(word) and not self._take_table_of_fonts_or_styles(
            word, number
        ):
            self._take_format(word, number)

    def _take_unicode(self, number: int) -> None:
        self._skip = self._state.fallbacks
        code = number % 0x10000
        if 0xF020 <= code <= 0xF0FF:
            font = self._fonts.get(self._state.font, _Font())
            self._write(symbol(font.name, code))
        else:
            self._write(chr(code))

    def _enter(self, into: str) -> None:
        self._flush()
        self._state.into = into

    def _take_destination(self, word: str) -> bool:
        """Whether the word says what its group is for."""
        state = self._state
        if word in SKIPPED or _MATH_PROPERTIES.match(word):
            self._enter("skip")
        elif word in ("fonttbl", "stylesheet", "info"):
            self._enter(word)
        elif state.into == "info" and word in INFO:
            self._enter(INFO[word])
        elif state.into == "info" and word in DATES:
            self._enter(DATES[word])
        elif word in ("listtext", "pntext"):
            self._enter("label")
        elif word == "fldinst":
            self._enter("fldinst")
        elif word == "atnauthor":
            self._enter("author")
            self._author = ""
        elif word in _NOTES or word in HEADERS or word in FOOTERS:
            self._flush()
            kind = _NOTES.get(word, "header" if word in HEADERS else "footer")
            state.flow, state.format = Flow(kind, self.styles), PLAIN
        else:
            return False
        return True

    def _take_table_of_fonts_or_styles(self, word: str, number: int | None) -> bool:
        """Whether the word belongs to what stands before the text."""
        into = self._state.into
        if into == "fonttbl":
            self._flush()
            if word == "f":
                self._state.font = number or 0
            font = self._fonts.setdefault(self._state.font, _Font())
            if word == "fcharset":
                font.charset = number
            elif word == "cpg":
                font.codec = codec_of_page(number or 0)
        elif into == "stylesheet":
            if word == "s":
                self._style = (number or 0, *self._style[1:])
            elif word == "outlinelevel":
                self._style = (self._style[0], _outline(number), self._style[2])
        elif into in DATES.values():
            self._take_date(into, word, number or 0)
        else:
            return False
        return True

    def _take_date(self, fact: str, word: str, number: int) -> None:
        form = {"yr": "{:04}", "mo": "-{:02}", "dy": "-{:02}", "hr": "T{:02}", "min": ":{:02}"}
        if word in form:
            self.facts[fact] = self.facts.get(fact, "") + form[word].format(number)

    def _take_format(self, word: str, number: int | None) -> None:
        state = self._state
        how = state.format
        match word:
            case "par" | "sect":
                self._flush()
                state.flow.end_paragraph(how)
            case "cell":
                self._flush()
                state.flow.end_cell(how)
            case "nestcell":
                self._flush()
                state.flow.end_paragraph(replace(how, in_table=True))
            case "row":
                self._flush()
                state.flow.end_row()
            case "pard":
                state.format = PLAIN
            case "s":
                state.format = replace(how, style=number or 0)
            case "outlinelevel":
                state.format = replace(how, outline=_outline(number))
            case "intbl":
                state.format = replace(how, in_table=number != 0)
            case "ilvl":
                state.format = replace(how, depth=max(0, number or 0))
            case "f":
                state.font = number or 0
            case "plain":
                self._flush()
                state.font, state.hidden = self._default_font, False
            case "v" | "deleted":
                self._flush()
                state.hidden = number != 0
            case "uc":
                state.fallbacks = max(0, number if number is not None else 1)
            case "deff":
                self._default_font = state.font = number or 0
            case "ansicpg":
                self._codec = codec_of_page(number or 0) or self._codec
            case "ansi" | "mac" | "pc" | "pca":
                self._codec = DEFAULT_PAGES[word]


def _outline(number: int | None) -> int | None:
    return number if number is not None and 0 <= number <= BODY_TEXT_OUTLINE else None
