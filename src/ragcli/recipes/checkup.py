"""What ``doctor`` looks at inside a project, check by check; nothing is changed."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ragcli.errors import RagError
from ragcli.recipes.shown import files_held, is_stale
from ragcli.store import Store, keyword, ledger, overview, purge, salvage, sets, verify
from ragcli.store.database import EngineError
from ragcli.store.folder import NOTICES, ProjectFolder, is_there

State = Literal["ok", "warn", "fail"]

REPAIR = "rag doctor --repair"
# Chunks: a second for 5,000 of them.
WORDS_COMPARED_UP_TO = 10_000
ANEW = "restore .rag from a copy, or delete it and ingest anew"


@dataclass(frozen=True, slots=True)
class Check:
    """``warn`` is worth knowing, ``fail`` must be mended; ``cure`` says how."""

    name: str
    state: State
    detail: str
    cure: str = ""


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """The check's result, or its failure as a result: a damaged project breaks anything."""
    try:
        return check()
    except RagError as error:
        return Check(name, "fail", error.message, error.hint)
    except (EngineError, OSError, ValueError, TypeError) as error:
        return Check(name, "fail", f"could not be checked: {error}", ANEW)


def permissions(folder: ProjectFolder) -> Check:
    """The folder holds people's documents: nobody else may enter or read. A file in it that is
    open is behind a closed door: an editor leaves one so."""
    names = ", ".join(p.name for p in private_paths(folder) if is_open(p))
    if not names:
        return Check("permissions", "ok", "only you can read this project")
    if is_open(folder.rag):
        return Check("permissions", "fail", f"others may read {names}", REPAIR)
    detail = f"only you can enter .rag; in it others could read {names}"
    return Check("permissions", "warn", detail, REPAIR)


def private_paths(folder: ProjectFolder) -> list[Path]:
    """The folder itself, and all that is in it."""
    return [folder.rag, *sorted(p for p in folder.rag.rglob("*") if not p.is_symlink())]


def is_open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def missing_notices(folder: ProjectFolder) -> list[str]:
    """README and .gitignore, where they are not as they were made."""
    return [
        name
        for name, text in NOTICES.items()
        if not (folder.rag / name).is_file() or (folder.rag / name).read_bytes() != text.encode()
    ]


def notices(folder: ProjectFolder) -> Check:
    """Without .gitignore people's documents are committed by accident."""
    missing = missing_notices(folder)
    if missing:
        return Check("notices", "warn", f"missing or changed: {', '.join(missing)}", REPAIR)
    return Check("notices", "ok", "README and .gitignore are there")


def inside(store: Store, deep: bool) -> Iterator[Check]:
    """Every check of an open store, the deepest layer first."""
    yield guarded("store", lambda: _pages(store))
    yield guarded("ledger", lambda: _ledger(store))
    yield guarded("sets", lambda: _sets(store))
    yield guarded("counts", lambda: _counts(store))
    yield guarded("documents", lambda: _documents(store))
    yield guarded("embeddings", lambda: _embeddings(store))
    yield guarded("keyword index", lambda: _keyword_index(store, deep))
    yield guarded("vector index", lambda: _vector_index(store))
    yield guarded("leftovers", lambda: _leftovers(store))
    yield guarded("folders", lambda: _folders(store))
    yield guarded("files", lambda: _files(store))
    yield guarded("problems", lambda: _problems(store))


def _pages(store: Store) -> Check:
    trouble = verify.database_pages(store.connection)
    if trouble:
        return Check("store", "fail", f"store.sqlite is damaged: {trouble[0]}", REPAIR)
    return Check("store", "ok", "store.sqlite is whole")


def is_whole(store: Store) -> bool:
    """SQLite finds nothing wrong with its file."""
    try:
        return not verify.database_pages(store.connection)
    except EngineError:
        return False


def _ledger(store: Store) -> Check:
    damaged = [row.source for row in verify.damaged_files(store.connection)]
    if damaged:
        detail = f"damaged lines: {_some(damaged)}"
        return Check("ledger", "fail", detail, f"{REPAIR}, then rag ingest")
    unheld = len(verify.unheld_documents(store.connection))
    if unheld:
        return Check("ledger", "fail", f"{unheld:,} documents are held by no file", REPAIR)
    return Check("ledger", "ok", "names, contents and documents agree")


def _sets(store: Store) -> Check:
    trouble = verify.set_trouble(store.connection)
    if trouble:
        return Check("sets", "fail", trouble[0], ANEW)
    return Check("sets", "ok", "model and chunk settings are what they were")


def _counts(store: Store) -> Check:
    wrong = verify.miscounted(store.connection)
    if wrong:
        return Check("counts", "fail", f"wrong: {', '.join(wrong)}", REPAIR)
    return Check("counts", "ok", "what is counted is what is there")


