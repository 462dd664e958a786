"""LaTeX: what is printed, without what says how.

Half of the words of a paper's source are commands, and accents hide the others from every search
(``Poincar\\'e``), so the text is made of the source: prose with its accents and without commands,
formulas as they are written, lists and tables as lines. Nothing is included and no macro is run
but those that stand for a fixed piece of text.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from ragcli.domain import BlockKind, Document
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, clean, metadata_value
from ragcli.reading.latexwords import ACCENT, accented, letter, plain_words, with_ligatures
from ragcli.reading.lineblocks import MAX_HEADING_CHARACTERS

_SECTIONS = [
    "part",
    "chapter",
    "section",
    "subsection",
    "subsubsection",
    "paragraph",
    "subparagraph",
]
_LISTS = frozenset(["itemize", "enumerate", "description", "compactitem", "thebibliography"])
_TABLES = frozenset(["tabular", "tabular*", "tabularx", "longtable", "tabulary", "array", "tblr"])
_VERBATIM = frozenset(["verbatim", "verbatim*", "lstlisting", "minted", "Verbatim", "alltt"])
_FORMULAS = frozenset(
    [
        "equation",
        "align",
        "gather",
        "multline",
        "eqnarray",
        "displaymath",
        "math",
        "alignat",
        "flalign",
    ]
)
_PICTURES = frozenset(["comment", "tikzpicture", "pgfpicture", "picture", "filecontents"])
# Commands whose arguments are not printed, with their number.
_ONE_SILENT = (
    "label ref eqref pageref autoref cref Cref includegraphics input include bibliography nocite"
    " bibliographystyle usepackage documentclass vspace hspace pagestyle thispagestyle index vskip"
    " hypersetup color textcolor pagenumbering cline cmidrule addbibresource graphicspath lstset"
    " captionsetup linespread selectlanguage tikzset usetikzlibrary geometry"
)
_TWO_SILENT = (
    "setlength addtolength setcounter addtocounter definecolor multicolumn multirow newtheorem rule"
    " fontsize"
)
_SILENT = {
    **dict.fromkeys(_ONE_SILENT.split(), 1),
    **dict.fromkeys(_TWO_SILENT.split(), 2),
    "addcontentsline": 3,
    "newenvironment": 3,
}
_CITES = re.compile(r"(?:[Cc]ite|[Pp]aren[Cc]ite|[Tt]ext[Cc]ite|[Ff]oot[Cc]ite)[a-z]*\Z")

_TOKEN = re.compile(
    rf"(?P<accent>{ACCENT})"
    r"|\\begin\s*\{(?P<begin>[^{}\n]{1,60})\}|\\end\s*\{(?P<end>[^{}\n]{1,60})\}"
    r"|\\verb\*?(?P<verb>[^\w\s*])|\\(?P<name>[A-Za-z@]+)\*?[ \t]*|\\(?P<symbol>.)"
    r"|(?P<comment>%[^\n]*(?:\n[ \t]*)?)|(?P<math>\$\$?)|(?P<sign>[{}&])|(?P<empty>\n[ \t]*\n\s*)",
    re.DOTALL,
)
_BRACE = re.compile(r"\\.|%[^\n]*|[{}]", re.DOTALL)
_MACRO = re.compile(
    r"\\(?:(?:re)?newcommand\*?\s*\{?\\(?P<new>[A-Za-z]+)\}?\s*|def\\(?P<old>[A-Za-z]+)\s*)(?=\{)"
)
_FACT = re.compile(r"\\(title|author|date)\s*(?:\[[^\]\n]{0,300}\])?\s*(?=\{)")
_NAME = re.compile(r"\\[A-Za-z]+")
# The same text twice: as it is printed, and for the PDF's bookmarks.
_IN_BRACES = r"\{(?:[^{}]|\{[^{}]{0,200}\}){0,500}\}"
_TWO_WAYS = re.compile(rf"\\texorpdfstring\s*({_IN_BRACES})\s*{_IN_BRACES}")
# On which steps of a slide something shows.
_OVERLAY = re.compile(r"<[\w\\+,.:|@-]{0,40}[\d+-][\w\\+,.:|@-]{0,40}>")
_LINE_SPACE = re.compile(r"[ \t]*\n[ \t]*|[ \t]{2,}")
# A macro that stands for a word or two; longer ones are programs.
_MAX_MACRO_CHARACTERS = 200
# Longer arguments are no titles, longer formulas a sign that is not one, deeper lists an attack.
_MAX_ARGUMENT_CHARACTERS = 5_000
_MAX_FORMULA_CHARACTERS = 3_000
_MAX_DEPTH = 50


def read(data: bytes, path: PurePath) -> Document:
    """The document of a LaTeX file. Raises Unreadable when it prints no text."""
    source = _TWO_WAYS.sub(r"\1", clean(decode(data)))
    printed = _Printed(source)
    printed.run()
    builder = printed.builder
    if not builder.blocks:
        raise Unreadable("no_text", "nothing in it is printed")
    facts = printed.facts
    return Document(
        text=builder.text,
        format="latex",
        blocks=builder.blocks,
        title=facts.get("title"),
        date=iso_date(facts.get("date", "")),
        metadata=facts,
    )


class _Printed:
    """One pass over a source; what is printed goes to ``builder``."""

    def __init__(self, source: str) -> None:
        self.builder = TextBuilder()
        self._source = source
        self._closing = _closing_braces(source)
        self._macros = self._short_macros()
        self._words: list[str] = []
        self._around: list[str] = []  # the lists and tables that are open
        self._notes: set[int] = set()  # where a footnote closes
        self.facts = self._facts()
        used = [name for name in _SECTIONS if re.search(rf"\\{name}\b", source)]
        first = 2 if "title" in self.facts else 1
        self._levels = {name: level for level, name in enumerate(used, first)}

    # -------------------------------------------------------------- what the whole file says

    def _facts(self) -> dict[str, str]:
        facts: dict[str, str] = {}
        for match in _FACT.finditer(self._source):
            value, _ = self._argument(match.end())
            if value := metadata_value(plain_words(value)):
                facts.setdefault(match[1], value)
        return facts

    def _short_macros(self) -> dict[str, str]:
        macros: dict[str, str] = {}
        for match in _MACRO.finditer(self._source):
            body, _ = self._argument(match.end())
            if len(body) <= _MAX_MACRO_CHARACTERS and "#" not in body:
                macros[match["new"] or match["old"]] = plain_words(body.replace("\\xspace", ""))
        return macros

    # -------------------------------------------------------------- the pass

    def run(self) -> None:
        """Print the body, or all of a file that has none because another one includes it."""
        start, end = self._source.find("\\begin{document}"), self._source.find("\\end{document}")
        place = start + len("\\begin{document}") if start >= 0 else 0
        stop = end if end >= place else len(self._source)
        if "title" in self.facts:
            title = self.facts["title"]
            self.builder.add("heading", title, level=1, title=title)
            self.builder.add("paragraph", self.facts.get("author", ""))
        while match := _TOKEN.search(self._source, place, stop):
            self._words.append(with_ligatures(self._source[place : match.start()]))
            place = self._token(match, stop)
        self._words.append(with_ligatures(self._source[place:stop]))
        self._flush("list" if self._around else "paragraph")

    def _token(self, match: re.Match[str], stop: int) -> int:
        """Print a token; returns where the next one may start."""
        end = match.end()
        if match["accent"]:
            self._words.append(accented(match))
        elif match["begin"]:
            return self._begin(match["begin"], self._overlay_end(end), stop)
        elif match["end"]:
            self._end(match["end"])
        elif match["verb"]:
            closing = self._source.find(match["verb"], end, min(stop, end + 1000))
            self._words.append(self._source[end : max(closing, end)])
            return closing + 1 if closing >= 0 else end
        elif match["name"]:
            return self._command(match["name"], self._overlay_end(end))
        elif match["symbol"]:
            return self._symbol(match["symbol"], end, stop)
        elif match["math"]:
            return self._formula(match["math"], match["math"], match.start(), stop)
        elif match["empty"]:
            self._paragraph_ends()
        elif match["sign"] == "}" and match.start() in self._notes:
            self._words.append(")")
        elif match["sign"] == "{" and self._source[match.start() - 1] == "}":
            self._words.append(" ")  # two arguments of a command that is not known
        elif match["sign"] == "&":
            self._words.append(" | " if self._in_table() else "&")
        return end

    def _begin(self, name: str, end: int, stop: int) -> int:
        plain = name.removesuffix("*")
        if name in _VERBATIM or plain in _PICTURES or plain in _FORMULAS:
            closing = self._source.find(f"\\end{{{name}}}", end, stop)
            closing = closing if closing >= 0 else stop
            if plain not in _PICTURES:
                self._flush("list" if self._around else "paragraph")
                start = self._options_end(end)
                start = self._argument(start)[1] if name in ("minted", "alignat") else start
                self._words.append(self._source[start:closing].strip("\n"))
                self._flush("code", as_written=True)
            return min(stop, closing + len(f"\\end{{{name}}}"))
        if (name in _LISTS or name in _TABLES) and len(self._around) < _MAX_DEPTH:
            if not self._around:
                self._flush("paragraph")
            self._around.append(name)
            end = self._options_end(end)
            if name in ("tabular*", "tabularx", "tabulary"):
                end = self._argument(end)[1]
            if name in _TABLES or name == "thebibliography":
                end = self._argument(self._options_end(end))[1]
            return end
        if not self._around:
            self._flush("paragraph")
        return self._options_end(end)

    def _end(self, name: str) -> None:
        if name in self._around:
            while self._around.pop() != name:
                pass
            if not self._around:
                self._flush("table" if name in _TABLES else "list")
        elif not self._around:
            self._flush("paragraph")

    def _command(self, name: str, end: int) -> int:
        printed = letter(name)
        printed = self._macros.get(name) if printed is None else printed
        if printed is not None:
            self._words.append(printed)
            return end + 2 if self._source.startswith("{}", end) else end
        if name in self._levels:
            title, after = self._argument(self._options_end(end))
            self._flush("list" if self._around else "paragraph")
            self._around.clear()
            title = plain_words(title)
            kind: BlockKind = "heading" if len(title) <= MAX_HEADING_CHARACTERS else "paragraph"
            level = self._levels[name] if kind == "heading" else 0
            self.builder.add(kind, title, level=level, title=title if level else "")
            return after
        if name == "item" or name == "bibitem":
            return self._item(name, end)
        if name == "endfirsthead" and self._in_table():
            closing = self._source.find("\\endhead", end, end + _MAX_ARGUMENT_CHARACTERS)
            return closing if closing >= 0 else end  # the head again, for each further page
        if name == "caption":
            self._words.append("\n")
            return self._options_end(end)
        if name == "href":
            address, after = self._argument(end)
            text, after = self._argument(after)
            self._words.append(f"{plain_words(text)} ({address})")
            return after
        if name == "footnote":
            self._words.append(" (")
            place = self._options_end(end)
            self._notes.add(self._closing.get(place, -1))
            return place
        if _CITES.match(name):
            keys, after = self._argument(self._options_end(self._options_end(end)))
            self._words.append(f"[{keys}]")
            return after
        if name in (
            "title",
            "author",
            "date",
            "thanks",
            "newcommand",
            "renewcommand",
            "providecommand",
            "def",
        ):
            return self._definition_end(end)
        end = self._options_end(end)
        for _ in range(_SILENT.get(name, 0)):
            end = self._argument(self._options_end(end))[1]
        return end

    def _item(self, name: str, end: int) -> int:
        after = self._options_end(end)
        label = plain_words(self._source[end:after].strip()[1:-1])
        if name == "bibitem":
            label, after = self._argument(after)
            label = f"[{label}]"
        self._words.append(f"\n- {label} " if label else "\n- ")
        return after

    def _symbol(self, symbol: str, end: int, stop: int) -> int:
        if symbol in "[(":
            return self._formula("\\" + symbol, "\\]" if symbol == "[" else "\\)", end - 2, stop)
        if symbol == "\\":
            self._words.append("\n")
            return self._options_end(end + self._source.startswith("*", end))
        if symbol.isspace() or symbol in ",;:!/-@":
            self._words.append("" if symbol in "!/-@" else " ")
        else:
            self._words.append(symbol)
        return end

    def _formula(self, opening: str, closing: str, start: int, stop: int) -> int:
        """A formula as it is written, up to the end of its paragraph at most."""
        inside = start + len(opening)
        stop = min(stop, inside + _MAX_FORMULA_CHARACTERS)
        limit = self._source.find("\n\n", inside, stop)
        end = self._source.find(closing, inside, limit if limit >= 0 else stop)
        if end < 0:
            self._words.append(opening if opening == "$" else "")
            return inside
        self._words.append(self._source[start : end + len(closing)])
        return end + len(closing)

    # -------------------------------------------------------------- arguments and blocks

    def _argument(self, place: int) -> tuple[str, int]:
        """What stands in the braces here, and where they end; nothing where there are none."""
        while place < len(self._source) and self._source[place] in " \t\n":
            place += 1
        closing = self._closing.get(place)
        if closing is None:
            return "", place
        last = min(closing, place + 1 + _MAX_ARGUMENT_CHARACTERS)
        return self._source[place + 1 : last], closing + 1

    def _overlay_end(self, place: int) -> int:
        overlay = _OVERLAY.match(self._source, place)
        return overlay.end() if overlay else place

    def _options_end(self, place: int) -> int:
        """The place behind the brackets that stand here."""
        if not self._source.startswith("[", place):
            return place
        closing = self._source.find("]", place, place + 500)
        return closing + 1 if closing >= 0 else place

    def _definition_end(self, end: int) -> int:
        """Behind ``\\newcommand{\\x}[2][a]{…}``, ``\\newcommand\\x{…}`` and ``\\title{…}``."""
        end = self._argument(end)[1]
        if match := _NAME.match(self._source, end):
            end = match.end()
        end = self._options_end(self._options_end(end))
        return self._argument(end)[1] if self._source.startswith("{", end) else end

    def _in_table(self) -> bool:
        return bool(self._around) and self._around[-1] in _TABLES

    def _paragraph_ends(self) -> None:
        if self._around:
            self._words.append("\n")
        else:
            self._flush("paragraph")

    def _flush(self, kind: BlockKind, *, as_written: bool = False) -> None:
        text = "".join(self._words)
        self._words.clear()
        if not as_written:
            text = _LINE_SPACE.sub(lambda m: "\n" if "\n" in m[0] else " ", text)
            text = re.sub(r"\n{2,}", "\n", text).strip()
        self.builder.add(kind, text.rstrip())


def _closing_braces(source: str) -> dict[int, int]:
    """Where each brace closes that does."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(source):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            closing[opened.pop()] = match.start()
    return closing
