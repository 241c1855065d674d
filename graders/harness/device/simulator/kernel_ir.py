"""Turns the LLVM IR that numba-cuda made of a kernel into checked host code.

As for callbacks (``callback_ir``), the IR is the one that NVVM compiles for the GPU.
Loads and stores are checked against the arrays that the kernel was given. Threads run
one after the other; those of a kernel that waits for others run as fibers, each on a
stack of its own, and change places where they wait. Imports nothing of the engine but
``callback_ir`` and its parts, ``device_random``, ``kernel_parts`` and
``not_modelled``.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import re
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator import (
    callback_ir,
    device_random,
    half_floats,
    kernel_parts,
    libdevice,
)
from graders.harness.device.simulator.kernel_parts import (
    BARRIER,
    CONTEXT,
    FIRST_FFT,
    WARP,
)
from graders.harness.device.simulator.not_modelled import not_modelled

_serial = itertools.count(1)
_SREG = re.compile(r"llvm\.nvvm\.read\.ptx\.sreg\.((?:n?tid|n?ctaid)\.[xyz])")
# How threads wait for those of their block, and of their warp; what they pass on with it,
# a barrier's number or which threads of the warp, is left out.
_WAITS = {
    "grader.barrier": r"barrier0|barrier\.sync|barrier\.cta\.sync[\w.]*",
    "grader.warp": r"bar\.warp\.sync",
}
_SHARED_SIZE = re.compile(
    r'call i32 asm sideeffect "mov\.u32 \$0, %dynamic_smem_size;", "=r"\(\)'
)
_FFT = re.compile(r"^declare .*?@\"?simulated_cufftdx_(\d+)\"?\((.*?)\)", re.MULTILINE)
_DYNAMIC = re.compile(r"(?m)^(@\S+) = external .*?global \[0 x .*$")
_STATIC = re.compile(r"(?m)^@(\S+) = (?:internal )?global (\[.*\]) undef.*$")
_CONSTANT = re.compile(r"(?m)^@(\S+) = internal (?:\w+ )*constant (\[\d+ x \w+\])")
_DECLARED = re.compile(r"(?m)^declare .*@\"?(sreg|grader)\.\S+\(.*$")


def _instrument(text: str) -> str:
    lines = text.splitlines()
    definitions = {
        m[1]: m[2]
        for line in lines
        if (m := callback_ir._DEFINITION.match(line))  # noqa: SLF001
    }
    out: list[str] = []
    for number, line in enumerate(lines):
        kind, match = "read", callback_ir._LOAD.match(line)  # noqa: SLF001
        if match is None:
            kind, match = "write", callback_ir._STORE.match(line)  # noqa: SLF001
        if match is None:
            out.append(line)
            continue
        start, what, pointer, rest = match.groups()
        value = what if kind == "read" else callback_ir._leading_type(what)  # noqa: SLF001
        size = callback_ir._SIZE.format(value)  # noqa: SLF001
        roots = callback_ir._roots(pointer, definitions, set())  # noqa: SLF001
        if roots == {"stack"} or roots == {pointer}:
            out.append(line)
            continue
        checked = f"%checked.{number}"
        call = f"  {checked} = call ptr @check_{kind}(ptr {pointer}, i64 {size})"
        out += [call, f"{start}{what}, ptr {checked}{rest}"]
    return "\n".join(out)


# A call of anything but what moves bytes and what tells a thread its place.
_CALLS = re.compile(
    r"call [^\n]*@(?!sreg\.|llvm\.(?:mem|lifetime|dbg|assume)|grader\.)"
)
_RESULT = re.compile(r"^\s*(%\S+) = (\w+) ")
_NAMES = re.compile(r"%[\w.$-]+")
# What passes a number on as it is, but for its type.
_PASSES = frozenset({"fptrunc", "fpext", "bitcast", "extractvalue", "insertvalue"})


def _only_copies(text: str) -> bool:
    """
    Return whether a kernel stores nothing but numbers that it loaded, as they are.

    Nothing else may be done with these: a comparison decides, an index selects, and
    arithmetic with the bits of a number is arithmetic with the number.
    """
    if _CALLS.search(text):
        return False
    loaded: set[str] = set()
    for line in text.splitlines():
        names = _NAMES.findall(line)
        if store := callback_ir._STORE.match(line):  # noqa: SLF001
            if names[:1] != _NAMES.findall(store[2])[-1:] or names[0] not in loaded:
                return False
            if loaded.intersection(names[1:]):
                return False
            continue
        result = _RESULT.match(line)
        uses = loaded.intersection(names[1:] if result else names)
        if result and (result[2] in _PASSES if uses else result[2] == "load"):
            loaded.add(result[1])
        elif uses:
            return False
    return True


@dataclass
class HostKernel:
    """
    A kernel as host code.

    Attributes:
        types: The LLVM types of its parameters.

        waits: Whether its threads wait for each other.

        only_copies: Whether it stores nothing but numbers that it loaded, as they are.

        static: Address and length of each static shared array.

        constants: Likewise of the arrays that it takes from around itself.

        shared: Address of the dynamic shared memory.

        context: The context, by the names in :data:`CONTEXT`.

        run: The function that runs all threads, given the slots; where threads wait, the
            one that resumes fibers, given their contexts, places, and room for events.

        fiber: The address of the function that runs one thread as a fiber, or 0.
    """

    types: list[str]
    waits: bool
    only_copies: bool
    static: list[tuple[int, int]]
    constants: list[tuple[int, int]]
    shared: int
    context: npt.NDArray[np.int64]
    run: Any
    fiber: int


def build(texts: list[str], entry: str) -> HostKernel:
    """
    Compile a kernel for the host.

    Args:
        texts: The LLVM IR modules that numba-cuda made of it.

        entry: The kernel's name in them.

    Raises:
        NotModelled: It calls a function that the host has no counterpart of.
    """
    machine, engine = callback_ir._engine()  # noqa: SLF001
    hosted = [_for_host(text) for text in texts]
    whole = "\n".join(hosted)
    ffts = dict(_FFT.findall(whole))
    random = device_random.calls(whole)
    _refuse(whole, random)
    module = _linked(hosted)
    function = module.get_function(entry)
    types = [str(argument.type) for argument in function.arguments]
    for item in module.functions:
        item.linkage = "external"
        if not item.is_declaration and item.name != entry:
            item.linkage = "internal"
    callback_ir._simplify(module, machine)  # noqa: SLF001
    only_copies = not (random or ffts) and _only_copies(str(module))
    text, static = _with_shared(_DECLARED.sub("", _instrument(str(module))))
    text, constants = _with_constants(text)
    text = _without_declarations(
        text, random | {f"simulated_cufftdx_{n}" for n in ffts}
    )
    waits = bool(ffts) or any(name in whole for name in _WAITS)
    text += kernel_parts.PREAMBLE + kernel_parts.REGISTERS
    text += kernel_parts.thread(entry, types)
    text += kernel_parts.fibers() if waits else kernel_parts.loops()
    text += _missing(text, random, ffts)
    number = next(_serial)
    for name in ("kernel_context", "kernel_run", "kernel_fiber", "kernel_shared"):
        text = re.sub(rf"@{name}\b", f"@{name}_{number}", text)
    for name, _ in static + constants:
        text = re.sub(rf"@{re.escape(name)}(?![\w.$])", f"@array_{number}_{name}", text)
    module = llvm.parse_assembly(text)
    _close(module)
    _optimise(module, machine)
    engine.add_module(module)
    engine.finalize_object()
    at = engine.get_global_value_address
    memory: Any = (ctypes.c_int64 * len(CONTEXT)).from_address(
        at(f"kernel_context_{number}")
    )
    kinds = [*[ctypes.c_void_p] * 3, ctypes.c_int64] if waits else [ctypes.c_void_p]
    run = engine.get_function_address(f"kernel_run_{number}")
    fiber = engine.get_function_address(f"kernel_fiber_{number}") if waits else 0
    return HostKernel(
        types=types,
        waits=waits,
        only_copies=only_copies,
        static=[(at(f"array_{number}_{name}"), size) for name, size in static],
        constants=[(at(f"array_{number}_{name}"), size) for name, size in constants],
        shared=at(f"kernel_shared_{number}"),
        context=np.frombuffer(memory, dtype=np.int64),
        run=ctypes.CFUNCTYPE(None, *kinds)(run),
        fiber=fiber,
    )


def _for_host(text: str) -> str:
    text = _SREG.sub(r"sreg.\1", text)
    for name, intrinsics in _WAITS.items():
        called = rf'@"?llvm\.nvvm\.(?:{intrinsics})"?\([^)]*\)'
        text = re.sub(rf"(?m)^declare void {called}.*$", "", text)
        text, count = re.subn(called, f"@{name}()", text)
        text += f"\ndeclare void @{name}()\n" if count else ""
    if _SHARED_SIZE.search(text):
        text = _SHARED_SIZE.sub("call i32 @sreg.smem()", text)
        text += "\ndeclare i32 @sreg.smem()\n"
    text = re.sub(r"(?m)^(!nvvm\.annotations|@\"llvm\.used\").*$", "", text)
    hosted = libdevice.rename(callback_ir._for_host(text))  # noqa: SLF001
    return half_floats.translate(hosted)


def _refuse(text: str, random: set[str]) -> None:
    unknown = random - device_random.NAMES
    if unknown:
        feature = f"nvmath.device.random behind {sorted(unknown)[0]}"
        raise not_modelled(feature)
    if callback_ir._ASSEMBLY.search(text):  # noqa: SLF001
        # LLVM ends the process over assembly that is not the host's.
        feature = "Inline PTX in a kernel"
        raise not_modelled(feature)


def _linked(hosted: list[str]) -> Any:
    module = llvm.parse_assembly(hosted[0])
    for text in hosted[1:]:
        module.link_in(llvm.parse_assembly(text))
    declared = set().union(*(libdevice.special_calls(text) for text in hosted))
    if declared:
        module.link_in(llvm.parse_assembly(libdevice.definitions(declared)))
    return module


Arrays = list[tuple[str, int]]


def _with_shared(text: str) -> tuple[str, Arrays]:
    """Give the dynamic shared arrays one place, and make the static ones findable."""
    text = _DYNAMIC.sub(r"\1 = alias i8, ptr @kernel_shared", text)
    static: Arrays = []

    def found(match: re.Match[str]) -> str:
        static.append((match[1].strip('"'), _bytes(match[2])))
        return f"@{match[1]} = global {match[2]} zeroinitializer, align 64"

    return _STATIC.sub(found, text), static


def _with_constants(text: str) -> tuple[str, Arrays]:
    """Make the arrays findable that a kernel takes from around itself."""
    constants: Arrays = []

    def found(match: re.Match[str]) -> str:
        constants.append((match[1].strip('"'), _bytes(match[2])))
        return f"@{match[1]} = constant {match[2]}"

    return _CONSTANT.sub(found, text), constants


def _bytes(array: str) -> int:
    counts = [int(n) for n in re.findall(r"(\d+) x ", array)]
    scalar = array.rstrip("]").rpartition(" ")[2]
    bits = {"float": 32, "double": 64, "half": 16, "ptr": 64}.get(scalar) or int(
        scalar.lstrip("i") if scalar.lstrip("i").isdigit() else 64
    )
    total = max(1, bits // 8)
    for count in counts:
        total *= count
    return total


def _without_declarations(text: str, names: set[str]) -> str:
    pattern = "|".join(re.escape(name) for name in sorted(names)) or "(?!)"
    return re.sub(rf'(?m)^declare .*@"?(?:{pattern})"?\(.*$', "", text)


def _missing(text: str, random: set[str], ffts: dict[str, str]) -> str:
    """Return the definitions of what the kernel calls."""
    added = ""
    if random:
        # The kernel's IR may declare the same functions of the C library.
        added += "\n".join(
            line
            for line in device_random.definitions(random).splitlines()
            if not (line.startswith("declare ") and _declares(text, line))
        )
    for number, parameters in ffts.items():
        two = parameters.count(",") == 1
        second = "ptr %b" if two else "ptr null"
        added += (
            f"\ndefine void @simulated_cufftdx_{number}(ptr %a{', ptr %b' if two else ''})"
            f" {{\n  call void @kernel_wait(i64 {FIRST_FFT + int(number)}, ptr %a, "
            f"{second})\n  ret void\n}}\n"
        )
    for name, why in zip(_WAITS, (BARRIER, WARP), strict=True):
        if f"call void @{name}()" in text:
            added += (
                f"\ndefine internal void @{name}() {{\n"
                f"  call void @kernel_wait(i64 {why}, ptr null, ptr null)\n  ret void\n}}\n"
            )
    return added


def _declares(text: str, declaration: str) -> bool:
    name = declaration.partition("@")[2].partition("(")[0]
    return re.search(rf"(?m)^declare .*@{re.escape(name)}\(", text) is not None


def _close(module: Any) -> None:
    """Keep the entry points visible; refuse what nobody defines."""
    for function in module.functions:
        if not function.is_declaration:
            public = function.name.startswith(("kernel_run", "kernel_fiber"))
            function.linkage = "external" if public else "internal"
        elif function.name == "swapcontext":
            llvm.add_symbol(function.name, _address("swapcontext"))
        elif not libdevice.is_known(function.name):
            feature = f"{libdevice.spoken(function.name)} in a kernel"
            raise not_modelled(feature)


def _optimise(module: Any, machine: Any) -> None:
    module.triple = machine.triple
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    module.verify()


@functools.cache
def libc() -> Any:
    """Return the C library, which switches between fibers."""
    return ctypes.CDLL(None)


def _address(name: str) -> int:
    address = ctypes.cast(getattr(libc(), name), ctypes.c_void_p).value
    assert address is not None
    return address
