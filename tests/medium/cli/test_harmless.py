"""What a document, a path, a setting or a model says does nothing to the terminal that shows it.

Every command of the table is asked for such texts, on a terminal and for JSON.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ragcli.cli.table import COMMANDS

# Cleared screen, a title, a hidden link, colours (7 and 8 bits), a bell, backspace, a bare return.
EVIL = "\x1b[2J\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\x\x1b[38;5;196m\x9b31m\x08\r"
# Turned around, invisible, a tag, half a pair.
SLY = "\u202etxt.exe\u2066\u200b\u200d\ufeff\u00ad\U000e0041\u2028"
NAME = "e\x1b[2Jv\u202ei\u200bl\x9b\x07\n.md"

ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
DOCUMENT = (
    f"---\ntitle: warranty {SLY}\nauthor{SLY}: Eve\n---\n# Warranty{SLY} {EVIL}\n\n"
    f"The warranty{SLY} runs for 24 months{EVIL} from delivery.\n"
)

# Each as it shows most; {name} is the evil file.
SHOWING = [
    ["ingest", "docs", "--model", "fake:64", "--verbose"],
    ["ingest", "docs/none{name}"],
    ["ingest", "docs", "--dry-run", "--verbose"],
    ["status", "--problems", "--skipped", "--verbose"],
    ["ls"],
    ["ls", "{name}nothing"],
    ["query", "warranty {name}", "--verbose"],
    ["query", "warranty", "--explain", "--path", "*{name}"],
    ["query", "warranty", "--type", "{name}"],
    ["query", "warranty", "--where", "{name}"],
    ["ask", "how long is the warranty?", "--generator", "extractive"],
    ["ask", "how long is the warranty?", "--generator", "fake:{name}"],
    ["ask", "how long is the warranty?", "--generator", "none:{name}"],
    ["chat"],
    ["show", "docs/{name}"],
    ["show", "docs/{name}:99"],
    ["chunks", "docs/{name}"],
    ["extract", "docs/{name}"],
    ["extract", "docs/bad{name}"],
    ["why-not", "warranty", "docs/{name}"],
    ["why-not", "warranty", "docs/no{name}"],
    ["embed", "warranty {name}", "--model", "fake:64"],
    ["embed", "x", "--model", "{name}"],
    ["eval", "--self"],
    ["eval", "add", "warranty {name}?", "--relevant", "docs/{name}"],
    ["eval", "--save", "one"],
    ["models", "{name}"],
    ["models"],
    ["config", "set", "query_prompt", "{name}"],
    ["config", "show"],
    ["config", "get", "{name}"],
    ["reembed", "--model", "fake:32", "--chunk-tokens", "64"],
    ["reembed", "--model", "{name}"],
    ["serve", "--status"],
    ["doctor"],
    ["export", "all.rag"],
    ["export", "docs/{name}"],
    ["import", "docs/{name}", "copy{name}"],
    ["import", "all.rag", "copy{name}"],
    ["init", "new{name}"],
    ["rm", "docs/none{name}"],
    ["rm", "--purge", "docs/{name}"],
    ["query", "warranty", "--project", "{name}"],
]
# What has no data to show, or takes a folder's place.
WITHOUT_JSON = {"chat", "embed"}


@pytest.fixture
def evil(surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    docs = surroundings / "docs"
    docs.mkdir()
    (docs / NAME).write_text(DOCUMENT, encoding="utf-8", newline="")
    (docs / f"bad{NAME}").with_suffix(".pdf").write_bytes(b"%PDF-1.4 no such thing")
    (docs / f"bin{NAME}").with_suffix(".bin").write_bytes(b"\0" * 99)
    (docs / "plain.md").write_text("# Plain\n\nThe warranty is described elsewhere.\n")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(surroundings))
    return surroundings


def filled(command: list[str]) -> list[str]:
    return [word.replace("{name}", NAME) for word in command]


def test_no_command_is_left_out() -> None:
    assert {command for command, *_ in SHOWING} == set(COMMANDS)


def test_nothing_acts_on_a_terminal(evil: Path, rag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without colours no character that acts is left; with them none of the document's."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    told = ""
    for command in SHOWING:
        run = rag(*filled(command), terminal=True, stdin=b"how long is the warranty?\n")
        for shown in (run.out, run.err):
            left = ACTING.search(shown)
            assert left is None, f"{command}: {shown[max(0, left.start() - 60) : left.end() + 9]!r}"
        told += run.out + run.err
    # It was shown, and not left out.
    assert told.count("runs for 24 months") > 1 and told.count("\u241b[2J") > 20


def test_colours_are_not_the_documents(evil: Path, rag: Any) -> None:
    for command in SHOWING:
        run = rag(*filled(command), terminal=True, stdin=b"how long is the warranty?\n")
        for bad in ("\x1b[2Jv", "\x1b]", "\x07", "\u202e", "\u200b", "\x9b", "\x1b[38;5"):
            assert bad not in run.out + run.err, (command, run.out + run.err)


def test_json_tells_the_truth_escaped(evil: Path, rag: Any) -> None:
    truth = 0
    for command in SHOWING:
        json_asked = [] if command[0] in WITHOUT_JSON else ["--json"]
        run = rag(*filled(command), *json_asked, stdin=b"how long is the warranty?\n")
        if run.out.startswith("{"):
            assert ACTING.search(run.out.replace("\n", "")) is None, (command, run.out)
            truth += any(SLY in text for text in strings(json.loads(run.out.splitlines()[0])))
        assert ACTING.search(run.err) is None, (command, run.err)
    assert truth >= 4


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in strings(one)]
