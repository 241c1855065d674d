"""Which files a worker may see: system, interpreter, packages, its own scratch folder.

Landlock allows what lies beneath a path and cannot take a part of it back. A folder that
holds something hidden is therefore opened up: each of its entries gets a rule but the one
that leads there. Imports nothing of the engine but ``landlock``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from graders.harness.worker.landlock import DEVICE, READ, WRITE, Access, Rule

_SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/nix/store", "/sys",
)  # fmt: skip
#: Of ``/etc``: what libraries read, and no passwords or keys.
_SETTINGS = (
    "OpenCL", "alternatives", "debian_version", "fonts", "group", "host.conf", "hosts",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf",
    "localtime", "lsb-release", "mime.types", "nsswitch.conf", "nvidia",
    "nvidia-container-runtime", "os-release", "passwd", "timezone",
)  # fmt: skip
#: Of ``/proc``: what tells of the machine, and nothing of any process.
_MACHINE = (
    "cpuinfo", "meminfo", "stat", "version", "uptime", "loadavg", "filesystems",
    "devices", "modules", "sys", "driver",
)  # fmt: skip
_STREAMS = ("null", "full", "random", "urandom")
#: The driver's device nodes, and WSL's.
_GPU_NODES = ("nvidia*", "dxg")
_LIBRARY_VARIABLES = (
    "LD_LIBRARY_PATH",
    "CUDA_PATH",
    "CUDA_HOME",
    "NVMATH_LIBRARY_PATH",
)
# What of the engine a worker runs.
_ENGINE = ("device", "worker")
_DEPTH = 12


def shared_rules(root: str) -> list[Rule]:
    """
    Return the rules that are the same for all workers of a fork server.

    Args:
        root: The folder that holds ``graders/`` and ``reference/``.
    """
    hidden = _hidden(root)
    engine = [f"{root}/graders/harness/{name}" for name in _ENGINE]
    readable = [*_SYSTEM, *_interpreter(root), *engine]
    rules = [(path, READ) for path in _opened_up(readable, hidden)]
    rules += [(f"/etc/{name}", READ) for name in _SETTINGS]
    rules += [(f"/proc/{name}", READ) for name in _MACHINE]
    plain = Access.READ_FILE | Access.WRITE_FILE
    rules += [(f"/dev/{name}", plain) for name in _STREAMS]
    rules.append(("/dev/zero", Access.READ_FILE))  # mapped for writing, it is memory
    return rules + [(str(node), DEVICE) for node in gpu_nodes()]


def gpu_nodes() -> list[Path]:
    """Return the device nodes of the GPU driver."""
    return [node for glob in _GPU_NODES for node in sorted(Path("/dev").glob(glob))]


def own_rules(scratch: str, caches: str) -> list[Rule]:
    """
    Return the rules of one worker; call it in the worker itself.

    Args:
        scratch: Its folder: the submission in it may be read, the work folder written.

        caches: The folder of its owner's compiled kernels, or nothing.
    """
    mine = (
        READ | Access.WRITE_FILE | Access.TRUNCATE
    )  # the CUDA driver names its threads
    rules = [
        (f"/proc/{os.getpid()}", mine),
        (f"{scratch}/submission", READ),
        (f"{scratch}/work", WRITE),
    ]
    return [*rules, (caches, WRITE)] if caches else rules


def needed_paths(root: str) -> list[str]:
    """Return folders that must be readable for a worker under another user."""
    return [
        *_interpreter(root),
        *(f"{root}/graders/harness/{name}" for name in _ENGINE),
    ]


def _interpreter(root: str) -> list[str]:
    libraries = [
        entry
        for name in _LIBRARY_VARIABLES
        for entry in os.environ.get(name, "").split(":")
    ]
    found = [sys.prefix, sys.base_prefix, *sys.path, *libraries]
    real = [os.path.realpath(path) for path in found if path.startswith("/")]
    return sorted({path for path in real if path != root and path != "/"})


def _hidden(root: str) -> list[str]:
    if Path(root).name in ("site-packages", "dist-packages"):  # installed, not cloned
        names = ("assignments", "graders", "reference", "tests")
        return [f"{root}/{name}" for name in names]
    return [root]


def _opened_up(paths: Iterable[str], hidden: Iterable[str]) -> list[str]:
    """Return the paths, those that hold something hidden replaced by their entries."""
    found: list[str] = []
    for path in paths:
        found += _without(os.path.realpath(path), list(hidden), _DEPTH)
    return list(dict.fromkeys(found))


def _without(path: str, hidden: list[str], depth: int) -> list[str]:
    if path in hidden:
        return []
    if not any(h.startswith(f"{path}/") for h in hidden):
        return [path]
    if depth == 0:
        return []
    try:
        entries = [entry.path for entry in os.scandir(path) if not entry.is_symlink()]
    except OSError:
        return []
    return [p for entry in entries for p in _without(entry, hidden, depth - 1)]
