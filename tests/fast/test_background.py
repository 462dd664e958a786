"""What is computed in the background comes out as if it had been waited for."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

import pytest

from ragcli.background import Background


def test_the_value_is_waited_for() -> None:
    go = Event()

    def compute() -> int:
        go.wait(10)
        return 7

    begun = Background(compute)
    assert not begun.done
    go.set()
    assert begun.result() == 7
    assert begun.done
    assert begun.result() == 7


def test_its_error_is_raised_where_the_value_is_wanted() -> None:
    def compute() -> int:
        raise KeyError("lost")

    begun = Background(compute)
    for _ in range(2):
        with pytest.raises(KeyError, match="lost"):
            begun.result()


def test_a_program_that_ends_waits_for_it() -> None:
    """A library that is torn down while it loads aborts the process."""
    program = (
        "import time\nfrom ragcli.background import Background\n"
        "Background(lambda: (time.sleep(0.2), print('loaded')))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"loaded\n"
