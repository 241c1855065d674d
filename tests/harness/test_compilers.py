"""A compiler's complaints are told from other exceptions, with what they mean."""

from __future__ import annotations

import pytest

from graders.harness.checks import compilers

UNRESOLVED = (
    "ERROR_PTX_COMPILE (4)\nnvJitLink error log: ptxas fatal   : Unresolved extern "
    "function 'curand_init_3'\nERROR NVJITLINK_ERROR_PTX_COMPILE: JIT the PTX (ltoPtx)"
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cuda.bindings.nvjitlink.nvJitLinkError", UNRESOLVED),
        ("numba.cuda.cudadrv.driver.LinkerError", "/tmp/x.ltoir not found"),
        ("builtins.TypeError", "Signature mismatch: 2 argument types given"),
        ("nvmath.bindings.cufft.cuFFTError", "CUFFT_NVJITLINK_FAILURE (18)"),
    ],
)
def test_what_a_compiler_refuses_is_told(kind: str, text: str) -> None:
    assert compilers.refuse([kind, "builtins.Exception"], text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cuda.core._utils.cuda_utils.CUDAError", "CUDA_ERROR_INVALID_VALUE: This"),
        ("builtins.ValueError", "shapes differ"),
        ("nvmath.bindings.cufft.cuFFTError", "CUFFT_INVALID_SIZE (8)"),
    ],
)
def test_other_exceptions_are_not_a_compiler_s(kind: str, text: str) -> None:
    assert not compilers.refuse([kind, "builtins.Exception"], text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (UNRESOLVED, "link=compiled.files"),
        ("/tmp/x.ltoir not found", "keep it"),
        (
            "<unnamed-ltoir>: link error: error: linking module flags 'Debug Info "
            "Version': IDs have conflicting behaviors",
            "Leave out lineinfo",
        ),
        ("Something else", "Look at the function that is compiled"),
    ],
)
def test_a_hint_says_what_to_look_at(text: str, said: str) -> None:
    assert said in compilers.hint(text)


def test_what_numba_tried_is_left_out() -> None:
    text = "No match.\n\n There are 4 candidate implementations:\n - of which 4 did not"
    assert compilers.without_candidates(text) == "No match."
