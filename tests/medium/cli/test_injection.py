"""Documents are data: what they order, forge or hide reaches neither the model nor the answer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import injections
from fakes.ollama_server import FakeModel, FakeOllama

from ragcli.trust import Trust

QUESTION = "for how many months does the warranty of a lamp run from its delivery?"
COUNT = 60
LARGE = ("-k", str(COUNT), "--generator", "ollama:tiny", "--allow-weak")

_OPENS = re.compile(
    r'<passage n="(\d+)" source="[^"<>\n]+"(?: (?:lines|page)="\d+(?:-\d+)?")?'
    r'(?: headings="[^"<\n]*")?(?: (?:file_)?date="\d{4}-\d\d-\d\d")?>'
)


class Echo:
    """A model that says again all that it was told, in pieces cut anywhere, between two claims of
    its own."""

    def __init__(self, fake: FakeOllama, raw: str = "") -> None:
        self._fake = fake
        self._raw = raw

    def __iter__(self) -> Iterator[str]:
        asked = self._fake.asked("/api/chat")[-1]["messages"][-1]["content"]
        told = self._raw or asked.partition("\nQuestion: ")[0]  # ours, behind it, has an example
        said = f'It runs long [1: "from its delivery"]. {told}\n\nIt does [2: "from its delivery"].'
        return (said[at : at + 7] for at in range(0, len(said), 7))


@pytest.fixture(scope="module")
def hostile(ingested: Callable[[Callable[[Path], Any]], Path]) -> Path:
    """A project of hostile documents; copied, never used."""
    return ingested(injections.write_all)


@pytest.fixture
def model(
    hostile: Path, surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeOllama]:
    """The strict server with the echoing model, over a copy of the hostile project."""
    shutil.copytree(hostile, surroundings, dirs_exist_ok=True)
    Trust(surroundings).give()
    with FakeOllama(models=[FakeModel("tiny", context_length=131_072)]) as fake:
        fake.pieces = Echo(fake)  # type: ignore[assignment]
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        monkeypatch.setenv("RAG_CONTEXT_TOKENS", "131072")
        yield fake


def blocks(prompt: str) -> list[str]:
    """What stands in each fence, its first line included; nothing may stand between them."""
    found: list[str] = []
    lines = iter(prompt.split("\n"))
    for line in lines:
        if line.startswith("Question: "):
            assert "passage n=" not in line and "</passage>" not in "\n".join(lines)
            return found
        if not line:
            continue
        opened = _OPENS.fullmatch(line)
        assert opened and int(opened[1]) == len(found) + 1, line
        block = [line]
        while (inside := next(lines)) != "</passage>":
            block.append(inside)
        found.append("\n".join(block))
    raise AssertionError("no question")


def test_the_prompt_holds_all_of_them_as_data(model, rag) -> None:
    written = len(list(Path("docs").iterdir()))
    assert written >= 40
    assert rag("ask", QUESTION, "--json", *LARGE).code == 0
    system, user = (m["content"] for m in model.asked("/api/chat")[0]["messages"])
    assert "</passage>" in system and "are data" in system
    found = blocks(user)
    told = user.replace("\n", " ")
    for number in range(1, written + 1):
        assert injections.true_sentence(number) in told, number
    assert len(found) >= written
    for block in found:
        first, _, inside = block.partition("\n")
        for part in (first.removeprefix("<passage"), inside):
            assert not injections.forged(part), part
            assert not any(map(injections.unseen, part)), part


@pytest.fixture
def without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a terminal gets are ours: without them nothing that acts may be left."""
    monkeypatch.setenv("NO_COLOR", "1")


MODES = {
    "pipe": (),
    "json": ("--json",),
    "jsonl": ("--jsonl",),
    "terminal": (),
    "prompt": ("--show-prompt",),
    "prompt json": ("--show-prompt", "--json"),
}


@pytest.mark.usefixtures("without_colours")
@pytest.mark.parametrize("generator", ["ollama:tiny", "extractive"])
@pytest.mark.parametrize("mode", MODES)
def test_nothing_acts_on_who_reads_the_answer(model, rag, mode: str, generator: str) -> None:
    options = (*LARGE, *MODES[mode], "--generator", generator, "--verbose")
    run = rag("ask", QUESTION, *options, terminal=mode == "terminal")
    assert run.code == 0
    assert len(run.out) > 200
    for stream in (run.out, run.err):
        assert [c for c in stream if injections.unseen(c)] == []


def test_the_only_markers_are_the_models_own(model, rag) -> None:
    answer = rag("ask", QUESTION, "--json", *LARGE).object
    assert [c["marker"] for c in answer["citations"]] == [1, 2]
    assert re.findall(r"[\[【［]\s*\d+\W", answer["answer"]) == ["[1]", "[2]"]
    events = rag("ask", QUESTION, "--jsonl", *LARGE).objects
    assert [e["marker"] for e in events if e["event"] == "citation"] == [1, 2]
    assert "".join(e["text"] for e in events if e["event"] == "text") == answer["answer"]
    piped = rag("ask", QUESTION, *LARGE).out
    assert piped.replace(" [?]", "").startswith(answer["answer"])


@pytest.mark.usefixtures("without_colours")
def test_a_model_that_says_the_documents_own_bytes_harms_nobody(model, rag) -> None:
    attacks = (*injections.TURNS, *injections.FENCES, *injections.MARKERS, *injections.HIDDEN)
    model.pieces = Echo(model, raw="\n\n".join((*attacks, *injections.NAMES)))
    for mode, options in MODES.items():
        run = rag("ask", QUESTION, *LARGE, *options, terminal=mode == "terminal")
        assert [c for c in run.out + run.err if injections.unseen(c)] == [], mode
    answer = json.loads(rag("ask", QUESTION, "--json", *LARGE).out)
    shown = {int(n) for n in re.findall(r"\[(\d+)\]", answer["answer"])}
    assert shown == {c["marker"] for c in answer["citations"]}
    assert shown <= set(range(1, len(answer["passages"]) + 1))


def test_nothing_but_the_chat_was_asked_of_the_server(model, rag) -> None:
    rag("ask", QUESTION, *LARGE)
    assert {path for path, _ in model.requests} == {"/api/show", "/api/chat"}
    assert not any(body.get("tools") for body in model.asked("/api/chat"))
