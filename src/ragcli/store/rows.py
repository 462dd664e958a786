"""What the store hands out: plain rows, and their translation from SQL.

Named tuples where no field is called as a method of theirs: a dataclass takes four times as long to
make, at each start of a command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ragcli.domain import Chunk
from ragcli.errors import ProjectCorrupt
from ragcli.store import checksums
from ragcli.store.folder import shown_name

if TYPE_CHECKING:
    from ragcli.domain import Document, EmbedderIdentity


# How the stored path of what was fetched begins; the rest of the address follows.
WEB = b"https://"


class FileRow(NamedTuple):
    """A line of the ledger. ``document_id`` is None when nothing of the file is stored."""

    id: int
    source: str
    path: bytes
    root_id: int | None
    document_id: int | None
    state: str
    size: int | None
    mtime_ns: int | None
    content_hash: str | None
    reader_version: int

    @property
    def is_fetched(self) -> bool:
        """It came from a web address, its source, and lies nowhere on the disk. No file's path
        begins so: stored paths are normalised and hold no ``//`` but at their start."""
        return self.path.startswith(WEB)

    @property
    def is_whole(self) -> bool:
        """Its two names say the same: a changed letter in either shows."""
        return self.source.rstrip("~") == shown_name(self.path).rstrip("~")


class RootRow(NamedTuple):
    """A file or folder that was named. ``disks`` are what it lay on when it was last looked
    through, and what was mounted below it, by source; empty where that was not known."""

    id: int
    source: str
    path: bytes
    disks: Mapping[str, str] = MappingProxyType({})


class ChunkRow(NamedTuple):
    """A stored chunk with what is needed to show it; ``chunk`` holds its text."""

    id: int
    document_id: int
    content_hash: str
    format: str
    language: str | None
    title: str | None
    date: str | None
    chunk: Chunk


class Pending(NamedTuple):
    """A chunk whose text has no embedding yet."""

    chunk_id: int
    embed_hash: bytes
    text: str
    size_tokens: int


class EmbeddingSet(NamedTuple):
    """One way of embedding the corpus, bound to one way of cutting it."""

    id: int
    chunk_set_id: int
    identity: EmbedderIdentity


@dataclass(frozen=True, slots=True)
class IndexFile:
    """An index file that may be used. It covers chunks and embeddings up to the last ids."""

    generation: int
    name: str
    count: int
    last_chunk_id: int
    last_embedding_id: int
    size_bytes: int
    sha256: str


def document_checksum(row: Sequence[Any]) -> bytes:
    return checksums.of_row(*row)


def structure_of(document: Document) -> str:
    """Blocks and pages as JSON, short: they are kept so that a document can be cut anew."""
    return json.dumps(
        {
            "blocks": [
                [b.kind, b.char_start, b.char_end, b.level, b.title] for b in document.blocks
            ],
            "pages": [
                [p.number, p.char_start, p.char_end, *([p.label] if p.label else [])]
                for p in document.pages
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def label_of(structure: str, page: int) -> str | None:
    """The label of a page, which stands behind the blocks; those of a book need not be read."""
    name = '"pages":'
    pages = json.loads(structure[structure.rindex(name) + len(name) : -1])
    return next((p[3] for p in pages if p[0] == page and len(p) > 3), None)


def document_of(row: Any, text: str) -> Document:
    """A Document from its stored row and text."""
    from ragcli.domain import Block, Document, Page  # passages do without

    structure = json.loads(row["structure"])
    return Document(
        text=text,
        format=row["format"],
        blocks=tuple(Block(*b) for b in structure["blocks"]),
        pages=tuple(Page(*p) for p in structure["pages"]),
        title=row["title"],
        has_lines=bool(row["has_lines"]),
        language=row["language"],
        date=row["date"],
        metadata=json.loads(row["metadata"]),
    )


def chunk_fields(chunk: Chunk) -> tuple[Any, ...]:
    """A chunk's own columns, in the table's order, from ``char_start`` to ``embed_hash``."""
    return (
        chunk.char_start,
        chunk.char_end,
        chunk.size_tokens,
        json.dumps(chunk.headings, ensure_ascii=False),
        chunk.page,
        chunk.page_end,
        chunk.line_start,
        chunk.line_end,
        checksums.of_embed_text(chunk.embed_text),
    )


CHUNK_COLUMNS = (
    "char_start, char_end, size_tokens, headings, page, page_end, line_start, line_end, embed_hash"
)


def chunk_of(fields: Sequence[Any], checksum: bytes, text: str, about: str) -> Chunk:
    """A Chunk from CHUNK_COLUMNS, verified. Raises ProjectCorrupt."""
    if checksums.of_row(*fields) != checksum:
        raise damaged(about)
    start, end, size, headings, page, page_end, line_start, line_end, embed_hash = fields
    chunk = Chunk(
        text=text,
        char_start=start,
        char_end=end,
        size_tokens=size,
        headings=tuple(json.loads(headings)),
        page=page,
        page_end=page_end,
        line_start=line_start,
        line_end=line_end,
    )
    # The hash of what was embedded covers headings and text: the passage that is shown is the
    # one that was found.
    if checksums.of_embed_text(chunk.embed_text) != embed_hash:
        raise damaged(about)
    return chunk


def damaged(about: str) -> ProjectCorrupt:
    return ProjectCorrupt(
        f"the stored text of {about} is damaged: its checksum does not match",
        f"read it again: rag rm '{about}', then rag ingest '{about}'",
    )
