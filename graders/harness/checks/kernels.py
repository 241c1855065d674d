"""Judge which kernels a call launched, and what was fused into a matrix product.

A kernel is known by its kind and by how many work items it launched, which both devices
tell. What it read, only the simulator knows: nothing here rests on that. Where nothing
could be recorded, nothing is said: all that reads evidence here requires it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from graders.harness.checks.conduct import COMPUTING, require_evidence
from graders.harness.checks.phases import operations_of
from graders.harness.device.evidence import Copy, Evidence, Kernel, Operation
from graders.harness.device.kernel_names import is_of_numba
from graders.harness.errors import ExtraCopies, NotFused

# CUDA launches whole blocks: so many work items may a launch have beyond its elements.
LARGEST_BLOCK = 1024
# What cuBLAS and cuBLASLt launch beside a product: sums of partial products, and
# epilogs that its kernel does not do itself. Their own names, in full or mangled: a
# program's kernel may well be called reduce_rows or bias_relu_epilogue.
# Only where a library launches some: the simulator's products are one kernel each, and a
# kernel with such a name is a program's own. Each pattern reads a name once, however long
# a program has made it.
_BESIDE_A_PRODUCT = re.compile(
    r"(?:^|^void |::|\d)(?:splitkreduce|reduce_1block_kernel[<i]|scal_kernel(?:_val)?[<i])"
)
_OF_CUBLAS = re.compile(r"cublas\w*+(?:::\w++)?+")
_EPILOGUE = re.compile(r"(?:::|\d)epilogue")
_PART = re.compile(r"::|\d")  # of a name, in full or mangled
# cuBLASLt's kernels of one tile may do parts of one product: on an H100 it takes two of
# "sm80_xmma_gemm_f32f32_f32f32_f32_tt_n_tilesize32x32x8_..." for 200 x 311 times 311 x 129.
_TILE = re.compile(r".*?tilesize\d+x\d+x\d+")
_CUPY = "cupy_"
_SHOWN = 4


def product_kernels(evidence: Evidence) -> list[Kernel]:
    """Return the kernels that multiply matrices, without a library's helpers."""
    return [
        kernel
        for kernel in require_evidence(evidence).kernels
        if kernel.kind == "gemm" and not _is_beside_a_product(kernel, evidence)
    ]


def elementwise_kernels(evidence: Evidence, *, beyond: int = 0) -> list[Kernel]:
    """
    Return the kernels that compute element by element, in order of their start.

    Reductions and random numbers count too; kernels that a library adds to a product do
    not.

    Args:
        evidence: What ran.

        beyond: Kernels of up to so many elements prepare parameters, and are left out.
    """
    return sorted(
        (
            kernel
            for kernel in require_evidence(evidence).kernels
            if kernel.kind in ("elementwise", "reduction", "random")
            and not _is_helper(kernel, evidence)
            and _is_beyond(kernel, beyond)
        ),
        key=lambda kernel: kernel.start,
    )


def device_copies(evidence: Evidence, *, beyond: int = 0) -> list[Kernel | Copy]:
    """
    Return what moved data from one place on the device to another.

    Args:
        evidence: What ran.

        beyond: Kernels of up to so many elements, and copies of up to eight times as
            many bytes, are left out.
    """
    kernels: list[Kernel | Copy] = [
        kernel
        for kernel in require_evidence(evidence).kernels
        if kernel.kind == "copy" and _is_beyond(kernel, beyond)
    ]
    return kernels + [
        copy
        for copy in evidence.copies
        if copy.direction == "device_to_device" and copy.nbytes > 8 * beyond
    ]


def matmul_runs(evidence: Evidence) -> list[Operation]:
    """Return the matrix products that nvmath executed."""
    return operations_of(evidence, "matmul", "execute")


def was_autotuned(evidence: Evidence) -> bool:
    """Return whether nvmath tried algorithms out, by running the product many times."""
    return bool(operations_of(evidence, "matmul", "autotune"))


