"""Load the NVVM that belongs to the CUDA libraries installed here.

The base install brings CUDA 13's NVVM, which is found first. Beside CUDA 12's libraries
(extra ``cu12``) its LTO-IR would not link: nvJitLink takes none of a newer major version.
Imports nothing of the engine.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
from pathlib import Path

_CUDA_12_COMPILER = "nvidia-cuda-nvcc-cu12"


def load_matching_nvvm() -> Path | None:
    """
    Load CUDA 12's NVVM where CUDA 12's packages are installed.

    A library that is loaded already is what cuda-pathfinder, and so numba-cuda, goes on
    with. Call it before anything is compiled.

    Returns:
        The file that was loaded; None where CUDA 13's is the right one.
    """
    try:
        files = importlib.metadata.files(_CUDA_12_COMPILER) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name.startswith("libnvvm.so"):
            path = Path(str(file.locate()))
            ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
            return path
    return None
