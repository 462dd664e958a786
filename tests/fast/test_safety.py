"""No data becomes code: what the source may not even name."""

from __future__ import annotations

import ast
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import ragcli

ROOT = Path(ragcli.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# They make objects, or run code, from data.
MODULES = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code"}
MODULES |= {"codeop", "runpy", "pdb", "imp"}
BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
# By their last names: no library that is used here has an innocent one of that name.
ATTRIBUTES = {"system", "popen", "getoutput", "getstatusoutput", "unsafe_load", "full_load"}
ATTRIBUTES |= {"load_extension", "enable_load_extension", "create_module", "extractall"}
# Loaders that take a safe way only when they are told to: what they must be told.
TOLD = {"torch.load": ("weights_only", True), "yaml.load": ("Loader", "a safe loader")}
# What may never be said to anything.
FORBIDDEN = {
    "shell": True,
    "allow_pickle": True,
    "trust_remote_code": True,
    "weights_only": False,
    "verify": False,
}
# yaml's loaders that make nothing but plain values: of strings alone, or of YAML's own kinds.
SAFE_LOADERS = {"yaml.BaseLoader", "yaml.SafeLoader", "yaml.CSafeLoader", "SafeLoader"}


def offences(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.split(".")[0] in MODULES:
                        yield f"import {name.name}"
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in MODULES:
                yield f"from {module} import"
            case ast.Call():
                yield from _of_call(node)


def _of_call(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    if name in BUILTINS or ("." in name and last in ATTRIBUTES):
        yield f"{name}()"
    told = {k.arg: k.value for k in call.keywords}
    if name in TOLD and TOLD[name][0] not in told:
        yield f"{name}() without {TOLD[name][0]}"
    if name == "yaml.load" and ast.unparse(told.get("Loader", call)) not in SAFE_LOADERS:
        yield "yaml.load() without a safe loader"
    for keyword, bad in FORBIDDEN.items():
        value = told.get(keyword)
        if isinstance(value, ast.Constant) and value.value is bad:
            yield f"{name}({keyword}={bad})"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_data_becomes_code(path: Path) -> None:
    assert list(offences(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "bad",
    [
        "import pickle",
        "from pickle import loads",
        "import xml, marshal",
        "eval('1')",
        "exec(data)",
        "compile(x, y, z)",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "np.load(file, allow_pickle=True)",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "connection.enable_load_extension(True)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "httpx.get(url, verify=False)",
    ],
)
def test_it_would_be_seen(bad: str) -> None:
    assert list(offences(bad))


@pytest.mark.parametrize(
    "good", ["re.compile(x)", "torch.load(f, weights_only=True)", "yaml.load(t, Loader=SafeLoader)"]
)
def test_what_is_safe_may_be(good: str) -> None:
    assert not list(offences(good))


def test_libraries_that_report_are_told_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any of them is loaded: by whoever imports ragcli."""
    told = ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY")
    for name in told:
        monkeypatch.setenv(name, "0")
    importlib.reload(ragcli)
    assert [os.environ[name] for name in told] == ["1", "1"]
