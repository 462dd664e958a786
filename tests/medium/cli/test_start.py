"""What each command loads: a library that slips into one makes every start slower."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

LEAST = {"ragcli", "typer", "annotated_doc", "shellingham"}
PROJECT = LEAST | {"platformdirs"}
WORDS = PROJECT | {"Stemmer"}
VECTORS = WORDS | {"numpy", "faiss", "packaging", "ragcli_fake"}

CASES = {
    "--help": (["--help"], LEAST),
    "an error": (["qurey"], LEAST),
    "no project": (["query", "warranty", "--project", "nowhere"], PROJECT),
    "status": (["status"], PROJECT | {"Stemmer"}),
    "ls": (["ls"], PROJECT | {"Stemmer"}),
    "show": (["show", "docs/guide.md"], PROJECT | {"Stemmer"}),
    "extract": (["extract", "docs/guide.md"], PROJECT | {"py3langid", "numpy"}),  # its language
    "chunks": (["chunks", "docs/guide.md"], PROJECT | {"Stemmer"}),
    "keyword query": (["query", "warranty", "--mode", "keyword"], WORDS),
    "hybrid query": (["query", "warranty"], VECTORS),
}


def loaded(args: list[str]) -> set[str]:
    """The packages that a command loads."""
    code = f"from ragcli.cli.app import main\nmain({args!r})\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in ran.stdout.splitlines()[-1].split()}


def third_party(args: list[str]) -> set[str]:
    """Those beside the standard library's."""
    standard = sys.stdlib_module_names | {"__main__", "_distutils_hack"}
    made_by_build_tools = ("_sysconfigdata", "__editable__", "_cython", "cython_", "swig_")
    return {n for n in loaded(args) - standard if not n.startswith(made_by_build_tools)}


# What a client of the helper does without. (An answer's sentences are read by their words.)
STORE_AND_MODEL = {"sqlite3", "numpy", "faiss", "onnxruntime", "tokenizers", "ragcli_fake"}
HELPED = (
    ["query", "warranty"],
    ["embed", "warranty"],
    ["ask", "how long does the warranty run?", "--generator", "extractive"],
)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("args", HELPED, ids=lambda args: args[0])
def test_a_command_that_is_helped_loads_no_store_and_no_model(
    args: list[str], program: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        program("serve", "--detach")
        try:
            helped = loaded(args)
        finally:
            program("serve", "--stop")
    assert not helped & STORE_AND_MODEL
    assert ("Stemmer" in helped) == (args[0] == "ask")
    assert loaded(args) & STORE_AND_MODEL  # without one


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("case", CASES)
def test_a_command_loads_no_more_than_it_needs(case: str) -> None:
    args, allowed = CASES[case]
    assert third_party(args) <= allowed


def test_an_unchanged_tree_starts_no_model_and_no_reader(project):
    """A stat for each file: no array library, no tokenizer, no child, no embedder."""
    code = (
        "import sys, subprocess, ragcli.providers as providers\n"
        "from ragcli.cli.app import main\n"
        "providers.embedder = subprocess.Popen = None\n"
        "assert main(['ingest', '--json']) == 0\n"
        "print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert not loaded & {"numpy", "faiss", "tokenizers", "rich", "ragcli_fake", "pypdf"}
