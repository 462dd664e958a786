"""Which engine runs a model: the fast one, or the model's own library where that cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ragcli.errors import ProviderUnavailable
from ragcli.models import Unfit, log

T = TypeVar("T")


def choose(
    wanted: str,
    name: str,
    fast: Callable[[], T],
    slow: Callable[[], T],
    *,
    needs_fast: bool = False,
) -> T:
    """``wanted`` is the setting `engine`: auto, onnx or torch. ``fast`` may raise Unfit: then
    ``slow`` runs the model, which is said, unless the fast one was asked for or is needed.

    Raises ProviderUnavailable, and what the engines raise.
    """
    if wanted == "torch":
        return slow()
    try:
        return fast()
    except Unfit as unfit:
        if wanted == "onnx" or needs_fast:
            raise ProviderUnavailable(
                f"ONNX Runtime cannot run `{name}`: {unfit}",
                "let sentence-transformers run it: --engine auto, in fp32",
            ) from unfit
        log.warning(
            "sentence-transformers itself runs `%s` and takes seconds to start: %s", name, unfit
        )
        return slow()
