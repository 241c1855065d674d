"""Code of NVIDIA's device libraries that is compiled once and not in each worker.

``nvmath.device`` compiles a cuFFTDx transform, or all of cuRAND's device functions, in
some five seconds of CPU time each. The result depends on their parameters alone, never on
a program. What the rubric lists is compiled ahead by a process of ours and read by
workers; all else they compile themselves. Imports nothing of the engine, but for CuPy's
kernels the module beside it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import mmap
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SUFFIX = ".ltoir"
_IMPORTED = {
    "cupy": "cupy", "fft": "nvmath.device", "random": "nvmath.device.random",
}  # fmt: skip
# How programs ask for a transform of one row a block: the direction, whether they say that
# it is one, and whether they say how many elements a thread has. Each gives other code.
_WAYS = (
    ("forward", 1, False),
    ("inverse", 1, True),
    ("inverse", 1, False),
    ("forward", None, False),
    ("inverse", None, False),
)


def read(folder: Path) -> dict[str, mmap.mmap]:
    """
    Return what a folder holds, by name; nothing where there is no such folder.

    The files are mapped, so that they can be read after the sandbox has closed them off.
    """
    known = {}
    for path in folder.glob("*.*"):
        if path.suffix[1:].isdigit():
            continue  # being written, by the process with this number
        with suppress(OSError, ValueError), path.open("rb") as file:
            known[path.name] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return known


def use(known: Mapping[str, mmap.mmap]) -> None:
    """Let this process's ``nvmath.device`` and CuPy take their code from here."""
    if not known:
        return
    _cupy_code().use(known)
    if any(name.endswith(_SUFFIX) for name in known):
        _leave_out_unused_tables()
        _replace(lambda key, _make: _content(known.get(key + _SUFFIX)))


def compile_ahead(folder: Path, wanted: Sequence[Sequence[Any]], jobs: int) -> bool:
    """
    Compile what a folder lacks; return whether it then holds everything.

    Args:
        folder: Where the code goes.

        wanted: ``("random",)``, ``("fft", size, precision)``: complex transforms of one
            row a block, or ``("cupy", group)``: see :data:`cupy_code.GROUPS`.

        jobs: How many processes compile.
    """
    tasks: list[Sequence[Any]] = [
        ("cupy", *part)
        for kind, *group in wanted
        if kind == "cupy"
        for part in _cupy_code().parts_of(*group)
    ]
    tasks += [(*item, *way) for item in wanted if item[0] == "fft" for way in _WAYS]
    tasks += [item for item in wanted if item[0] == "random"]
    # CUDA is initialised in the children alone.
    with ProcessPoolExecutor(
        min(jobs, len(tasks)) or 1, mp_context=get_context("fork")
    ) as pool:
        return all(pool.map(functools.partial(_compile, folder), tasks))


def _cupy_code() -> Any:
    # By name: as a script this module has no package, and an import path only later.
    return importlib.import_module("graders.harness.device.cupy_code")


def _compile(folder: Path, task: Sequence[Any]) -> bool:
    """Make one piece of code the way that programs do, and keep it where it is new."""
    if task[0] == "cupy":
        _cupy_code().compile_part(folder, *task[1:])
        return True
    known = read(folder)

    def keep(key: str, make: Callable[[], tuple[Mapping[str, Any], bytes]]) -> Any:
        name = key + _SUFFIX
        if name not in known:
            head, code = make()
            content = json.dumps(dict(head)).encode() + b"\n" + code
            _cupy_code().write_whole(folder / name, content)
            known.update(read(folder))
        return _content(known[name])

    _replace(keep)
    if task[0] == "fft":
        _compile_transform(*task[1:])
    else:
        importlib.import_module("nvmath.device.random").Compile()
    return True


def _compile_transform(
    size: int, precision: str, direction: str, rows: int | None, says_share: bool
) -> None:
    device = importlib.import_module("nvmath.device")
    make = functools.partial(
        device.FFT,
        size=size,
        precision=getattr(importlib.import_module("numpy"), precision),
        fft_type="c2c",
        execution="Block",
        direction=direction,
        ffts_per_block=rows,
    )
    transform = make()
    if says_share:
        transform = make(elements_per_thread=transform.elements_per_thread)
    code_type = importlib.import_module(
        "nvmath.device.common_cuda"
    ).get_default_code_type()
    importlib.import_module("nvmath.device.cufftdx").compile_fft_execute(
        transform, code_type, "register_memory"
    )


def _content(stored: mmap.mmap | None) -> tuple[dict[str, Any], bytes] | None:
    if stored is None:
        return None
    head, _, code = stored[:].partition(b"\n")
    return json.loads(head), code


