"""What CUPTI's refusals mean, and what to do about them. Imports nothing of the engine."""

from __future__ import annotations

import re

_PROFILER = (
    "another profiler records this process: end it (Nsight Systems, Nsight Compute, "
    "cuda-gdb, or one that the program itself starts), and grade again"
)
_DRIVER = (
    "the NVIDIA driver is too old for this CUPTI, or they do not go together: install a "
    "newer driver, or the grader's extra for its version of CUDA"
)
_FORBIDDEN = "the driver lets this user record nothing: ask who looks after the machine"
_KIND_OF_GPU = (
    "what runs on such a GPU cannot be recorded: it is virtual, a part of one, or "
    "protected from being looked at"
)
# The numbers are those of cupti_result.h, CUPTI_ERROR_*.
_MEANS = {
    11: _DRIVER,  # API_NOT_IMPLEMENTED
    14: _DRIVER,  # NOT_COMPATIBLE
    15: _DRIVER,  # NOT_INITIALIZED
    23: _PROFILER,  # DISABLED, "due to conflicts with other enabled profilers"
    27: _DRIVER,  # NOT_SUPPORTED "on the current system or device"
    33: _KIND_OF_GPU,  # VIRTUALIZED_DEVICE_NOT_SUPPORTED
    35: _FORBIDDEN,  # INSUFFICIENT_PRIVILEGES
    39: _PROFILER,  # MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED
    40: _FORBIDDEN,  # VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES
    41: _KIND_OF_GPU,  # CONFIDENTIAL_COMPUTING_NOT_SUPPORTED
    42: _KIND_OF_GPU,  # CMP_DEVICE_NOT_SUPPORTED
    43: _KIND_OF_GPU,  # MIG_DEVICE_NOT_SUPPORTED
    45: _KIND_OF_GPU,  # WSL_DEVICE_NOT_SUPPORTED
}
# cupti-python writes the name and, in brackets, the number at the end.
_NUMBER = re.compile(r"ERROR_\w+ \((\d{1,4})\)")
_OLD_DRIVER = re.compile(r"cudaErrorInsufficientDriver|driver version is insufficient")


def described(error: Exception) -> str:
    """Return an exception in one line: its type and its text, without a full stop."""
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def meaning(error: Exception) -> str:
    """
    Return what an exception of CUPTI's means, with what it says itself in brackets.

    Args:
        error: A ``cuptiError``, which has a ``status``, or another exception that was
            raised while CUPTI was being used.
    """
    text = described(error)
    found = _NUMBER.search(text)
    status = getattr(error, "status", None) or (int(found[1]) if found else 0)
    means = _MEANS.get(status, "") if isinstance(status, int) else ""
    if _OLD_DRIVER.search(text):
        means = _DRIVER
    return f"{means} ({text})" if means else text
