"""The fuzzed functions at every run of the tests: any bytes, and seeds that were damaged."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))
from targets import TARGETS, seeds


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=40)
@given(data=st.data())
def test_any_bytes(name: str, data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(seeds(name))))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(seed)))
        length = data.draw(st.integers(0, 8))
        seed[place : place + length] = data.draw(st.binary(max_size=12))
    TARGETS[name](bytes(seed))
    TARGETS[name](data.draw(st.binary(max_size=200)))


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for seed in [b"", b"\0", *seeds(name)]:
        TARGETS[name](seed)
