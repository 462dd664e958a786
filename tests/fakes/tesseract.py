"""A program by the name of Tesseract: it knows some languages, and reads what its folder says."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ragcli.reading import ocr

HEAD = "level page_num block_num par_num line_num word_num left top width height conf text"
SCRIPT = """#!{python} -S
import os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
if "--list-langs" in sys.argv:
    print('List of available languages in "/data/" (2):\\n{languages}')
    raise SystemExit
picture = sys.stdin.buffer.read()
with open(os.path.join(here, "asked"), "a") as file:
    print(len(picture), *sys.argv[1:], file=file)
answer = open(os.path.join(here, "answer"), encoding="utf-8").read()
if answer == "hang":
    time.sleep(60)
if answer == "fail":
    sys.exit("Error during processing.")
print(answer)
"""


def table(*words: tuple[str, float, str]) -> str:
    """Tesseract's table of words: (``block.paragraph.line``, confidence, text) each."""
    rows = ["\t".join(HEAD.split())]
    for number, (place, confidence, text) in enumerate(words, 1):
        places = place.split(".")
        rows.append("\t".join(["5", "1", *places, str(number), *"0000", str(confidence), text]))
    return "\n".join(rows)


class FakeTesseract:
    """In a folder that is alone on the PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, languages: Sequence[str]):
        self._folder = folder
        folder.mkdir()
        program = folder / "tesseract"
        script = SCRIPT.format(python=sys.executable, languages="\\n".join(languages))
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", os.fspath(folder))
        # In place of what the fast tests are told of the real one.
        monkeypatch.setattr(ocr, "_tesseract", lambda: os.fspath(program))
        monkeypatch.setattr(ocr, "_languages", ocr.installed_languages)
        self.reads("")

    def reads(self, answer: str) -> None:
        (self._folder / "answer").write_text(answer, encoding="utf-8")

    @property
    def asked(self) -> list[str]:
        """What each call was given: the size of the picture, then the arguments."""
        asked = self._folder / "asked"
        return asked.read_text().splitlines() if asked.exists() else []
