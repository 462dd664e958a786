"""Is there a GPU that torch can use? Answered without importing torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def cuda_is_usable() -> bool:
    """A CUDA build of torch is installed, and NVIDIA's driver finds a device."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        return False
    built = Path(spec.submodule_search_locations[0]) / "lib" / "libtorch_cuda.so"
    return built.is_file() and _cuda_devices() > 0


def _cuda_devices() -> int:
    """What the driver's own interface counts (CUDA Driver API: cuInit, cuDeviceGetCount)."""
    import ctypes

    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
