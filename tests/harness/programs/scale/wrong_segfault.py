# Reads from address 0.
# expect: failed values crashed
# says: scale took its process down: it was ended by SIGSEGV.
import ctypes


def scale(image, factor):
    return ctypes.string_at(0)
