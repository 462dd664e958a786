"""Files of the project by the names that people give them."""

from __future__ import annotations

import difflib
import os
import re
from contextlib import suppress
from pathlib import Path

from ragcli.errors import NotInProject, UsageError
from ragcli.fetching.address import is_address, normal
from ragcli.store import Store, ledger
from ragcli.store.folder import PART_MARK, part_key, parts_range
from ragcli.store.rows import WEB, FileRow

# As many as are read at a glance.
_NEAREST = 3

# `guide.md:12`, `guide.md:12-15`, `guide.pdf:3`, `guide.pdf#page=3`.
_PAGE = re.compile(r"#page=[0-9]+\Z")
_PLACE = re.compile(r"(?P<name>.+?)(?::|#page=)(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?", re.DOTALL)


def files_named(store: Store, name: str) -> list[FileRow]:
    """The file of this name, or all files in the folder of this name, in order of their source.

    A name is a path from the current folder or, when nothing is known there, a source as it is
    cited. The parts of a file lie in it as files lie in a folder. Files that were taken out are
    known by no name.
    """
    rows = [row for row in ledger.files(store.connection) if row.state != "removed"]
    for key in keys_of(store, name):
        found = [row for row in rows if is_at_or_below(row.path, key)]
        if found:
            return found
    return [row for row in rows if row.source == name]


def split_place(store: Store, name: str) -> tuple[str, int | None, int | None]:
    """(file, first, last) of ``FILE:12``, ``FILE:12-15`` or ``FILE#page=3``; no numbers where none
    stand, or where a file has that very name."""
    matched = _PLACE.fullmatch(name)
    if matched is None or files_named(store, name):
        return name, None, None
    first = int(matched["first"])
    return matched["name"], first, int(matched["last"] or first)


def keys_of(store: Store, name: str) -> list[bytes]:
    """The stored paths that a name may mean: from the current folder, and as a source; those of a
    file of that very name before those of a part."""
    file, mark, part = name.partition(PART_MARK)
    if not mark or not file:
        return _keys_of_file(store, name)
    keys = [part_key(key, part) for key in _keys_of_file(store, file)]
    return keys if is_address(name) else _keys_of_file(store, name) + keys


def _keys_of_file(store: Store, name: str) -> list[bytes]:
    # An address loses its fragment, but for the page that a passage is cited by.
    if is_address(name) and not _PAGE.search(name):
        with suppress(UsageError):
            name = normal(name)
        return [name.encode()]
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # `~name` of nobody here
        path = Path(name)
    if not is_path(name):
        return []
    return [store.folder.key_of(path), store.folder.key_of(store.folder.root / path)]


def is_path(name: str) -> bool:
    """Some path can be called so: half a surrogate pair stands for no byte."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def is_at_or_below(path: bytes, folder: bytes) -> bool:
    """A stored path is this one or lies in it; ``.`` is the project's folder. What was fetched
    lies in no folder."""
    if path.startswith(WEB):
        return path == folder or path.startswith(parts_range(folder)[0])
    if folder == b".":
        return not path.startswith(b"/")
    inside = (folder.rstrip(b"/") + b"/", parts_range(folder)[0])
    return path == folder or path.startswith(inside)


def itself(store: Store, name: str, found: list[FileRow]) -> list[FileRow]:
    """Of the files of a name the one that it names, without the parts in it; else all of them."""
    keys = keys_of(store, name)
    return [row for row in found if row.path in keys or row.source == name][:1] or found


def document_named(store: Store, name: str) -> FileRow:
    """The one file of this name that holds a document. Raises NotInProject, which says why."""
    found = itself(store, name, files_named(store, name))
    with_text = [row for row in found if row.document_id is not None]
    if len(found) == 1 and with_text:
        return with_text[0]
    if len(found) == 1:
        cure = "see all: rag status --problems"
        if found[0].state in ("stored", "partly"):
            cure = f"see which: rag ls '{name}'"
        raise NotInProject(_why_without_text(store, found[0]), cure)
    if found:
        raise NotInProject(
            f"{name} is a folder of {len(found):,} files", f"see which: rag ls '{name}'"
        )
    raise unknown(store, name)


def unknown(store: Store, name: str) -> NotInProject:
    """The error for a name that nothing has, with the nearest names that something has."""
    sources = [row.source for row in ledger.files(store.connection) if row.state != "removed"]
    nearest = difflib.get_close_matches(name, sources, _NEAREST)
    last_parts = {Path(source).name: source for source in sources}
    nearest += [
        last_parts[n] for n in difflib.get_close_matches(Path(name).name, last_parts, _NEAREST)
    ]
    names = list(dict.fromkeys(nearest))[:_NEAREST]
    hint = f"is it one of these? {', '.join(names)}" if names else "see what is in it: rag ls"
    return NotInProject(f"{name} is not in this project", hint)


def _why_without_text(store: Store, row: FileRow) -> str:
    if row.state in ("stored", "partly"):
        count = len(ledger.parts_of(store.connection, row.path))
        return f"{row.source} has no text of its own; it holds {count:,} files"
    if row.state == "empty":
        return f"{row.source} is empty"
    own = [p.message for source, p in ledger.problems(store.connection) if source == row.source]
    return f"{row.source} could not be read" + (f": {own[0]}" if own else "")
