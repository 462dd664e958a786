"""The structure of the code, held by a test: it is the compiler that Python lacks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ragcli
from ragcli import domain

ROOT = Path(ragcli.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

STAGES = {
    "fetching",
    "reading",
    "chunking",
    "embedding",
    "reranking",
    "store",
    "retrieval",
    "generation",
    "evaluation",
}
# What runs models of this machine, for the stages that have some.
MODELS = "models"
FOUNDATION = {
    "domain",
    "errors",
    "config",
    "background",
    "disk",
    "private",
    "http",
    "text",
    "schemas",
}

HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "onnxruntime",
    "faiss",
    "numpy",
    "pypdf",
    "pypdfium2",
    "ollama",
    "rich",
    "httpx",
    "httpcore",
    "tokenizers",
    "lxml",
    "selectolax",
    "PIL",
}
# The one place of each library that is about something; numpy is everybody's array.
HOMES = {
    "torch": {
        "models/onnx_export.py",
        "embedding/torch_engine.py",
        "reranking/torch_engine.py",
    },
    "sentence_transformers": {"embedding/torch_engine.py", "reranking/torch_engine.py"},
    "onnxruntime": {"models"},
    "tokenizers": {"models/tokenizer.py"},
    "faiss": {"store/index_kinds.py"},
    "typer": {"cli"},
    "rich": {"cli"},
    "pypdf": {"reading"},
    "PIL": {"reading/picture.py"},
    "pypdfium2": {"reading"},
    "ollama": {"recipes/surroundings.py"},
    "httpcore": {"fetching"},
    "sqlite3": {"store", "cli/failures.py"},
}

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80


def layer(path: Path) -> str:
    """``cli``, ``recipe`` (they and what builds their parts), a stage's name, ``models`` (under the
    stages), or ``foundation``."""
    top = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if top in FOUNDATION:
        return "foundation"
    return top if top in STAGES | {"cli", MODELS} else "recipe"


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imports(path: Path) -> list[str]:
    """Every module a file imports, inside functions too."""
    found: list[str] = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [name for name in names if is_module(name)]
            # `from package import module` imports the module; the package is only its address.
            found += modules if len(modules) == len(names) else [node.module or "", *modules]
    return found


def is_module(name: str) -> bool:
    """Whether a dotted name is a module or package of ragcli."""
    place = ROOT.joinpath(*name.split(".")[1:])
    return name.startswith("ragcli.") and (place.is_dir() or place.with_suffix(".py").is_file())


def own_imports(path: Path) -> Iterator[Path]:
    """The files of ragcli that a file imports."""
    for name in imports(path):
        if name.split(".")[0] == "ragcli":
            base = ROOT.joinpath(*name.split(".")[1:])
            for candidate in (base.with_suffix(".py"), base / "__init__.py"):
                if candidate.is_file() and candidate not in (path, ROOT / "__init__.py"):
                    yield candidate


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    mine = layer(path)
    for other in own_imports(path):
        theirs = layer(other)
        shown = f"{path.relative_to(ROOT)} imports {other.relative_to(ROOT)}"
        if mine == "foundation":
            assert theirs == "foundation", shown
        elif mine == MODELS:
            assert theirs in {mine, "foundation"}, shown
        elif mine in STAGES:
            below = {mine, MODELS, "foundation"}
            assert theirs in below, f"{shown}: stages meet only inside a recipe"
        elif mine == "recipe":
            assert theirs != "cli", f"{shown}: the core never imports the command line"
            if "recipes" in path.relative_to(ROOT).parts:
                assert other != ROOT / "rag.py", f"{shown}: recipes are given their parts"


def test_no_cycle_even_inside_functions() -> None:
    graph = {path: set(own_imports(path)) for path in FILES}
    done: set[Path] = set()

    def visit(path: Path, trail: list[Path]) -> None:
        assert path not in trail, " -> ".join(str(p.relative_to(ROOT)) for p in [*trail, path])
        if path not in done:
            for other in graph[path]:
                visit(other, [*trail, path])
            done.add(path)

    for path in FILES:
        visit(path, [])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_are_small(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE_LINES
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{path.name}:{node.lineno} {node.name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_library_has_its_place(path: Path) -> None:
    inside = path.relative_to(ROOT)
    for name in {n.split(".")[0] for n in imports(path)} & HOMES.keys():
        homes = {str(inside), inside.parts[0]}
        assert homes & HOMES[name], f"{inside} imports {name}"


def modules_loaded_by(code: str) -> set[str]:
    report = f"{code}\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in ran.stdout.splitlines()[-1].split()}


def test_help_loads_no_heavy_library() -> None:
    loaded = modules_loaded_by(
        "from ragcli.cli.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code"
    )
    assert not loaded & HEAVY


def test_a_noun_loads_no_other_file_of_nouns() -> None:
    report = (
        "from ragcli.domain import Filter; import sys;"
        "print(*(m for m in sys.modules if m.startswith('ragcli.domain.')))"
    )
    ran = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["ragcli.domain.found"]


def test_every_noun_is_to_be_had() -> None:
    for name in set(domain.__all__) - {"Matrix", "Vector"}:  # these are for type checkers only
        assert getattr(domain, name) is not None


def test_the_library_itself_loads_nothing() -> None:
    assert not modules_loaded_by("import ragcli") & (HEAVY | {"typer", "sqlite3"})


def test_no_two_test_modules_have_one_name() -> None:
    """pytest imports them by their names alone."""
    names = [path.name for path in Path(__file__).parents[1].rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