def expect_kernels_at_most(
    evidence: Evidence,
    most: int,
    *,
    kinds: Collection[str] = COMPUTING,
    where: str = "",
    hint: str = "",
) -> None:
    """
    Judge that at most so many kernels of some kinds ran.

    Args:
        evidence: What the call did.

        most: The largest number that is right.

        kinds: The kinds that count. The default is those that compute.

        where: The case, for the message.

        hint: What to look at.

    Raises:
        NotFused: There were more; the message names them.
    """
    ran = require_evidence(evidence).kernels
    kernels = [k for k in ran if k.kind in kinds and not _is_helper(k, evidence)]
    if len(kernels) > most:
        msg = (
            f"{len(kernels)} kernels ran{_in(where)}: {kernel_names(kernels)}. "
            f"Expected {_were(most)} at most."
        )
        raise NotFused(msg, hint=hint)


def expect_no_elementwise(
    evidence: Evidence, *, beyond: int = 0, where: str = "", hint: str = ""
) -> None:
    """
    Judge that no kernel computed element by element.

    Args:
        evidence: What the call did.

        beyond: The number of elements up to which a kernel prepares parameters.

        where: The case, for the message.

        hint: What to look at.

    Raises:
        NotFused: Some did; the message names them.
    """
    kernels = elementwise_kernels(evidence, beyond=beyond)
    if kernels:
        sizes = ", ".join(f"{k.elements:,}" for k in kernels[:_SHOWN])
        msg = (
            f"Beside the library's own kernels there ran {kernel_names(kernels)} over "
            f"{sizes} elements{_in(where)}. Expected were none."
        )
        default = "Which line computes with a whole matrix outside the library's call?"
        raise NotFused(msg, hint=hint or default)


def expect_no_device_copies(
    evidence: Evidence, *, beyond: int = 0, where: str = "", hint: str = ""
) -> None:
    """
    Judge that no matrix was copied from one place on the GPU to another.

    Args:
        evidence: What the call did.

        beyond: The number of elements up to which a copy prepares parameters.

        where: The case, for the message.

        hint: What to look at.

    Raises:
        ExtraCopies: Some were; the message says how many, and what they moved.
    """
    moved = device_copies(evidence, beyond=beyond)
    if moved:
        first = moved[0]
        what = (
            f"{first.nbytes:,} bytes"
            if isinstance(first, Copy)
            else f"{first.elements:,} elements ({_short(first.name)})"
        )
        many = f"{len(moved)} copies on the GPU moved data{_in(where)}, the first"
        count = many if len(moved) > 1 else f"A copy on the GPU{_in(where)} moved"
        msg = f"{count} {what}. Expected was none."
        raise ExtraCopies(
            msg, hint=hint or "Look for copy, ascontiguousarray, astype and x[...] =."
        )


