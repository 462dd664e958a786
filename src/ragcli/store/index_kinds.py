"""The kinds of FAISS index: which for how many chunks, how each is built, opened and asked.

A kind is named by its factory string, which the JSON beside an index file holds. An index only
proposes chunks; the scores that count are computed from the stored embeddings. Ids inside it are
``chunks.id``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli import private

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Matrix, Vector

FLAT = "IDMap,Flat"

# Exact while a scan of float32 takes a few milliseconds (384 dimensions: 77 MB, 5 ms); then a
# scan of one byte a dimension; above, only the lists nearest to the question are scanned.
FLAT_UP_TO = 50_000
SQ8_UP_TO = 300_000

# k-means sees this many embeddings for each list; more gains nothing.
TRAINED_ON_PER_LIST = 64
# The ranges of SQ8's bytes, one for each dimension.
RANGES_TRAINED_ON = 50_000

# Recall@10 of 100 real questions to a million chunks, after scoring what was proposed: 0.965 with
# 32 of 1,024 lists, 0.985 with 64, 0.995 with 128 (12 ms), 0.999 with 256.
PROBED_SHARE = 1 / 8


def kind_for(count: int) -> str:
    """The kind for so many chunks."""
    if count <= FLAT_UP_TO:
        return FLAT
    if count <= SQ8_UP_TO:
        return "IDMap,SQ8"
    return f"IVF{_lists(count)},SQ8"


def _lists(count: int) -> int:
    """The power of two next to the square root: a list then holds about as many chunks as there
    are lists."""
    return 1 << round(math.log2(count) / 2)


def build(
    kind: str,
    dimension: int,
    sample: Callable[[int], Matrix],
    blocks: Iterable[tuple[NDArray[np.int64], Matrix]],
) -> Any:
    """An index of (ids, embeddings) that come in blocks; ``sample`` gives some to train on."""
    import faiss

    faiss.omp_set_num_threads(_cores())
    index: Any = faiss.index_factory(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    if kind.startswith("IVF"):
        index.cp.min_points_per_centroid = 1  # a warning on stderr, else
        index.train(sample(index.nlist * TRAINED_ON_PER_LIST))
    elif not index.is_trained:
        index.train(sample(RANGES_TRAINED_ON))
    for ids, matrix in blocks:
        index.add_with_ids(matrix, ids)
    return index


def update(
    path: Path, gone: NDArray[np.int64], blocks: Iterable[tuple[NDArray[np.int64], Matrix]]
) -> Any:
    """The index of a file without these ids and with these embeddings, in memory. It keeps what
    it was trained on: new texts may lie otherwise, but nprobe and scoring have room for that.

    Raises OSError, RuntimeError.
    """
    import faiss

    faiss.omp_set_num_threads(_cores())
    index: Any = faiss.read_index(str(path))
    if len(gone):
        index.remove_ids(faiss.IDSelectorBatch(gone))
    for ids, matrix in blocks:
        index.add_with_ids(matrix, ids)
    return index


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def write_file(index: Any, path: Path) -> None:
    """Through Python's own file: FAISS says nothing when the last of its buffers does not reach
    the disk. Readable by its owner only. Raises OSError."""
    import faiss

    with os.fdopen(private.open_file(path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        writer: Any = faiss.PyCallbackIOWriter(file.write)  # type: ignore[attr-defined]
        faiss.write_index(index, writer)


def open_file(path: Path) -> Any:
    """Memory-mapped: a query reads what it looks at. Raises OSError, RuntimeError."""
    import faiss

    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    if not _is_ivf(index):
        read_ahead(path)
    return index


def read_ahead(path: Path) -> None:
    """Ask for a whole file that will be scanned: page by page, a scan of a memory map whose file
    is not in the cache takes 11 to 26 s a gigabyte."""
    if hasattr(os, "posix_fadvise"):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)


def propose(
    index: Any, query: Vector, count: int, visible: NDArray[np.bool_] | None, *, everywhere: bool
) -> NDArray[np.int64]:
    """The ids of ``count`` chunks near the query, fewer only when there are no more.

    ``visible`` says of each id whether it may be found; of None all may. ``everywhere`` looks
    through all lists: the chunks that a filter lets through may all lie far from the query.
    """
    import faiss
    import numpy as np

    # One question gives work to one thread; waking the others, and waiting until each has had its
    # turn on a busy machine, costs 20 ms and more.
    faiss.omp_set_num_threads(1)
    options: Any = faiss.IVFSearchParameters() if _is_ivf(index) else faiss.SearchParameters()
    if visible is not None:
        # Both are kept in variables: FAISS holds bare pointers to them.
        bits: Any = np.packbits(visible, bitorder="little")
        options.sel = selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]  # noqa: F841
    most = index.ntotal if visible is None else int(np.count_nonzero(visible))
    count = min(count, most)
    if count == 0:
        return np.empty(0, np.int64)
    if not _is_ivf(index):
        return _search(index, query, count, options)
    options.nprobe = index.nlist if everywhere else math.ceil(index.nlist * PROBED_SHARE)
    found = _search(index, query, count, options)
    if len(found) < count and options.nprobe < index.nlist:
        options.nprobe = index.nlist
        found = _search(index, query, count, options)
    return found


def _search(index: Any, query: Vector, count: int, options: Any) -> NDArray[np.int64]:
    _, ids = index.search(query.reshape(1, -1), count, params=options)
    found: NDArray[np.int64] = ids[0][ids[0] >= 0]  # filled up with -1 when fewer are left
    return found


def ids_of(index: Any) -> NDArray[np.int64]:
    """The ids of all chunks in an index, in no order."""
    import faiss
    import numpy as np

    if not _is_ivf(index):
        held: NDArray[np.int64] = faiss.vector_to_array(index.id_map)
        return held
    lists = index.invlists
    parts = [
        faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)).copy()
        for i in range(index.nlist)
        if lists.list_size(i)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _is_ivf(index: Any) -> bool:
    return hasattr(index, "nprobe")
