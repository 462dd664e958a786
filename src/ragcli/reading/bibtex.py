"""BibTeX: an entry is a block, a field a line, with accents and without braces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from ragcli.domain import Document
from ragcli.reading import text as plain
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, clean
from ragcli.reading.latexwords import plain_words

_ENTRY = re.compile(r"@[ \t]*(\w{1,60})\s*[{(]\s*", re.ASCII)
_KEY = re.compile(r"([^\s,={}]{1,300})\s*,")
_FIELD = re.compile(r"[\s,]*([\w:.+/-]{1,100})\s*=\s*")
_WORD = re.compile(r"[^\s,{}#\"]{1,300}")
_DELIMITER = re.compile(r"\\.|[{}\"]", re.DOTALL)
_NOT_PRINTED = frozenset(["comment", "preamble"])


def read(data: bytes, path: PurePath) -> Document:
    """The document of a bibliography; a file without entries is read as plain text."""
    source = clean(decode(data))
    builder = TextBuilder()
    strings: dict[str, str] = {}
    place = 0
    while match := _ENTRY.search(source, place):
        kind, place = match[1].lower(), match.end()
        if kind in _NOT_PRINTED:
            continue
        key = _KEY.match(source, place)
        place = key.end() if key and kind != "string" else place
        fields = list(_fields(source, place, strings))
        if kind == "string":
            strings.update((name, value) for name, value, _ in fields)
        else:
            lines = [f"{name}: {value}" for name, value, _ in fields if value]
            builder.add("paragraph", "\n".join([f"[{key[1] if key else ''}] {kind}", *lines]))
        place = fields[-1][2] if fields else place
    if not builder.blocks:
        return plain.read(data, path)
    return Document(text=builder.text, format="bibtex", blocks=builder.blocks)


def _fields(source: str, place: int, strings: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    """(name, value, where it ends) of each field from here on."""
    while match := _FIELD.match(source, place):
        values: list[str] = []
        place = match.end()
        while True:
            value, place = _value(source, place, strings)
            values.append(value)
            joined = re.compile(r"\s*#\s*").match(source, place)
            if joined is None or joined.end() == place:
                break
            place = joined.end()
        yield match[1].lower(), plain_words("".join(values)), place


def _value(source: str, place: int, strings: dict[str, str]) -> tuple[str, int]:
    opening = source[place : place + 1]
    if opening not in ('"', "{") or not opening:
        word = _WORD.match(source, place)
        return (strings.get(word[0].lower(), word[0]), word.end()) if word else ("", place)
    depth = 0
    for match in _DELIMITER.finditer(source, place + 1):
        if match[0] == "{":
            depth += 1
        elif depth == 0 and match[0] == ("}" if opening == "{" else '"'):
            return source[place + 1 : match.start()], match.end()
        elif match[0] == "}":
            depth -= 1
    return source[place + 1 :], len(source)
