"""The docs against the program: nothing is left out, nothing is made up."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ragcli import errors
from ragcli.cli.table import EXIT_CODES
from ragcli.config import Settings

ROOT = Path(__file__).resolve().parents[2]
CLI_PAGE = ROOT / "docs" / "cli.md"
PAGES = sorted(
    path
    for place in ("*.md", "docs/*.md", "benchmarks/*.md", "sample_docs/**/*.md")
    for path in ROOT.glob(place)
)

_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_BLOCK = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
# `rag` as a word of its own, and the rest up to where another command or a comment begins.
_TYPED = re.compile(r"(?<![\w.:'-])rag ([a-z][\w-]*)([^|;<>#`…]*)")
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z0-9][\w-]*")


def _generator() -> ModuleType:
    place = ROOT / "docs" / "make_cli_reference.py"
    spec = importlib.util.spec_from_file_location("make_cli_reference", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _generator()
COMMANDS = dict(REFERENCE.commands())


def options_of(command: Any) -> set[str]:
    """What may stand after a command: its options in every spelling."""
    spelled = [o for p in command.params for o in (*p.opts, *p.secondary_opts)]
    return {o for o in spelled if o.startswith("-")} | {"--help"}


def code_in(page: Path) -> Iterator[str]:
    """Code spans and the lines of code blocks."""
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.findall(text):
        yield from block.splitlines()
    yield from _SPAN.findall(_BLOCK.sub("", text))


def typed_in(page: Path) -> Iterator[tuple[str, str]]:
    """(command, what stands after it) wherever a page shows `rag` being typed."""
    for code in code_in(page):
        yield from _TYPED.findall(code)


def test_the_generated_part_is_up_to_date() -> None:
    page = CLI_PAGE.read_text(encoding="utf-8")
    assert REFERENCE.generated(page) == page, "run: python docs/make_cli_reference.py"


def test_there_are_pages() -> None:
    assert {"cli.md", "format.md", "architecture.md", "decisions.md"} <= {p.name for p in PAGES}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_documented(path: tuple[str, ...]) -> None:
    page = CLI_PAGE.read_text(encoding="utf-8")
    heading = f"### rag {' '.join(path)}\n"
    assert heading in page
    own = page.split(heading)[1].split("###")[0]
    for option in options_of(COMMANDS[path]):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", own), option


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_name_only_commands_and_options_that_exist(page: Path) -> None:
    for name, rest in typed_in(page):
        assert (name,) in COMMANDS, f"rag {name}{rest}"
        words = rest.split()
        below = (name, words[0]) if words else (name,)
        command = COMMANDS.get(below, COMMANDS[(name,)])
        for option in _OPTION.findall(_without_quotes(rest)):
            assert option in options_of(command), f"rag {name}{rest}: {option}"


def _without_quotes(rest: str) -> str:
    try:
        return " ".join(w for w in shlex.split(rest, posix=False) if w[0] not in "\"'")
    except ValueError:  # the quote goes on behind what was cut off
        return re.split("[\"']", rest)[0]


def test_every_setting_is_documented() -> None:
    page = CLI_PAGE.read_text(encoding="utf-8")
    for spec in fields(Settings):
        default = "" if spec.default is None else f"`{spec.default}`"
        assert f"| `{spec.name}` | {default} | `RAG_{spec.name.upper()}`" in page
        assert f"`{spec.metadata['env']}`" in page


def test_every_exit_code_is_documented() -> None:
    page = CLI_PAGE.read_text(encoding="utf-8")
    rows = {int(code) for code in re.findall(r"^\| (\d+) \| \S", page, re.MULTILINE)}
    assert rows == EXIT_CODES.keys()
    raised = {
        error.exit_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.RagError)
    }
    assert raised <= rows


def test_every_schema_is_documented_and_no_other() -> None:
    page = CLI_PAGE.read_text(encoding="utf-8")
    there = {f.name.removesuffix(".json") for f in files("ragcli.schemas").iterdir()}
    named = set(re.findall(r"`ragcli\.([a-z-]+)/\d+`", page))
    assert named == {name for name in there if not name.startswith("__")}


def test_the_architecture_page_names_every_module_and_folder() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in (ROOT / "src" / "ragcli").iterdir():
        if path.suffix == ".py" and path.name != "__init__.py":
            assert re.search(rf"\b{path.name}\b", page), path.name
        elif path.is_dir() and path.name != "__pycache__":
            assert f"{path.name}/" in page, path.name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("$ rag quary x | jq .", [("quary", " x ")]),
        ('while read q; do rag ask "$q" --json; done', [("ask", ' "$q" --json')]),
        ("*/30 * * * *  /usr/bin/rag ingest --quiet", [("ingest", " --quiet")]),
        ("rag: error: rag-tag `drag query`", []),
    ],
)
def test_typed_commands_are_seen(tmp_path: Path, line: str, found: list[tuple[str, str]]) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```\n{line}\n```\n", encoding="utf-8")
    assert list(typed_in(page)) == found


def test_the_format_page_names_every_table_and_no_test_that_is_not_there() -> None:
    from ragcli.store import schema

    page = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    for table in re.findall(r"CREATE TABLE (\w+)", schema.TABLES):
        assert f"| `{table}` |" in page
    assert f"format {schema.FORMAT_VERSION}" in page and f"0x{schema.APPLICATION_ID:X}" in page
    assert set(re.findall(r"`(test_\w+)`", page)) <= _tests()


def _tests() -> set[str]:
    """The names of all tests."""
    return {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_promise_is_held_by_tests_that_exist() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| P(\d+) \| .+ \| .+ \| (.+) \|$", page, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1)) and rows
    there = _tests()
    for number, held_by in rows:
        named = set(re.findall(r"`(test_\w+)`", held_by))
        assert named and named <= there, (number, named - there)


def test_the_reliability_page_names_every_check_and_invariant() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = page.split("## What rag doctor checks\n")[1]
    rows = re.findall(r"^\| ([a-z, ]+) \| .+ \| (.+) \| .+ \|$", section, re.MULTILINE)
    checks = [name for names, _ in rows[1:] for name in names.split(", ")]
    source = "".join(
        (ROOT / "src" / "ragcli" / "recipes" / name).read_text(encoding="utf-8")
        for name in ("doctor.py", "checkup.py")
    )
    yielded = re.findall(r'yield guarded\("([a-z ]+)"', source)
    assert sorted(checks) == sorted([*yielded, "format"])
    invariants = re.findall(
        r"^\| (F\d+) ", (ROOT / "docs/format.md").read_text("utf-8"), re.MULTILINE
    )
    assert {i for _, told in rows for i in re.findall(r"F\d+", told)} == set(invariants)


def _codes() -> set[str]:
    """Every code that a reader gives a problem, as it stands in the source."""
    found = set()
    for file in (ROOT / "src" / "ragcli").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in ("Problem", "Unreadable") and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_every_code_of_a_problem_has_its_state_and_its_line_in_the_formats_page() -> None:
    from ragcli.domain import states

    assert _codes() <= states.STATES.keys()
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = page.split("## States and cures\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([a-z ]+) \| \S.* \| \S.* \|$", section, re.MULTILINE)
    assert {code: state.replace(" ", "_") for code, state in rows} == states.STATES


def test_invariants_are_numbered_without_a_gap() -> None:
    page = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    numbers = [
        int(n) for n in re.findall(r"^\| F(\d+) (?:\*\*must\*\*|should) \|", page, re.MULTILINE)
    ]
    assert numbers == list(range(1, len(numbers) + 1)) and numbers
    quoted = {
        int(n)
        for file in (ROOT / "tests").rglob("*.py")
        for n in re.findall(r"\(F(\d+)\)", file.read_text(encoding="utf-8"))
    }
    assert quoted <= set(numbers)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        place, _, anchor = target.partition("#")
        linked = (page.parent / place).resolve() if place else page
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(h) for h in headings}, target


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
