"""txtai as its documentation teaches it: an embeddings database with content, saved and loaded.

`again` is `upsert` with stable ids, and `delete` for pieces that are gone. Upsert embeds all that
it is given: txtai has no documented way to skip what has not changed.
"""

from __future__ import annotations

from pathlib import Path

import script
from script import Hit, Search
from txtai import Embeddings


def _rows(folder: Path) -> list[tuple[str, dict[str, str], None]]:
    return [(p.id, {"text": p.text, "source": p.source}, None) for p in script.pieces(folder)]


def build(folder: Path, index: Path, model: str) -> int:
    embeddings = Embeddings(path=model, content=True, gpu=False)
    embeddings.index(_rows(folder))
    embeddings.save(str(index))
    return int(embeddings.count())


def again(folder: Path, index: Path, model: str) -> int:
    embeddings = Embeddings()
    embeddings.load(str(index))
    rows = _rows(folder)
    embeddings.upsert(rows)
    known = embeddings.search("select id from txtai", limit=embeddings.count())
    embeddings.delete(list({row["id"] for row in known} - {row[0] for row in rows}))
    embeddings.save(str(index))
    return int(embeddings.count())


def load(index: Path, model: str) -> Search:
    embeddings = Embeddings()
    embeddings.load(str(index))

    def search(question: str, k: int) -> list[Hit]:
        found = embeddings.search(
            "select score, source, text from txtai where similar(:question)",
            limit=k,
            parameters={"question": question},
        )
        return [Hit(row["score"], row["source"], row["text"]) for row in found]

    return search


if __name__ == "__main__":
    script.main(build, again, load)
