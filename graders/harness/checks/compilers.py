"""Tell a compiler's complaints about a callback or a kernel, and what each one means."""

from __future__ import annotations

import re
from collections.abc import Collection

_MODULES = (
    "numba.",
    "numba_cuda.",
    "llvmlite.",
    "cuda.core.",
    "cupy.cuda.compiler.",
    "cuda.bindings.nvjitlink.",
    "cuda.bindings.nvvm.",
    "cuda.bindings._internal.nvvm.",
)
_LINK_ERRORS = ("CUFFT_NVJITLINK_FAILURE", "CUFFT_INTERNAL_ERROR")
# What the driver says, through cuda.core, of a kernel that was compiled well.
_LAUNCH_ERROR = re.compile(r"CUDA_ERROR_(?:INVALID_VALUE|LAUNCH_\w+|ILLEGAL_\w+)")
# What numba-cuda raises as Python's own TypeError and NotImplementedError.
_TEXTS = ("Signature mismatch: ", "No definition for lowering ")
# From here on numba lists everything that it tried.
_CANDIDATES = re.compile(r"\s+There are \d+ candidate implementations")
# What a compiler's text means for a callback or a kernel, the first that fits.
_HINTS = (
    (
        r"np\.\w+ does not compile",
        "Inside a kernel or callback use the functions of Python's module math, those of "
        "cmath for complex numbers, or operators.",
    ),
    (
        r"\.ltoir not found",
        "The files that a Compile object names are removed when the object is: keep it, "
        "in a variable of the module, until the kernel has been compiled.",
    ),
    (
        r"Unresolved extern function '\w*(?:curand|cufftdx|libmathdx)",
        "The library's code is missing: a kernel that calls it is linked with the files of "
        "the Compile object, @cuda.jit(link=compiled.files, extensions=...).",
    ),
    (
        r"FFT\([^)]*\)? as a callable|Invalid use of FFT\(",
        "Inside a kernel a transform is run by its method: "
        "transform.execute(thread_data, shared).",
    ),
    (
        r"ol_fft_numba_execute",
        "The arrays that execute gets hold elements of the transform's value_type, in "
        "cuda.local.array and in cuda.shared.array.",
    ),
    (
        r"[gs]etitem\((?:float|uint)\d+x[24],",
        "The numbers of one draw have names: .x, .y, .z and .w.",
    ),
    (
        r"function curand_\w+ at",
        "Not every generator draws every kind of number: the text lists which do.",
    ),
    (
        r"Signature mismatch",
        "A prolog takes (data_in, offset, user_info, reserved), an epilog (data_out, "
        "offset, data, user_info, reserved).",
    ),
    (
        r"No conversion from none to",
        "A prolog returns the element that it loads, on every path.",
    ),
    (
        r"No conversion from \S+ to none",
        "An epilog returns nothing: it stores, data_out[offset] = ...",
    ),
    (
        r"getitem\(\S+, float|setitem\(\S+, float"
        r"|[gs]etitem\((?:\w+ )?\w+\([^()]*\), (?:\w*Tuple\([^()]*)?float",
        "An index is an integer: // keeps it one, / and divmod do not, nor does mixing "
        "signed and unsigned numbers.",
    ),
    (
        r"NameError: name '\w+' is not defined",
        "A callback or kernel sees the names of its module and of the function around it, "
        "as they are when it is compiled: is this one spelt so?",
    ),
    (
        r"ERROR_INVALID_IR",
        "A callback can neither raise nor assert, nor index a tuple by a variable or loop "
        "over one; a NumPy array from outside can be indexed so.",
    ),
    (
        r"<function (?:local|shared)\.array|\b(?:local|shared)\.array\(int64",
        "How many elements a local or shared array has is a constant when the kernel is "
        "compiled: work it out outside the kernel, into a variable of its own.",
    ),
    (
        r"'Debug Info Version'",
        "Leave out lineinfo and debug: this CUDA does not link a kernel that has line "
        "tables with the library's code, which has none.",
    ),
    (
        r"vector\(float\d\dx2\)",
        "An element of nvmath.device's value_type is a pair, .x and .y, until it is "
        "multiplied by a complex number: it has no real and no conjugate, and no plain "
        "number can be stored there.",
    ),
    (
        r"No definition for lowering .*complex|np_clip|clip\(",
        "Inside a callback elements are single numbers: min and max take real ones, and "
        "the dtype string says which they are.",
    ),
    (
        "|".join(_LINK_ERRORS),
        "A plan links only the callback made for it: compile_prolog for a prolog, "
        "compile_epilog for an epilog, with the dtype of the operand or of the result. "
        "float16 arithmetic does not link.",
    ),
)


def refuse(types: Collection[str], text: str) -> bool:
    """
    Say whether an exception is a compiler's or a linker's.

    Args:
        types: The exception's type and its bases, with their modules.

        text: What it says.
    """
    if any(part in text for part in _LINK_ERRORS + _TEXTS):
        return True
    is_launch = _LAUNCH_ERROR.search(text) is not None
    return any(name.startswith(_MODULES) for name in types) and not is_launch


def without_candidates(text: str) -> str:
    """Return a compiler's text without the list of everything that numba tried."""
    return _CANDIDATES.split(text)[0]


def hint(text: str) -> str:
    """Return what a compiler's text tells the learner to look at."""
    for pattern, meaning in _HINTS:
        if re.search(pattern, text):
            return meaning
    return (
        "Look at the function that is compiled: its parameters, what it returns, and the "
        "types of the numbers in it."
    )
