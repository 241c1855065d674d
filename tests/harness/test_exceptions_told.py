"""What learners are told of exceptions: with what it was called, what a compiler means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.harness.checks import gpu
from graders.harness.checks.arguments import call_hint
from graders.harness.checks.failures import (
    lacked_memory,
    raise_for_call,
    raise_for_load,
)
from graders.harness.device.evidence import Evidence
from graders.harness.errors import CompileFailed, Crashed, ImportFailed, OutOfMemory
from graders.harness.supervisor import Observation, Proxy
from graders.harness.worker.wire import ArrayValue, SparseValue, StreamValue

FRAME = {"file": "blur.py", "line": 7, "function": "blur", "source": "compile(f)"}


def raised(kind: str, message: str, *types: str) -> dict[str, Any]:
    return {
        "type": kind,
        "types": [f"builtins.{kind}", *types],
        "message": message,
        "frames": [FRAME],
        "innermost": True,
    }


@pytest.mark.parametrize(
    ("because", "lacked"),
    [
        ("CUPTI does not work here: cuptiError: ERROR_NOT_INITIALIZED (15).", True),
        ("CUPTI does not work here: cuptiError: ERROR_OUT_OF_MEMORY (8).", True),
        ("CUPTI does not work here: cuptiError: ERROR_NOT_SUPPORTED (27).", False),
        ("", False),
    ],
)
def test_what_cupti_says_where_the_gpu_is_full(because: str, *, lacked: bool) -> None:
    """It was seen beside a program that had taken all memory from the driver."""
    evidence = Evidence(available=not because, unavailable_because=because)
    assert lacked_memory(Observation(evidence=evidence)) is lacked


def test_an_exception_names_what_the_call_got() -> None:
    """A learner can make the same call: shapes, memory spaces, dtypes and numbers."""
    image = np.zeros((4, 5), np.float32)
    args = (gpu(image), image, 2.5)
    with pytest.raises(Crashed) as caught:
        raise_for_call(raised("IndexError", "out of range"), "blur", args=args)
    assert caught.value.hint == (
        "Call blur by yourself, as the grader did: with a CuPy array (4, 5) of float32, "
        "a NumPy array (4, 5) of float32, 2.5."
    )


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        (ArrayValue(np.zeros(3), "cpu"), "a NumPy array (3,) of float64"),
        (
            np.zeros((3, 2), order="F"),
            "a NumPy array (3, 2) of float64 in Fortran order",
        ),
        (np.zeros((4, 4))[::2, ::2], "a NumPy array (2, 2) of float64 that is a view"),
        (SparseValue("csr", (9, 8), ()), "a sparse matrix (9, 8) in CSR form"),
        (StreamValue((1, 2, 3)), "an iterator of 3 items"),
        (Proxy(lambda arrays: arrays[0]), "a function"),
        ([1, np.zeros(2)], "[1, a NumPy array (2,) of float64]"),
        ([1] * 5, "a list of 5 items, such as 1"),
        ([(1, 2), (3, 4)], "a list of 2 items, such as [1, 2]"),
        ([], "[]"),
        ("fft", "'fft'"),
        (1.8020432049019128, "1.80204"),
        ("long" * 30, "a str"),
        (None, "None"),
    ],
)
def test_arguments_in_words(argument: Any, said: str) -> None:
    """Each kind of argument, short enough for a line."""
    assert call_hint("f", [argument]) == (
        f"Call f by yourself, as the grader did: with {said}."
    )


def test_a_call_without_arguments() -> None:
    """There is nothing to name."""
    assert call_hint("make_case", ()).startswith("Call make_case() by yourself")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "(curandStatesPhilox4_32_10*, <nvmath.CurandStates>)",
            "extension of the Comp",
        ),
        (
            "Kernel launch configuration was not specified. Use",
            "kernel[blocks, threads]",
        ),
        ("CUDA_ERROR_INVALID_VALUE: one or more of the", "at most 1,024 threads"),
    ],
)
def test_what_libraries_raise_has_advice_of_its_own(text: str, hint: str) -> None:
    """Where the text alone tells little, the advice says what it means."""
    with pytest.raises(Crashed) as caught:
        raise_for_call(raised("ValueError", text), "simulate", args=(2,))
    assert hint in caught.value.hint


COMPILER = "numba.core.errors.TypingError"
TRIED = "\n There are 18 candidate implementations:\n - Of which 16 did not match"


def test_a_compiler_is_quoted_without_what_it_tried() -> None:
    """Its list of overloads is left out; the place and the reason stay."""
    text = f"No implementation of getitem found{TRIED}"
    with pytest.raises(CompileFailed) as caught:
        raise_for_load(raised("TypingError", text, COMPILER), "blur.py")
    assert caught.value.message == (
        "A callback or kernel does not compile on line 7 of blur.py (compile(f)): "
        "TypingError: No implementation of getitem found"
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("No module named 'nvmth'", "Use the packages that the stub imports."),
        ("cannot import name 'fft' from 'nvmath.device'", "The package is there"),
    ],
)
def test_what_is_not_there_to_import(text: str, hint: str) -> None:
    """A missing package and a missing name are not the same."""
    with pytest.raises(ImportFailed) as caught:
        raise_for_load(raised("ImportError", text), "blur.py")
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "No definition for lowering vector(float32x2).real",
        "No definition for lowering complex.conjugate(vector(float64x2),) -> ...",
        "No implementation of setitem(array(vector(float32x2), 1d, C), int64, Literal)",
    ],
)
def test_elements_of_a_device_transform_are_pairs(text: str) -> None:
    """Numba's own texts name a type that no learner has written."""
    with pytest.raises(CompileFailed) as caught:
        raise_for_load(raised("NotImplementedError", text, COMPILER), "blur.py")
    assert caught.value.hint.startswith("An element of nvmath.device's value_type is a")


