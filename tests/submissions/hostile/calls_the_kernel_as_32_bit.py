# Makes system calls in the 32-bit way, whose numbers a filter may not know.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches crashed
# needs: system calls

import ctypes
import mmap

import numpy as np


def case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


# mov eax, 359 (socket); mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80; ret, with rbx kept
CODE = bytes.fromhex("53b867010000bb02000000b90100000031d2cd805bc3")
page = mmap.mmap(
    -1,
    4096,
    flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
    prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC,
)
page.write(CODE)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
if ctypes.CFUNCTYPE(ctypes.c_int)(address)() < 0:
    raise PermissionError("no socket came of it")


def make_case():
    return case()


def matches(candidate):
    return True