def expect_fused_matmul(
    evidence: Evidence,
    *,
    epilogs: Sequence[str],
    runs: int = 1,
    beyond: int = 0,
    where: str = "",
) -> None:
    """
    Judge that nvmath ran the product with an epilog, and nothing else computed.

    Trying algorithms out (autotuning) is free, and so are the kernels that cuBLASLt adds
    to a product of its own accord.

    Args:
        evidence: What the call did.

        epilogs: The names of the epilogs that are right.

        runs: How many products there should be.

        beyond: The number of elements up to which a kernel prepares parameters.

        where: The case, for the message.

    Raises:
        NotFused: There was no such product, another number of them, or some other
            kernel computed.
    """
    ran = matmul_runs(evidence)
    if not ran:
        names = kernel_names([k for k in evidence.kernels if k.kind in COMPUTING])
        seen = f"the kernels were {names}" if names else "no kernel computed anything"
        msg = (
            f"nvmath.linalg.advanced ran no product{_in(where)}; {seen}. Expected "
            f"{_were(runs)}, with the epilog {epilogs[0]}."
        )
        kept = "Nothing was computed: is the result that of an earlier call?"
        usual = "Epilogs belong to nvmath.linalg.advanced."
        raise NotFused(msg, hint=usual if names else kept)
    other = [op for op in ran if op.kind not in epilogs]
    if other:
        msg = (
            f"nvmath's product had the epilog {other[0].kind}{_in(where)}. Expected was "
            f"{epilogs[0]}, or another that does the same."
        )
        hint = (
            "DEFAULT is no epilog at all: what does the argument epilog say?"
            if other[0].kind == "DEFAULT"
            else "list(nvmath.linalg.advanced.MatmulEpilog) names what there is."
        )
        raise NotFused(msg, hint=hint)
    if len(ran) != runs:
        msg = f"nvmath ran {len(ran)} products{_in(where)}. Expected {_were(runs)}."
        raise NotFused(msg, hint="How often is the product executed, and for what?")
    expect_no_elementwise(evidence, beyond=beyond, where=where)
    # cuBLASLt may take several launches for a product: for float64 with a mask, or with
    # other algorithms than the first.
    products = product_kernels(evidence)
    different = {_family(kernel.name) for kernel in products}
    # The simulator notes a product once it has run.
    begins_first = evidence.recorded_on == "cuda"
    first = min(run.start for run in ran) if begins_first else 0.0
    early = [k for k in products if first and k.start < first]
    if (len(different) > runs or early) and not was_autotuned(evidence):
        msg = (
            f"{len(products)} kernels multiplied matrices{_in(where)}: "
            f"{kernel_names(products)}. Expected {_were(runs)}."
        )
        raise NotFused(msg, hint="Is there another product, of CuPy's, beside it?")


def count_products(kernels: Sequence[Kernel]) -> int:
    """
    Return how many products these kernels are, as :func:`product_kernels` gives them.

    cuBLAS may divide one among kernels of one tile, each of another name; the same kernel
    twice is two products.
    """
    launches = Counter(kernel.name for kernel in kernels)
    of_family: dict[str, int] = {}
    for name, count in launches.items():
        of_family[_family(name)] = max(count, of_family.get(_family(name), 0))
    return sum(of_family.values())


def kernel_names(kernels: Sequence[Kernel]) -> str:
    """Return the kernels' names for a message: shortened, the first few of them."""
    shown = ", ".join(_short(kernel.name) for kernel in kernels[:_SHOWN])
    more = len(kernels) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _family(name: str) -> str:
    """Return what the kernels have in common that one product may be divided among."""
    found = _TILE.match(name)
    return found[0] if found else name


def _short(name: str) -> str:
    if name.startswith(_CUPY):
        return name.split("__")[0]
    return name if len(name) <= 60 else f"{name[:57]}..."  # noqa: PLR2004 - a line


def _is_helper(kernel: Kernel, evidence: Evidence) -> bool:
    own = kernel.name.lower().startswith(_CUPY)
    return not own and _is_beside_a_product(kernel, evidence)


def _is_beside_a_product(kernel: Kernel, evidence: Evidence) -> bool:
    if evidence.recorded_on == "simulator" or is_of_numba(kernel.name):
        return False
    lowered = kernel.name.lower()
    return bool(_BESIDE_A_PRODUCT.search(lowered)) or any(
        _EPILOGUE.search(name) or _PART.search(name[: max(0, name.rfind("memset"))])
        for name in _OF_CUBLAS.findall(lowered)
    )


def _is_beyond(kernel: Kernel, elements: int) -> bool:
    # Where nothing is allowed nothing needs room; else a launch is whole blocks.
    return kernel.elements > elements + (LARGEST_BLOCK if elements else 0)


def _in(where: str) -> str:
    return f" for {where}" if where else ""


def _were(count: int) -> str:
    return "was one" if count == 1 else f"were {count}"
