"""The command line in this process, with streams that are looked at, and in one of its own.

Fixtures for tests/fast/cli and tests/medium/cli.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fakes.reading import InProcessReader
from jsonschema import Draft202012Validator

import ragcli
from ragcli import Rag as Library
from ragcli.cli.app import main
from ragcli.trust import Trust

PLUGINS = Path(__file__).parents[1] / "plugins"
SCHEMAS = Path(ragcli.__file__).parent / "schemas"
PROGRAM = [sys.executable, "-c", "from ragcli.cli.start import main; main()"]

DOCUMENTS = {
    "guide.md": "# Guide\n\n## Warranty\n\nThe warranty runs for 24 months from delivery.\n\n"
    "## Batteries\n\nBatteries are covered for 12 months only.\n",
    "zh/保修.md": "---\nauthor: 李雷\ndate: 2024-05-01\n---\n# 保修\n\n保修期为二十四个月。\n",
    "notes.txt": "The picnic of 1998 was on a Sunday.\nIt rained all day.\n",
}


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on stdout, which fits its schema."""
        lines = self.objects
        assert len(lines) == 1
        return lines[0]

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [checked(json.loads(line)) for line in self.out.splitlines()]


def checked(value: dict[str, Any]) -> dict[str, Any]:
    """The value, when it fits the schema that it names (or the shape that it has)."""
    if "event" in value:
        name = "answer-event"
    elif "error" in value:
        name = "batch-error"
    else:
        name = value["schema"].removeprefix("ragcli.").removesuffix("/1")
    _validator(name).validate(value)
    return value


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


Rag = Callable[..., Run]


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a current folder of its own, the fake providers, no model hub, no Ollama."""
    for name in [n for n in os.environ if n.startswith(("RAG_", "OPENAI_", "XDG_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")  # the discard port: nothing answers
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    monkeypatch.syspath_prepend(str(PLUGINS))
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def rag(monkeypatch: pytest.MonkeyPatch) -> Rag:
    """``rag("query", "…")`` in this process."""

    def run(*args: str, stdin: bytes = b"", terminal: bool = False) -> Run:
        with monkeypatch.context() as patch:
            out, err, typed = (_stream(terminal, data) for data in (b"", b"", stdin))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", typed)
            code = main(args)
            return Run(code, _content(out), _content(err))

    return run


def _stream(terminal: bool, data: bytes) -> io.TextIOWrapper:
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="ascii")
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    return stream


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.fixture
def program() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """The same in a process of its own."""

    def run(
        *args: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
        if "input" in options:
            del options["stdin"]
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.run([*PROGRAM, *args], env=env, timeout=120, check=False, **options)

    return run


def write_documents(folder: Path) -> None:
    for name, text in DOCUMENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def documents(surroundings: Path) -> Path:
    """Three small files in ``docs``, not yet ingested."""
    write_documents(surroundings / "docs")
    return surroundings / "docs"


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[Path], Any]], Path]:
    """Makes a project of what a function writes into its ``docs``; to be copied, never used."""

    def ingest(write: Callable[[Path], Any]) -> Path:
        folder = tmp_path_factory.mktemp("built")
        write(folder / "docs")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
            with Library.create(folder, environ={}, model="fake:64") as made:
                made.ingest([folder / "docs"])
        return folder

    return ingest


@pytest.fixture(scope="session")
def built(ingested: Callable[[Callable[[Path], Any]], Path]) -> Path:
    """A project that was ingested once; copied, never used."""
    return ingested(write_documents)


@pytest.fixture
def project(surroundings: Path, built: Path) -> Path:
    """A project in the current folder, of three small files."""
    shutil.copytree(built, surroundings, dirs_exist_ok=True)
    Trust(surroundings).give()
    return surroundings
