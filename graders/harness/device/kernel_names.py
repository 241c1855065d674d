"""Says what a kernel or a callback does from its name. Imports nothing of the engine."""

from __future__ import annotations

import re

_SOLVER = re.compile(r"cudss")
# The last two names prepare cuFFT's transforms of lengths with a large prime factor.
_FFT = re.compile(
    r"fft|bluestein|chirp|(?:^|[^a-z])lto|real_?complex|r2c|c2r|repackc2c|processc2c"
    r"|[sd]pradix|[sd]pvector|_z15scale_conjugateilj|_z7convertilj\d+elj\d+ee"
)
_GEMM = re.compile(
    r"gemm|gemv|cutlass|cublas|xmma|nvjet|splitk|dot_kernel|magma|(?:^|_)matmul"
)
# CuPy transposes with cuBLAS, whose name is in the kernel's.
_TRANSPOSE = re.compile(r"transpose_readwrite|geam")
_RANDOM = re.compile(
    r"(?<!ope)rand|philox|xorwow|mrg32k3a|gen_sequenced|generate_seed|mtgp"
)
_FILL = re.compile(r"memset|(?:^|_)fill(?:$|_)")
_COPY = re.compile(r"memcpy|copy|transpos|concat|catarray")
_REDUCTION = re.compile(r"reduc|(?:^|[^a-z])cub(?:$|[^a-z])|devicescan")
_CUPY_REDUCTIONS = re.compile(
    r"(?:nan)?(?:sum|prod|a?max|a?min|argmax|argmin|mean|var|std)(?:_.*)?"
    r"|all|any|norm|ptp|count_nonzero|cum(?:sum|prod)(?:_.*)?"
)


# A program's own kernel in numba-cuda: its module and its name say nothing of its work. The
# module is called as the exercise is, such as "gemm_fusion" or "unitary_fft". What tells is
# the pair of tags in the symbol, which number the function and state the compiler's flags
# (mangle_identifier in numba.cuda.itanium_mangler); earlier versions put a namespace first.
_OF_NUMBA = re.compile(
    r"(?:void )?cudapy::|_zn6cudapy|_z\w+?b\d+v\d+b\d+c|.*\[abi:v\d+\]\[abi:c"
)


def kernel_kind(name: str) -> str:
    """
    Return the kind of a kernel, one of the words of :attr:`Kernel.kind`.

    The families are known by how cuFFT, cuBLAS, CuPy and nvmath name their kernels.
    What no family claims is ``"elementwise"``.

    Args:
        name: The name as CUPTI reports it, mangled or not.

    Examples:
        >>> kernel_kind("vector_fft_lto_r2c")
        'fft'
        >>> kernel_kind("void cutlass::Kernel2<cutlass_80_simt_sgemm_256x128_8x4_nn>")
        'gemm'
        >>> kernel_kind("cupy_copy__float32_float32")
        'copy'
        >>> kernel_kind("cupy_maximum__float32_float32_float32")
        'elementwise'
        >>> kernel_kind("cupy_max")
        'reduction'
        >>> kernel_kind("_ZN11gemm_fusion5scaleB2v1B72cw51cXTLSUwv1sE5ArrayIfLi2E")
        'elementwise'
    """
    lowered = name.lower()
    if lowered.startswith("cupy_"):
        return _cupy_kind(lowered)
    if is_of_numba(name):
        return "elementwise"
    for kind, pattern in (
        ("solver", _SOLVER),
        ("fft", _FFT),
        ("copy", _TRANSPOSE),
        ("gemm", _GEMM),
        ("random", _RANDOM),
        ("fill", _FILL),
        ("copy", _COPY),
        ("reduction", _REDUCTION),
    ):
        if pattern.search(lowered):
            return kind
    return "elementwise"


def is_of_numba(name: str) -> bool:
    """Return whether numba-cuda compiled a kernel, which is no library's then."""
    return _OF_NUMBA.match(name.lower()) is not None


def callback_kind(name: str) -> str:
    """
    Return what a cuFFT callback is, or an empty string where it is none.

    Args:
        name: The symbol that cuFFT looks for.

    Examples:
        >>> callback_kind("_Z24cufftJITCallbackLoadRealPvyS_S_")
        'prolog'
        >>> callback_kind("_Z28cufftJITCallbackStoreComplexPvy6float2S_S_")
        'epilog'
    """
    if "cufftJITCallback" not in name:
        return ""
    return "prolog" if "CallbackLoad" in name else "epilog"


def _cupy_kind(lowered: str) -> str:
    # CuPy names a kernel cupy_<operation>__<types>: only the operation may decide, or
    # cupy_copy__float32 and a fused cupy_multiply_copy would be told apart by types.
    operation = lowered.removeprefix("cupy_").split("__")[0]
    if _CUPY_REDUCTIONS.fullmatch(operation) or "reduc" in operation:
        return "reduction"
    for kind, pattern in (
        ("random", _RANDOM),
        ("fill", _FILL),
        ("copy", _COPY),
        ("gemm", _GEMM),
    ):
        if pattern.search(operation):
            return kind
    return "elementwise"
