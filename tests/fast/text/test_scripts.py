"""Scripts written without spaces are told from those with."""

from __future__ import annotations

import pytest

from ragcli.text.scripts import unspaced_share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("plain English, 123", 0.0),
        ("Привет мир", 0.0),
        ("हिन्दी", 0.0),
        ("中文", 1.0),
        ("日本語カナ", 1.0),
        ("中文ab", 0.5),
    ],
)
def test_unspaced_share(text: str, share: float) -> None:
    assert unspaced_share(text) == pytest.approx(share)
