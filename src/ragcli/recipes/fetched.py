"""The part of ingest that fetches what was named by its address.

Downloads come first, before the project is locked: a slow server holds up no other command. Only
an address that is typed is fetched, each time it is typed, and nothing that a document refers to.
What was stored before stays when it cannot be fetched; one that was never stored leaves no trace.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.domain import Event, Listener, Problem
from ragcli.errors import Unreadable
from ragcli.fetching.address import normal
from ragcli.reading import READER_VERSION
from ragcli.reading.results import ReadResult
from ragcli.recipes.backlog import Backlog
from ragcli.recipes.intake import Entry, Intake, Reader
from ragcli.store import Store, ledger
from ragcli.store.rows import FileRow

if TYPE_CHECKING:
    from ragcli.fetching.fetch import Answer, Fetcher, Version


@dataclass(frozen=True, slots=True)
class Page:
    """What came of one address: a body in ``path`` with the charset its server declares, the
    ``problem`` that kept it from coming, or neither where it has not changed."""

    url: str
    path: Path | None = None
    charset: str = ""
    version: Version | None = None
    problem: Problem | None = None


@contextmanager
def fetched(
    store: Store,
    urls: Sequence[str],
    fetcher: Callable[[], Fetcher],
    listener: Listener,
    retry: bool,
    deadline: float,
) -> Iterator[Sequence[Page]]:
    """What these addresses give by the deadline, in files that are deleted at the end.

    ``retry`` fetches again what could not be read in full. Raises UsageError for an address that
    is never fetched, before any is.
    """
    if not urls:
        yield ()
        return
    named, fetch = list(dict.fromkeys(map(normal, urls))), fetcher()
    with tempfile.TemporaryDirectory(prefix="ragcli-") as folder:
        pages = []
        for place, url in enumerate(named):
            listener(Event("fetching", place, len(named), url))
            room = Path(folder) / str(place)
            room.mkdir()
            with store.snapshot():
                known = _known(store, url, retry)
            pages.append(_page(url, room, fetch, known, deadline))
        yield pages


def _known(store: Store, url: str, retry: bool) -> Version | None:
    """The version that is stored, where a page that has not changed need not be read again."""
    from ragcli.fetching.fetch import Version

    row = ledger.file_at(store.connection, url.encode())
    said = ledger.fetched(store.connection, url)
    whole = row is not None and row.state != "failed" and not (retry and row.state == "partly")
    if not said or row is None or not whole or row.reader_version != READER_VERSION:
        return None
    return Version(**said)


def _page(url: str, room: Path, fetcher: Fetcher, known: Version | None, deadline: float) -> Page:
    left_s = deadline - time.monotonic()
    try:
        if left_s <= 0:
            raise Unreadable(
                "timeout", "the time limit came before it was fetched", "fetch it again"
            )
        body = room / "body"
        with body.open("xb") as file:
            answer = fetcher.fetch(url, file, known, left_s)
    except Unreadable as error:
        return Page(url, problem=Problem(error.code, error.message, error.hint))
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        return Page(url, problem=Problem("failed", f"it could not be saved: {said}"))
    if answer.unchanged:
        return Page(url)
    return _saved(url, body, answer)


def _saved(url: str, body: Path, answer: Answer) -> Page:
    """Under a name that tells the readers what it is, with the time that the server gives it."""
    from ragcli.fetching.media import charset_of, name_of, suffix_of

    final = answer.version.url
    suffix = suffix_of(answer.content_type, answer.disposition, final)
    path = body.rename(body.with_name(name_of(final) + suffix))
    with suppress(ValueError, OverflowError, OSError):  # a date that is none
        modified = parsedate_to_datetime(answer.version.last_modified).timestamp()
        if 0 < modified <= time.time():
            os.utime(path, (modified, modified))
    return Page(url, path, charset_of(answer.content_type), answer.version)


def take_in(
    store: Store, pages: Sequence[Page], intake: Intake, reader: Reader, backlog: Backlog
) -> None:
    """Read and store them, each in a commit of its own."""
    for page in pages:
        with store.transaction():
            before = ledger.file_at(store.connection, page.url.encode())
            if page.path is not None:
                for result in reader.read_with_parts(page.path, charset=page.charset):
                    _store(store, page, before, _as_fetched(page, result), intake, backlog)
                page.path.unlink()
            elif page.problem is None:
                intake.unchanged += 1
                intake.known_problems += before is not None and before.state == "partly"
            elif before is None:
                intake.tell(page.url, [page.problem])
            else:
                unread = ReadResult("", 0, 0, problem=page.problem)
                _store(store, page, before, unread, intake, backlog)
        backlog.step()


def _as_fetched(page: Page, result: ReadResult) -> ReadResult:
    """What was read of a page's body, or of a part of it, with what its server told."""
    if result.part:
        return result
    if page.charset and result.content_hash:
        # The same bytes in another charset are another text.
        told = f"{result.content_hash} {page.charset}".encode()
        result = replace(result, content_hash=hashlib.sha256(told).hexdigest())
    if result.document and page.version and page.version.url != page.url:
        metadata = {**result.document.metadata, "url": page.version.url}
        result = replace(result, document=replace(result.document, metadata=metadata))
    return result


def _store(
    store: Store,
    page: Page,
    before: FileRow | None,
    result: ReadResult,
    intake: Intake,
    backlog: Backlog,
) -> None:
    size, mtime_ns = (before.size, before.mtime_ns) if before else (None, None)
    if before is not None and not result.part and before.content_hash == result.content_hash:
        # Servers that give no date: the same content is of the day on which it was first seen.
        result = replace(result, mtime_ns=before.mtime_ns or result.mtime_ns)
    entry = Entry(page.url.encode(), page.url, None, size, mtime_ns)
    intake.store_file(entry, result, backlog)
    if page.version is not None:
        ledger.set_fetched(store.connection, page.url, asdict(page.version))
