"""Reading tables out of a safetensors file without loading it: eight bytes of length, a JSON
header, then the data (the format's own specification)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The format's specification allows no longer header.
_MAX_HEADER_BYTES = 100_000_000
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor stands in the file; ``offset`` counts bytes from its beginning."""

    dtype: str
    shape: tuple[int, ...]
    offset: int


def tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name. Raises OSError, ValueError (not a safetensors file)."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _MAX_HEADER_BYTES:
            raise ValueError(f"{path} is not a safetensors file")
        header: dict[str, Any] = json.loads(file.read(length))
    begin = 8 + length
    return {
        name: Tensor(entry["dtype"], tuple(entry["shape"]), begin + entry["data_offsets"][0])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def mapped(path: Path, tensor: Tensor) -> NDArray[Any]:
    """The tensor, memory-mapped, read-only. Raises ValueError for a type without a numpy one."""
    import numpy as np

    if tensor.dtype not in _DTYPES:
        raise ValueError(f"{path} holds {tensor.dtype}, which is not read")
    return np.memmap(path, _DTYPES[tensor.dtype], "r", tensor.offset, tensor.shape)
