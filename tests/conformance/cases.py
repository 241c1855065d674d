"""What is run on each device: the programs beside this file, and all references."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from graders.harness.catalog import ROOT, Catalog
from graders.harness.checks import gpu, proxy, sparse, stream

PROGRAMS = Path(__file__).parent / "programs"
Arguments = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    One call whose observation is compared.

    Attributes:
        key: Its name in recordings: ``module.function[space]``.

        module: The file with the function.

        function: The function's name.

        arguments: What it is called with.

        space: Where its operands are; see ``operands.runs``.

        tolerance: The relative error of values; 0 for what their type allows.

        compares_values: False where numbers are times or random.

        data: A folder of data that the program may read, or None.
    """

    key: str
    module: Path
    function: str
    arguments: tuple[Any, ...]
    space: str = "cuda"
    tolerance: float = 0.0
    compares_values: bool = True
    data: Path | None = None


def small_programs() -> list[Case]:
    """Return a case for each program and space, read from the sources."""
    files = sorted(PROGRAMS.glob("*.py"))
    return [case for file in files for case in _programs_of(file)]


def _programs_of(file: Path) -> Iterator[Case]:
    for node in ast.parse(file.read_text("utf-8")).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            assert isinstance(call, ast.Call)
            options = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
            for space in map(ast.literal_eval, call.args):
                yield Case(
                    key=f"{file.stem}.{node.name}[{space}]",
                    module=file,
                    function=node.name,
                    arguments=(space,),
                    space=space,
                    tolerance=options.get("tolerance", 0.0),
                )


def _normal(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> Any:
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(dtype)


def _system(rng: np.random.Generator, n: int) -> Any:
    others = sp.random_array((n, n), density=0.1, rng=rng)
    return sp.coo_matrix(others + sp.diags_array(4.0 + np.arange(n)))


def _convolution(rng: np.random.Generator) -> tuple[Any, ...]:
    shape = (3, 128)
    return tuple(gpu(_normal(rng, *shape, dtype="complex64")) for _ in range(2))


def _payoffs(rng: np.random.Generator) -> tuple[Any, ...]:
    return 33, 6, 100.0, 0.001, 0.02, 101.0, 1.5, int(rng.integers(1000))


def _layer(rng: np.random.Generator) -> tuple[Any, ...]:
    a, b, bias = _normal(rng, 16, 12), _normal(rng, 12, 9), _normal(rng, 16)
    return gpu(a), gpu(b), gpu(bias)


def _scaled(rng: np.random.Generator) -> tuple[Any, ...]:
    shapes = (12, 8), (8, 10), (12, 10)
    return *(gpu(_normal(rng, *shape)) for shape in shapes), 1.5, -0.5


def _relu_of(arrays: list[Any]) -> Any:
    a, b, bias = arrays
    return np.maximum(a @ b + bias[:, None], 0)


def _pairs(rng: np.random.Generator) -> tuple[Any, ...]:
    pairs = [(gpu(_normal(rng, 16, 8)), gpu(_normal(rng, 8, 12))) for _ in range(3)]
    return (stream(pairs),)


def _batches(rng: np.random.Generator) -> tuple[Any, ...]:
    shape = (3, 10)
    return (stream([gpu(_normal(rng, *shape, dtype="complex64")) for _ in range(3)]),)


def _batched_layer(rng: np.random.Generator) -> tuple[Any, ...]:
    shapes = (3, 8, 5), (3, 5, 6), (3, 8, 1)
    return tuple(gpu(_normal(rng, *shape)) for shape in shapes)


def _costs(rng: np.random.Generator) -> tuple[Any, ...]:
    a, b = _normal(rng, 256, 128), _normal(rng, 128, 192)
    return a, b, gpu(a), gpu(b)


def _equations(rng: np.random.Generator) -> tuple[Any, ...]:
    b = _normal(rng, 30, 4, dtype="float64")
    return sparse(_system(rng, 30), "cpu"), gpu(b)


def _one_after_the_other(rng: np.random.Generator) -> tuple[Any, ...]:
    sides = [gpu(_normal(rng, 30, dtype="float64")) for _ in range(3)]
    return sparse(_system(rng, 30).tocsr()), stream(sides)


REFERENCES: dict[tuple[str, str], Arguments] = {
    ("device_convolution", "convolve"): _convolution,
    ("option_payoffs", "simulate"): _payoffs,
    ("batch_blur", "blur_batch"): lambda rng: (
        [gpu(rng.random((16, 15), dtype=np.float32)) for _ in range(3)],
        1.5,
    ),
    ("gaussian_blur", "gaussian_blur"): lambda rng: (
        gpu(rng.random((20, 27), dtype=np.float32)),
        2.0,
    ),
    ("sepia_blur", "sepia_blur"): lambda rng: (
        gpu(rng.random((18, 14, 3), dtype=np.float32)),
        2.0,
    ),
    ("fft_filter", "fft_filter"): _convolution,
    ("fused_linear", "fused_linear"): _layer,
    ("gemm_fusion", "gemm_fused"): _scaled,
    ("gemm_fusion", "gemm_operator"): _scaled,
    ("gemm_fusion", "gemm_matmul"): _scaled,
    ("matmul_validation", "make_case"): lambda _rng: (),
    ("matmul_validation", "matches"): lambda _rng: (proxy(_relu_of),),
    ("unitary_fft", "unitary_fft"): lambda rng: (
        gpu(_normal(rng, 4, 15, dtype="complex128")),
    ),
    ("unitary_fft", "unitary_ifft"): lambda rng: (
        gpu(_normal(rng, 2, 8, dtype="complex64")),
    ),
    ("execution_spaces", "spectrum_on"): lambda rng: (
        _normal(rng, 60, dtype="complex64"),
        "cuda",
    ),
    ("resident_pipeline", "pipeline"): lambda rng: (
        _normal(rng, 12, 8),
        _normal(rng, 8, 8),
        4,
    ),
    ("transfer_cost", "measure"): _costs,
    ("multiple_rhs", "solve"): _equations,
    ("reuse_factorization", "solve_stream"): _one_after_the_other,
    ("autotuned_matmul", "tuned_matmul"): _pairs,
    ("batched_matmul", "batched"): _batched_layer,
    ("batched_matmul", "sequence"): _batched_layer,
    ("inplace_fft", "transform_batches"): _batches,
}
# Reduced precision, and the device's own exponential and logarithm in single precision.
_TOLERANCES = {"tuned_matmul": 3e-3, "simulate": 1e-5}


def references() -> list[Case]:
    """Return the cases of the references: every exercise, on drawn operands."""
    exercises = {e.slug: e for e in Catalog(ROOT).select(())}
    cases = []
    for number, ((name, function), build) in enumerate(REFERENCES.items()):
        exercise = exercises[name]
        arguments = build(np.random.default_rng([2026, number]))
        cases.append(
            Case(
                key=f"reference.{name}.{function}",
                module=exercise.reference,
                function=function,
                arguments=arguments,
                tolerance=_TOLERANCES.get(function, 0.0),
                compares_values=function != "measure",
                data=exercise.data,
            )
        )
    return cases


def all_cases() -> list[Case]:
    """Return everything that is run."""
    return [*small_programs(), *references()]
