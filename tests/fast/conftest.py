"""The fast tests are fast because no model is loaded and, but for a few, no process started."""

import pytest


@pytest.fixture(autouse=True)
def _without_models(no_torch: None, no_tesseract: None) -> None:
    pass
