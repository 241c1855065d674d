"""Where a report was made, as rows of a table: device, versions, host, sandbox, seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graders.harness.models import Report

Rows = list[tuple[str, list[str]]]

_LABELS = {
    "device_name": "GPU",
    "compute_capability": "Compute capability",
    "memory_bytes": "Memory",
    "multiprocessors": "Multiprocessors",
    "cuda_driver_api": "CUDA of the driver",
    "cuda_runtime": "CUDA runtime",
    "cufft": "cuFFT",
    "cublaslt": "cuBLASLt",
    "evidence": "Kernels and copies recorded by",
    "versions": "Packages",
    "state": "State of the GPU",
    "host": "Host",
    "layers": "Sandbox: layers that held",
    "missing_layers": "Sandbox: layers that did not",
    "seed": "Seed",
    "problem": "Problem",
    "digests": "Files, by their SHA-256",
}
# What stands elsewhere on the page, or is for programs to read.
_LEFT_OUT = frozenset({"device", "context_before_fork", "files"})
# https://docs.nvidia.com/cuda/cuda-driver-api: 1000 times major and 10 times minor.
_CUDA_VERSIONS = frozenset({"cuda_driver_api", "cuda_runtime"})
_MOST = 40  # entries of one row


def device_name(report: Report) -> str:
    """Return what programs ran on, in words."""
    if report.device == "simulator":
        return "the simulator"
    return str(report.environment.get("device_name") or "a GPU")


def environment_rows(report: Report) -> Rows:
    """
    Return what the report says of where it was made: labels, each with its entries.

    What has no label of its own comes last, under its own name.
    """
    found = dict(report.environment)
    names = [
        *(n for n in _LABELS if n in found),
        *(n for n in found if n not in _LABELS),
    ]
    rows: Rows = []
    for name in names:
        entries = _entries(name, found[name])
        if entries and name not in _LEFT_OUT:
            label = _LABELS.get(name, name.replace("_", " ").capitalize())
            rows.append((label, entries))
    return rows


def _entries(name: str, value: Any) -> list[str]:
    if name == "memory_bytes" and isinstance(value, int):
        return [f"{value / 2**30:.1f} GiB"]
    if name in _CUDA_VERSIONS and isinstance(value, int):
        return [f"{value // 1000}.{value % 1000 // 10}"]
    if isinstance(value, Mapping):
        entries = [f"{key}: {_short(v)}" for key, v in value.items()]
    elif isinstance(value, list | tuple):
        entries = [", ".join(str(item) for item in value)] if value else []
    else:
        entries = [] if value in (None, "") else [str(value)]
    if len(entries) > _MOST:
        entries = [*entries[:_MOST], f"and {len(entries) - _MOST} more"]
    return entries


def _short(value: object) -> str:
    """Return a value; of a SHA-256 its beginning, which is enough to tell files apart."""
    text = str(value) if value not in (None, "") else "none"
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004
    return f"{text[:16]}..." if is_digest else text
