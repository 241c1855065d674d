"""The NVVM that is loaded belongs to the CUDA libraries that are installed."""

from __future__ import annotations

import ctypes
import importlib.metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from graders.harness.device.toolchain import load_matching_nvvm


def test_cuda_13_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CUDA 12's compiler nothing is loaded: the base install's NVVM is right."""

    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", missing)
    assert load_matching_nvvm() is None


def test_cuda_12_loads_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CUDA 12's compiler its own NVVM is loaded for all, before any other is."""
    loaded: list[tuple[str, int]] = []
    library = Path("nvidia", "cuda_nvcc", "nvvm", "lib64", "libnvvm.so")
    entry = SimpleNamespace(name=library.name, locate=lambda: library)
    monkeypatch.setattr(importlib.metadata, "files", lambda _name: [entry])
    monkeypatch.setattr(ctypes, "CDLL", lambda path, mode: loaded.append((path, mode)))
    assert load_matching_nvvm() == library
    assert loaded == [(str(library), ctypes.RTLD_GLOBAL)]
