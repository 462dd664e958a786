"""What each command loads: a library that slips into one makes every start slower."""

from __future__ import annotations

import subprocess
import sys

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
    "chunks": (["chunks", "docs/guide.md"], PROJECT | {"Stemmer"}),
    "keyword query": (["query", "warranty", "--mode", "keyword"], WORDS),
    "hybrid query": (["query", "warranty"], VECTORS),
}


def third_party(args: list[str]) -> set[str]:
    """The packages that a command loads beside the standard library's."""
    code = f"from ragcli.cli.app import main\nmain({args!r})\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ran.stdout.splitlines()[-1].split()}
    standard = sys.stdlib_module_names | {"__main__", "_distutils_hack"}
    made_by_build_tools = ("_sysconfigdata", "__editable__", "_cython", "cython_", "swig_")
    return {n for n in loaded - standard if not n.startswith(made_by_build_tools)}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("case", CASES)
def test_a_command_loads_no_more_than_it_needs(case: str) -> None:
    args, allowed = CASES[case]
    assert third_party(args) <= allowed