def _replace(find: Any) -> None:
    """
    Put ``find`` before both compilers.

    Args:
        find: Takes a key, and a function that compiles and returns a head and the code;
            returns such a pair, or None where the compiler is to do it as ever.
    """
    _replace_transforms(find)
    _replace_random(find)


def _leave_out_unused_tables() -> None:
    """
    Have kernels linked without the libraries' tables that they do not use.

    A transform of 16 elements brings the tables of all lengths along, 1 MB of them; without
    this they all become part of the kernel. To link one takes a quarter less time so, and
    to load it nearly none (nvJitLink 13.5, ``-optimize-unused-variables``).
    """
    linker: Any = importlib.import_module("numba.cuda.cudadrv.driver")._Linker
    usual = linker._get_linker_options

    @functools.wraps(usual)
    def options(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = usual(self, *args, **kwargs)
        if self._has_ltoir:  # it belongs to the optimisation when linking
            found.optimize_unused_variables = True
        return found

    linker._get_linker_options = options


def _replace_transforms(find: Any) -> None:
    cufftdx = importlib.import_module("nvmath.device.cufftdx")
    common = importlib.import_module("nvmath.device.common_cuda")
    compile_ = cufftdx.compile_fft_execute

    @functools.wraps(compile_)
    def compile_fft_execute(
        fft: Any, code_type: Any, execute_api: str | None = None
    ) -> Any:
        def make() -> tuple[dict[str, Any], bytes]:
            code, symbol = compile_(fft, code_type, execute_api)
            return {"symbol": symbol, "isa": list(code.isa_version)}, code.data

        found = None
        if _is_usual(fft, code_type, execute_api):
            found = find(_transform_key(fft, code_type), make)
        if found is None:
            return compile_(fft, code_type, execute_api)
        head, data = found
        isa = common.ISAVersion(*head["isa"])
        return common.Code(code_type, isa, data), head["symbol"]

    for name in ("nvmath.device.cufftdx", "nvmath.device.cufftdx_numba"):
        module: Any = importlib.import_module(name)
        module.compile_fft_execute = compile_fft_execute


def _is_usual(fft: Any, code_type: Any, execute_api: str | None) -> bool:
    """Return whether a transform is of the kind that is compiled ahead."""
    return (
        fft.execution == "Block"
        and not fft.real_fft_options
        and getattr(code_type, "kind", "") == "lto"
        and execute_api in (None, "register_memory")
    )


def _transform_key(fft: Any, code_type: Any) -> str:
    """Return what a transform's code depends on, as a program says it."""
    return _digest(
        "cufftdx",
        fft.size,
        fft.precision.__name__,
        fft.fft_type,
        fft.direction,
        tuple(fft.sm),
        fft._ffts_per_block,
        fft._elements_per_thread,
        tuple(code_type.cc),
    )


def _replace_random(find: Any) -> None:
    random: Any = importlib.import_module("nvmath.device.random")
    program_class, object_class = random.Program, random.ObjectCode

    class Program:
        """``cuda.core.Program``, as far as ``nvmath.device.random`` uses it."""

        def __init__(self, code: Any, code_type: str, options: Any) -> None:
            self._key = _digest(
                "curand", str(code), code_type, options.arch, options.std
            )
            self._arguments = (code, code_type, options)

        def compile(self, target_type: str) -> Any:
            def make() -> tuple[dict[str, Any], bytes]:
                made = program_class(*self._arguments).compile(target_type)
                return {}, bytes(made.code)

            found = find(self._key, make) if target_type == "ltoir" else None
            if found is None:
                return program_class(*self._arguments).compile(target_type)
            return object_class.from_ltoir(found[1])

    random.Program = Program


@functools.cache
def _compilers() -> tuple[str, ...]:
    """Return the versions of what compiles: other ones give other code."""
    mathdx = importlib.import_module("nvmath.bindings.mathdx")
    nvrtc = importlib.import_module("cuda.bindings.nvrtc")
    nvmath = importlib.import_module("nvmath")
    return (nvmath.__version__, str(mathdx.get_version_ex()), str(nvrtc.nvrtcVersion()))


def _digest(*facts: Any) -> str:
    return hashlib.sha256(repr((_compilers(), facts)).encode()).hexdigest()[:40]


def main(argv: Sequence[str]) -> int:
    """
    Compile ahead; run as a script by the supervisor.

    Args:
        argv: The folder, what is wanted as JSON, how many processes, the import path as
            JSON, and the name of a file that is made when the folder holds everything.
    """
    folder, wanted, jobs, import_path, done = argv
    sys.path[:] = json.loads(import_path)
    for kind in {item[0] for item in json.loads(wanted)}:
        importlib.import_module(_IMPORTED[kind])  # once for all processes that compile
    if compile_ahead(Path(folder), json.loads(wanted), int(jobs)):
        (Path(folder) / done).touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
