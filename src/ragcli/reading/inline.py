"""What shows within a paragraph of WordprocessingML: its text, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ragcli.reading.package import attribute, child, integer, local_name
from ragcli.reading.symbols import symbol

# Text that shows: runs (w:t), drawings (a:t) and formulas (m:t) share the local name.
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
# Deleted and moved text, field codes, properties, and the second form of what a newer Word shows
# otherwise.
_INVISIBLE = frozenset(
    [
        "del",
        "moveFrom",
        "delText",
        "delInstrText",
        "instrText",
        "rPr",
        "pPr",
        "sdtPr",
        "binData",
        "ctrlPr",
        "docPartObj",
    ]
)
# Blocks inside a paragraph: text boxes, and the paragraphs of drawings.
_BOXES = frozenset(("txbxContent", "p", "tbl"))
_REFERENCES = frozenset(("footnoteReference", "endnoteReference", "commentReference"))
# What stands between the parts of a formula when it is written in a line.
_FORMULA = {"den": "/", "sup": "^", "sub": "_", "rad": "√"}
_OFF = frozenset(("0", "false", "off", "none"))
_SOFT_HYPHEN = "\u00ad"


@dataclass(slots=True)
class Inline:
    """``boxes`` are elements that hold further paragraphs, ``references`` the kind and number of
    notes and comments."""

    parts: list[str] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    references: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts).replace(_SOFT_HYPHEN, "")


def gather(paragraph: Any) -> Inline:
    """What shows of a paragraph, in its order."""
    found = Inline()
    _gather(paragraph, found)
    return found


def _gather(element: Any, found: Inline) -> None:
    # XML is parsed to a depth of 256, so that this never goes deeper.
    for below in element:
        name = local_name(below)
        if name == "t":
            found.parts.append(below.text or "")
        elif name in _CHARACTERS:
            found.parts.append(_CHARACTERS[name])
        elif name in _BOXES:
            found.boxes.append(below)
        elif name in _REFERENCES:
            found.references.append((name.removesuffix("Reference"), attribute(below, "id")))
        elif name == "AlternateContent":
            chosen = child(below, "Choice")
            _gather(chosen if chosen is not None else below, found)
        elif name not in _INVISIBLE and not (name == "r" and _is_vanished(below)):
            _gather_special(below, name, found)


def _gather_special(element: Any, name: str, found: Inline) -> None:
    if name == "sym":
        code = attribute(element, "char")
        try:
            found.parts.append(symbol(attribute(element, "font"), int(code, 16)))
        except ValueError:
            return
    elif name == "ruby":
        _gather_ruby(element, found)
    elif name == "ffData":
        found.parts.append(_form_field(element))
    elif name == "textpath":  # WordArt of the nineties, and watermarks
        found.parts.append(attribute(element, "string"))
    elif "/math" in element.tag:
        _gather_formula(element, name, found)
    else:
        _gather(element, found)


def _gather_ruby(element: Any, found: Inline) -> None:
    """The base, then how it is read in brackets, as browsers without ruby show it."""
    for name, before, after in (("rubyBase", "", ""), ("rt", "(", ")")):
        part = child(element, name)
        if part is not None and next(part.iter("{*}t"), None) is not None:
            found.parts.append(before)
            _gather(part, found)
            found.parts.append(after)


def _gather_formula(element: Any, name: str, found: Inline) -> None:
    opening, closing = _FORMULA.get(name, ""), ""
    if name in ("sub", "sup") and next(element.iter("{*}t"), None) is None:
        opening = ""
    if name == "d":
        opening = _bracket(element, "begChr", "(")
        closing = _bracket(element, "endChr", ")")
    if name == "nary":
        opening = _bracket(element, "chr", "∫", "naryPr")
    found.parts.append(opening)
    _gather(element, found)
    found.parts.append(closing)


def _bracket(element: Any, name: str, default: str, properties: str = "dPr") -> str:
    given = child(element, properties, name)
    return default if given is None else attribute(given, "val")


def _form_field(element: Any) -> str:
    """What a form field of Word 97 shows beside its text: the entry chosen, a box."""
    box = child(element, "checkBox")
    if box is not None:
        state = child(box, "checked")
        state = child(box, "default") if state is None else state
        return "☒" if _is_on(state) else "☐"
    chosen = child(element, "ddList")
    if chosen is None:
        return ""
    entries = [attribute(e, "val") for e in chosen if local_name(e) == "listEntry"]
    number = integer(attribute(child(chosen, "result"), "val")) or 0
    return entries[number] if number < len(entries) else ""


def _is_vanished(run: Any) -> bool:
    return _is_on(child(run, "rPr", "vanish"))


def _is_on(element: Any) -> bool:
    return element is not None and attribute(element, "val") not in _OFF
