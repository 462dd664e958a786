"""The reader that docs/formats.md shows as an example works as it stands there."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path, PurePath

import pytest

from ragcli.reading import table
from ragcli.reading.dispatch import read_document

PAGE = Path(__file__).parents[3] / "docs" / "formats.md"

CARDS = """\
BEGIN:VCARD
VERSION:4.0
FN:Ada Lovelace
ORG:Analytical Engine
EMAIL;TYPE=work:ada@example.org
END:VCARD
BEGIN:VCARD
FN:张伟
TEL:+86 10 1234
END:VCARD
"""


def test_the_example_of_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    section = PAGE.read_text("utf-8").split("## A format of your own")[1]
    code, line = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    module = types.ModuleType("ragcli.reading.vcard")
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "ragcli.reading.vcard", module)
    (name,) = entry = eval("{" + line.split("\n", 1)[1] + "}")
    monkeypatch.setitem(table.READERS, name, entry[name])
    monkeypatch.setitem(table.FORMAT_OF_SUFFIX, entry[name][1], name)
    document = read_document(PurePath("contacts.vcf"), CARDS.replace("\n", "\r\n").encode())
    assert document.format == "vcard"
    assert [b.title for b in document.blocks if b.kind == "heading"] == ["Ada Lovelace", "张伟"]
    facts = [document.text[b.char_start : b.char_end] for b in document.blocks if b.kind == "list"]
    assert facts == ["Analytical Engine\nada@example.org", "+86 10 1234"]