def _documents(store: Store) -> Check:
    damaged = verify.damaged_documents(store.connection)
    counts = store.counts()
    if damaged:
        names = [store.cited_as(i) for i in damaged]
        detail = f"the stored text of {_some(names)} is damaged"
        return Check("documents", "fail", detail, f"{REPAIR}, then rag ingest")
    detail = f"{counts['documents']:,} documents, {counts['chunks']:,} chunks: checksums match"
    return Check("documents", "ok", detail)


def _embeddings(store: Store) -> Check:
    damaged = verify.damaged_embeddings(store.connection)
    if damaged:
        detail = f"{len(damaged):,} embeddings are damaged"
        return Check("embeddings", "fail", detail, f"{REPAIR}, then rag ingest")
    counts = store.counts()
    missing = counts["chunks"] - counts["embedded"]
    if missing:
        detail = f"{missing:,} of {counts['chunks']:,} chunks have none yet"
        return Check("embeddings", "warn", detail, "rag ingest")
    return Check("embeddings", "ok", f"{counts['embedded']:,} chunks have theirs: checksums match")


def compares_words(store: Store, deep: bool) -> bool:
    """Whether every entry of the keyword index is compared with the text."""
    return deep or store.counts()["chunks"] <= WORDS_COMPARED_UP_TO


def _keyword_index(store: Store, deep: bool) -> Check:
    words = compares_words(store, deep)
    trouble = verify.keyword_trouble(store.connection, store.folder.rag, words=words)
    if trouble:
        return Check("keyword index", "fail", "; ".join(trouble), REPAIR)
    if not keyword.is_current(store.connection):
        detail = "made by another version of the rules for terms"
        return Check("keyword index", "warn", detail, "rag ingest makes it anew")
    said = "says what the text says" if words else "its words are compared with --deep"
    return Check("keyword index", "ok", f"whole, one entry for each chunk; {said}")


def _vector_index(store: Store) -> Check:
    chosen = sets.active(store.connection)
    if chosen is None:
        return Check("vector index", "ok", "none yet")
    file, trouble = verify.index_trouble(store.connection, store.folder.rag, chosen)
    if file is None and store.counts()["embedded"]:
        return Check("vector index", "warn", "no index file: each query builds its own", REPAIR)
    if file is None:
        return Check("vector index", "ok", "none yet")
    if trouble:
        return Check("vector index", "fail", f"{file.name}: {trouble}", REPAIR)
    return Check("vector index", "ok", f"{file.name}: {file.count:,} chunks, as stored")


def _leftovers(store: Store) -> Check:
    begun = overview.unfinished_sets(store.connection)
    if begun:
        detail = f"a switch to `{begun[-1]}` was begun and not finished"
        chosen = sets.active(store.connection)
        drop = f", or drop it: rag reembed --model {chosen.identity.name}" if chosen else ""
        return Check("leftovers", "warn", detail, f"finish it with the same command{drop}")
    if (store.folder.rag / salvage.ASIDE).exists():
        if not store.counts()["documents"]:
            detail = f"nothing of what {salvage.ASIDE} held is here yet"
            return Check("leftovers", "fail", detail, f"rag ingest{_folder_to_name(store)}")
        cure = f"delete it once nothing is missing: rm {store.folder.rag / salvage.ASIDE}"
        return Check("leftovers", "warn", f"{salvage.ASIDE}: it holds texts", cure)
    if purge.is_unfinished(store):
        detail = "a purge was begun and not finished: words of what was taken out are left"
        return Check("leftovers", "warn", detail, "rag rm --purge")
    files = verify.leftovers(store.connection, store.folder.rag)
    if files:
        return Check("leftovers", "warn", f"no longer used: {_some(files)}", REPAIR)
    return Check("leftovers", "ok", "none")


def _folder_to_name(store: Store) -> str:
    """What `rag ingest` has to be told where no folder is remembered."""
    return "" if ledger.roots(store.connection) else " FOLDER"


def _folders(store: Store) -> Check:
    roots = ledger.roots(store.connection)
    gone = [r.source for r in roots if not is_there(store.folder.path_of(r.path))]
    if gone:
        cure = f"bring it back, or forget it: rag rm '{gone[0]}'"
        return Check("folders", "warn", f"not there now: {_some(gone)}", cure)
    return Check("folders", "ok", f"{len(roots):,} remembered, all there")


def _files(store: Store) -> Check:
    rows = files_held(ledger.files(store.connection))
    rows_stale = [r for r in rows if is_stale(store, r)]
    if rows_stale:
        detail = f"changed or gone since they were read: {_some([r.source for r in rows_stale])}"
        # Pages are fetched again only when they are named.
        named = f" '{rows_stale[0].source}'" if all(r.is_fetched for r in rows_stale) else ""
        return Check("files", "warn", detail, f"rag ingest{named}")
    return Check("files", "ok", f"{len(rows):,} files are as they were read")


def _problems(store: Store) -> Check:
    count = len({source for source, _ in ledger.problems(store.connection)})
    if count:
        detail = f"{count:,} files could not be read, or not in full"
        return Check("problems", "warn", detail, "see why: rag status --problems")
    return Check("problems", "ok", "every file could be read")


def _some(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
