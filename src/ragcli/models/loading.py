"""Loading a model with its own library (sentence-transformers), from a folder that is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragcli.errors import ProviderUnavailable


@contextmanager
def offline(folder: Path) -> Iterator[None]:
    """Nothing is looked up, reported or drawn inside. Raises ProviderUnavailable for what the
    libraries raise."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ProviderUnavailable(
            f"the model in {folder} cannot be loaded: {error}",
            "the folder is damaged or needs another library; fetch the model again",
        ) from error
