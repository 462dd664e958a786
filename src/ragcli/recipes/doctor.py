"""The doctor recipe: check everything, say the cure of each failure, mend what can be mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ragcli.config import Settings
from ragcli.domain import Embedder
from ragcli.errors import ProjectCorrupt, RagError
from ragcli.recipes import checkup, surroundings
from ragcli.recipes.checkup import Check, guarded
from ragcli.recipes.repair import (
    close_to_others,
    delete_exports,
    repair,
    rescue,
    save_rows,
    write_notices,
)
from ragcli.store import Store
from ragcli.store.database import EngineError
from ragcli.store.folder import ProjectFolder


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """``deep`` loads the model and compares an embedding, and compares the keyword index of a
    large project with its text; ``repair`` mends what it can."""

    deep: bool = False
    repair: bool = False
    wait_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``checks`` as things are now; ``repaired`` says what was done before, a sentence each."""

    checks: tuple[Check, ...]
    repaired: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Nothing is left to mend."""
        return all(check.state != "fail" for check in self.checks)


def doctor(
    folder: ProjectFolder,
    settings: Settings,
    open_store: Callable[[], Store],
    reopen_store: Callable[[], Store],
    embedder: Callable[[], Embedder],
    options: DoctorOptions,
) -> Diagnosis:
    """Also of a project whose store cannot be opened. ``reopen_store`` is called when ``repair``
    has put a new one in its place. Raises ProjectLocked (``repair`` only)."""
    store, cannot, broken = _open(open_store)
    repaired: list[str] = []
    if options.repair:
        repaired += close_to_others(folder)
        repaired += write_notices(folder)
        saved: list[str] = []
        if store is None and broken and folder.database.is_file():
            saved = rescue(folder, options.wait_s)
            store, cannot, _ = _open(reopen_store)
        elif store is not None:
            store, saved = save_rows(store, options.wait_s, reopen_store)
        repaired += saved
        if store is not None:
            repaired += repair(store, options.wait_s, deep=options.deep, rows_lost=bool(saved))
        repaired += delete_exports(surroundings.damaged_exports(store, settings))
    checks = _checks(folder, settings, store, cannot, embedder, options.deep)
    return Diagnosis(tuple(checks), tuple(repaired))


def _open(open_store: Callable[[], Store]) -> tuple[Store | None, Check, bool]:
    """(the store, what the check of its format says, whether it is damaged)."""
    try:
        store = open_store()
    except RagError as error:
        damaged = isinstance(error, ProjectCorrupt)
        return None, Check("format", "fail", error.message, error.hint), damaged
    except (EngineError, OSError) as error:
        told = f"cannot open store.sqlite: {error}"
        return None, Check("format", "fail", told, "df; dmesg: is the disk full or failing?"), False
    return store, Check("format", "ok", f"format {store.format_version}"), False


def _checks(
    folder: ProjectFolder,
    settings: Settings,
    store: Store | None,
    opening: Check,
    embedder: Callable[[], Embedder],
    deep: bool,
) -> Iterator[Check]:
    yield guarded("permissions", lambda: checkup.permissions(folder))
    yield guarded("notices", lambda: checkup.notices(folder))
    yield opening
    if store is not None:
        yield from checkup.inside(store, deep)
        yield guarded("model", lambda: surroundings.model(store, settings, embedder, deep))
    yield guarded("engine", lambda: surroundings.engine(store, settings))
    yield guarded("reranker", lambda: surroundings.reranker(settings, deep))
    yield guarded("entailment", lambda: surroundings.entailment_model(settings, deep))
    yield guarded("generator", lambda: surroundings.generator(settings))
    yield guarded("disk", lambda: surroundings.disk(folder))
    yield guarded("lock", lambda: surroundings.writer(folder))
    yield guarded("libraries", surroundings.libraries)
