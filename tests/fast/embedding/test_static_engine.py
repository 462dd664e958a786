"""Static embeddings: the mean of the token vectors, whatever form the table has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ragcli.embedding.engine import Tokenized
from ragcli.embedding.static_engine import StaticEngine
from ragcli.models import Unfit, safetensors_file

NAMES = {np.dtype("<f4"): "F32", np.dtype("<f2"): "F16", np.dtype("<i8"): "I64"}


def save(path: Path, tensors: Mapping[str, NDArray[np.generic]]) -> Path:
    """A safetensors file, written by its specification."""
    header: dict[str, object] = {"__metadata__": {"format": "np"}}
    data = b""
    for name, tensor in tensors.items():
        ends = [len(data), len(data) + tensor.nbytes]
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": tensor.shape,
            "data_offsets": ends,
        }
        data += tensor.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def ids(*each: int) -> Tokenized:
    return Tokenized("", "", each)


TABLE = np.array([[0, 0], [1, 2], [3, 4], [5, 6]], np.float32)


def test_the_mean_of_the_token_vectors(tmp_path: Path) -> None:
    engine = StaticEngine(save(tmp_path / "m", {"embedding.weight": TABLE}))
    found = engine.encode([ids(1, 3), ids(2), ids()])
    assert found.tolist() == [[3, 4], [3, 4], [0, 0]]
    assert found.dtype == np.float32


def test_a_mapped_and_weighted_table(tmp_path: Path) -> None:
    path = save(
        tmp_path / "m",
        {
            "embeddings": TABLE.astype(np.float16),
            "mapping": np.array([3, 1, 1, 0]),
            "weights": np.array([2, 1, 0.5, 1], np.float32),
        },
    )
    assert StaticEngine(path).encode([ids(0, 2)]).tolist() == [[5.25, 6.5]]


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_what_holds_no_table_is_unfit(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(Unfit, match="no table of token vectors"):
        StaticEngine(tmp_path / "m")


def test_a_type_without_a_numpy_one_is_refused(tmp_path: Path) -> None:
    header = b'{"w":{"dtype":"BF16","shape":[1,1],"data_offsets":[0,2]}}'
    path = tmp_path / "m"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(ValueError, match="BF16"):
        safetensors_file.mapped(path, safetensors_file.tensors(path)["w"])