def test_a_name_that_a_callback_does_not_know() -> None:
    """The advice is about names, not about types."""
    text = "Failed in cuda mode pipeline NameError: name 'filter_data' is not defined"
    with pytest.raises(CompileFailed) as caught:
        raise_for_load(raised("TypingError", text, COMPILER), "blur.py")
    assert "sees the names of its module" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "about_indices"),
    [
        (">>> getitem(readonly array(float32, 2d, C), Tuple(float64, int64))", True),
        (">>> getitem(array(float32, 2d, C), UniTuple(float64 x 2))", True),
        (">>> getitem(array(float32, 1d, C), float64)", True),
        (">>> setitem(array(complex64, 1d, C), float64, complex64)", True),
        (">>> setitem(array(float32, 1d, C), int64, float64)", False),
        (">>> getitem(array(float32, 1d, C), int64)", False),
    ],
)
def test_an_index_that_is_no_integer(text: str, *, about_indices: bool) -> None:
    """Such an index is recognised in a tuple too, and a stored float is none."""
    with pytest.raises(CompileFailed) as caught:
        raise_for_load(raised("TypingError", text, COMPILER), "blur.py")
    assert caught.value.hint.startswith("An index is an integer") is about_indices


CUFFT = "nvmath.bindings.cufft.cuFFTError"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("CUFFT_ALLOC_FAILED", None),
        ("cudaErrorMemoryAllocation: out of memory", None),
        ("CUFFT_INTERNAL_ERROR", 3 * 2**20),
    ],
)
def test_a_full_gpu_is_told(text: str, left: int | None) -> None:
    """Libraries say it in many ways, and some not at all: then the bytes left tell."""
    for tell in (raise_for_call, raise_for_load):
        with pytest.raises(OutOfMemory) as caught:
            tell({**raised("cuFFTError", text, CUFFT), "memory_left": left}, "blur")
        assert ("the GPU had 3 MB of memory left" in caught.value.message) is (
            left is not None
        )


@pytest.mark.parametrize("left", [None, 10 * 2**30])
def test_with_memory_left_a_link_error_is_the_callbacks(left: int | None) -> None:
    """So are a program's own exceptions, however full the GPU is."""
    told = raised("cuFFTError", "CUFFT_INTERNAL_ERROR", CUFFT)
    with pytest.raises(CompileFailed):
        raise_for_call({**told, "memory_left": left}, "blur")
    with pytest.raises(Crashed):
        raise_for_call({**raised("ValueError", "no"), "memory_left": 0}, "blur")
