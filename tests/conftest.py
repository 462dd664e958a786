"""Shared by all tests. Its place also makes the folder ``fakes`` importable everywhere."""

import sys
from pathlib import Path

from hypothesis import settings

# The deterministic providers are found as an installed package's are: by their entry points.
sys.path.insert(0, str(Path(__file__).parent / "plugins"))

# A shared machine may pause in any example; how long one takes says nothing about the code.
settings.register_profile("ragcli", deadline=None)
settings.load_profile("ragcli")
