"""No model either, but processes, timers, hostile input and many examples: minutes, not one."""

import pytest


@pytest.fixture(autouse=True)
def _without_models(no_torch: None, no_tesseract: None) -> None:
    pass
