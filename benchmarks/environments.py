"""An environment for each alternative, so that every one has the versions it wants.

    python benchmarks/environments.py [--environments FOLDER]

They share one that holds torch, sentence-transformers and FAISS: half a minute and 1.5 GB once
in place of seven times. The versions stand in alternatives/constraints.txt. Nothing is installed
that would bring CUDA's libraries or another torch: that is gigabytes, and another comparison.
What is ready is left as it is; what cannot be installed is told with its reason.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEFAULT_FOLDER = HERE.parent / "build" / "peers"
CONSTRAINTS = HERE / "alternatives" / "constraints.txt"

# LangChain wants huggingface-hub 1, all others take 2: the one version that constraints.txt
# cannot hold.
BASE = ("torch", "sentence-transformers", "faiss-cpu", "huggingface-hub==2.4.0")
# The first that knows what `--python` and `--report` are used for here.
PIP = "pip>=25.1"


@dataclass(frozen=True, slots=True)
class Peer:
    """``script`` lies in alternatives/; the first of ``requirements`` gives the version shown."""

    title: str
    script: str
    requirements: tuple[str, ...]


PEERS = {
    "script": Peer("script (sentence-transformers + FAISS)", "plain_script.py", ()),
    "langchain": Peer(
        "LangChain",
        "langchain_script.py",
        (
            "langchain-core",
            "langchain-classic",
            "langchain-community",
            "langchain-huggingface",
            "langchain-text-splitters",
            "huggingface-hub==1.33.0",
            # Its record manager imports SQLAlchemy's asyncio part and does not ask for it.
            "sqlalchemy[asyncio]",
        ),
    ),
    "llamaindex": Peer(
        "LlamaIndex",
        "llamaindex_script.py",
        ("llama-index-core", "llama-index-embeddings-huggingface"),
    ),
    "txtai": Peer("txtai", "txtai_script.py", ("txtai",)),
    "chromadb": Peer("Chroma", "chromadb_script.py", ("chromadb",)),
    "llm": Peer(
        "llm + llm-sentence-transformers", "llm_script.py", ("llm", "llm-sentence-transformers")
    ),
}


class NotInstalled(Exception):
    """With the reason in words."""


@dataclass(frozen=True, slots=True)
class Environment:
    python: Path
    version: str


def prepare(folder: Path, names: Sequence[str]) -> dict[str, Environment | str]:
    """The environment of each, or why there is none."""
    try:
        base = _base(folder)
    except NotInstalled as error:
        return dict.fromkeys(names, str(error))
    made: dict[str, Environment | str] = {}
    for name in names:
        try:
            made[name] = _peer(folder, name, base)
        except NotInstalled as error:
            made[name] = str(error)
    return made


def _base(folder: Path) -> Path:
    python = folder / "base" / "bin" / "python"
    if _is_ready(folder / "base", BASE):
        return python
    print("making the environment that the alternatives share", file=sys.stderr)
    _run(sys.executable, "-m", "venv", "--clear", str(folder / "base"))
    _run(str(python), "-m", "pip", "install", "--quiet", "--upgrade", PIP)
    _install(python, python, BASE)
    _mark_ready(folder / "base", BASE)
    return python


def _peer(folder: Path, name: str, base: Path) -> Environment:
    requirements = PEERS[name].requirements
    if not requirements:
        return Environment(base, _version(base, "sentence-transformers"))
    place = folder / name
    python = place / "bin" / "python"
    if not _is_ready(place, requirements):
        print(f"making the environment of {PEERS[name].title}", file=sys.stderr)
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(place))
        shared = _site_packages(base)
        (_site_packages(python) / "base.pth").write_text(f"{shared}\n", encoding="utf-8")
        _install(base, python, requirements)
        _mark_ready(place, requirements)
    return Environment(python, _version(python, requirements[0]))


def _install(base: Path, python: Path, requirements: Sequence[str]) -> None:
    pip = [str(base), "-m", "pip", "--python", str(python), "install", "--quiet"]
    wanted = ["-c", str(CONSTRAINTS), *requirements]
    report = json.loads(_run(*pip, "--dry-run", "--report", "-", *wanted))
    coming = {entry["metadata"]["name"].lower() for entry in report["install"]}
    heavy = sorted(name for name in coming if name.startswith("nvidia-") or name == "triton")
    if heavy:
        raise NotInstalled(
            f"would bring {', '.join(heavy)}: name an index that has torch's CPU build first"
            " (PIP_EXTRA_INDEX_URL)"
        )
    if "torch" in coming and python != base:
        raise NotInstalled("wants another torch than the one that all share")
    _run(*pip, *wanted)


def _run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalled(" ".join(lines)[:500] or done.stderr[-500:])
    return done.stdout


def _ready_note(requirements: Sequence[str]) -> str:
    return "\n".join([*requirements, CONSTRAINTS.read_text(encoding="utf-8")])


def _is_ready(place: Path, requirements: Sequence[str]) -> bool:
    note = place / "ready"
    return note.is_file() and note.read_text(encoding="utf-8") == _ready_note(requirements)


def _mark_ready(place: Path, requirements: Sequence[str]) -> None:
    (place / "ready").write_text(_ready_note(requirements), encoding="utf-8")


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(_run(str(python), "-c", code).strip())


def _version(python: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return _run(str(python), "-c", code).strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", type=Path, default=DEFAULT_FOLDER)
    given = parser.parse_args()
    for name, made in prepare(given.environments.resolve(), list(PEERS)).items():
        told = made if isinstance(made, str) else f"{made.version}  {made.python}"
        print(f"{PEERS[name].title:<42}{told}")


if __name__ == "__main__":
    main()
