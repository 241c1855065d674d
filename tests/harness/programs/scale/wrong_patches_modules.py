# Breaks the modules that the worker itself uses.
# expect: failed values crashed
import json
import socket
import struct
import time

import numpy as np


def broken(*args, **kwargs):
    raise RuntimeError("patched")


def scale(image, factor):
    for module, names in {
        time: ["time", "perf_counter", "monotonic", "sleep"],
        json: ["dumps", "loads"],
        struct: ["pack", "unpack"],
        np: ["asarray", "frombuffer", "ascontiguousarray", "array"],
        socket.socket: ["send", "sendall", "recv", "recv_into"],
    }.items():
        for name in names:
            setattr(module, name, broken)
    return None
