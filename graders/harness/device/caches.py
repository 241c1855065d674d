"""Where the compilers of a forked child keep what they compiled.

CuPy, numba and the driver share folders in the home directory by default. Imports
nothing of the engine.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

_CACHES_VARIABLE = "HARNESS_DEVICE_CACHES"


def redirect_caches() -> None:
    """
    Point the compilers' caches at the scratch folder.

    ``HARNESS_DEVICE_CACHES`` names another folder, or is ``machine`` to leave them
    where they are. A cache that two learners share lets one hand kernels to the other.
    """
    place = os.environ.get(_CACHES_VARIABLE, "")
    if place == "machine":
        return
    folder = (Path(place) if place else Path.cwd() / ".device-caches").resolve()
    names = {"CUPY_CACHE_DIR": "cupy", "CUDA_CACHE_PATH": "cuda"}
    for variable, name in {**names, "NUMBA_CACHE_DIR": "numba"}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        os.environ[variable] = str(folder / name)
    importlib.import_module("numba").config.CACHE_DIR = str(folder / "numba")
    # CuPy 14 chose its folder when it was imported; older ones read the variable.
    compiler = importlib.import_module("cupy.cuda.compiler")
    backend = getattr(compiler, "_DiskKernelCacheBackend", None)
    if backend is not None:
        compiler._set_kernel_cache_backend(backend(str(folder / "cupy")))
