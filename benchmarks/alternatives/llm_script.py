"""`llm` with its sentence-transformers plugin, by its own commands: embed-multi and similar.

`again` is `embed-multi` once more: it skips every piece whose hash it has; pieces that are gone
stay. `warm` uses its Python API, since the command answers one question a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import script
from script import Hit, Search

COLLECTION = "docs"
LLM = str(Path(sys.executable).with_name("llm"))


def _at_home(index: Path) -> Path:
    """Its settings and the list of models lie beside the index, not in the user's home."""
    os.environ["LLM_USER_PATH"] = str(index / "user")
    return index / "embeddings.db"


def _embed(folder: Path, index: Path, model: str) -> int:
    database = _at_home(index)
    lines = [json.dumps({"id": p.id, "content": p.text}) for p in script.pieces(folder)]
    argv = [LLM, "embed-multi", COLLECTION, "-", "--format", "nl", "--store"]
    argv += ["-m", f"sentence-transformers/{model}", "-d", str(database)]
    subprocess.run(argv, input="\n".join(lines).encode(), check=True, stdout=subprocess.DEVNULL)
    return len(lines)


def build(folder: Path, index: Path, model: str) -> int:
    database = _at_home(index)
    database.unlink(missing_ok=True)
    models = index / "user" / "sentence-transformers.json"
    models.parent.mkdir(parents=True, exist_ok=True)
    # What `llm sentence-transformers register --lazy` writes.
    models.write_text(json.dumps([{"name": model}]), encoding="utf-8")
    return _embed(folder, index, model)


def load(index: Path, model: str) -> Search:
    database = _at_home(index)
    import llm
    import sqlite_utils

    collection = llm.Collection(COLLECTION, sqlite_utils.Database(database), create=False)

    def search(question: str, k: int) -> list[Hit]:
        found = collection.similar(question, number=k)
        return [Hit(e.score or 0.0, e.id.partition("#")[0], e.content or "") for e in found]

    return search


def query(index: Path, question: str, k: int) -> None:
    """The command itself, in place of this process."""
    database = _at_home(index)
    argv = [LLM, "similar", COLLECTION, "-c", question, "-n", str(k), "-d", str(database)]
    os.execv(LLM, argv)


if __name__ == "__main__":
    script.main(build, _embed, load, query)
