"""Turns the LLVM IR that numba-cuda made of a kernel into checked host code.

As for callbacks (``callback_ir``), the IR is the one that NVVM compiles for the GPU.
Loads and stores are checked against the arrays that the kernel was given. Threads run
one after the other; those of a kernel that waits for others run as fibers, each on a
stack of its own, and change places where they wait. Imports nothing of the engine but
``callback_ir``, ``device_random``, ``libdevice`` and ``not_modelled``.
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
    libdevice,
)
from graders.harness.device.simulator.not_modelled import not_modelled

MAX_RANGES = 64
SHARED_BYTES = 232_448  # a block of an H100 can have so much
# The fields of the context, all of them i64.
CONTEXT = (
    *(
        f"{kind}.{axis}"
        for kind in ("tid", "ntid", "ctaid", "nctaid")
        for axis in "xyz"
    ),
    "smem",
    "slots",
    "event",
    "event_a",
    "event_b",
    "fiber",
    "scheduler",
    *(f"{kind}_{what}" for kind in ("read", "write") for what in ("count", "address")),
    *(f"{kind}_{what}" for kind in ("read", "write") for what in ("tid", "ctaid")),
    "ranges",
    *(f"{end}{k}" for k in range(MAX_RANGES) for end in ("low", "high")),
)
INDEX = {name: k for k, name in enumerate(CONTEXT)}
# Why a fiber stopped.
DONE, BARRIER, FIRST_FFT = 0, 1, 16
_serial = itertools.count(1)
_SREG = re.compile(r"llvm\.nvvm\.read\.ptx\.sreg\.((?:n?tid|n?ctaid)\.[xyz])")
_BARRIERS = re.compile(
    r"llvm\.nvvm\.(barrier0|barrier\.sync|bar\.warp\.sync|barrier\.cta\.sync\S*?)\b"
)
_SHARED_SIZE = re.compile(
    r'call i32 asm sideeffect "mov\.u32 \$0, %dynamic_smem_size;", "=r"\(\)'
)
_FFT = re.compile(r"^declare .*?@\"?simulated_cufftdx_(\d+)\"?\((.*?)\)", re.MULTILINE)
_DYNAMIC = re.compile(r"(?m)^(@\S+) = external .*?global \[0 x .*$")
_STATIC = re.compile(r"(?m)^@(\S+) = (?:internal )?global (\[.*\]) undef.*$")
_DECLARED = re.compile(r"(?m)^declare .*@\"?(sreg|grader)\.\S+\(.*$")


def _field(name: str) -> str:
    return f"getelementptr (i64, ptr @kernel_context, i64 {INDEX[name]})"


def _check(kind: str) -> str:
    """Return the function that lets a pointer through, or gives a harmless one."""
    place = "".join(
        f"""
  %{which} = load i64, ptr {_field(which + ".x")}
  store i64 %{which}, ptr {_field(f"{kind}_{which}")}"""
        for which in ("tid", "ctaid")
    )
    return f"""
define internal ptr @check_{kind}(ptr %p, i64 %size) {{
entry:
  %a = ptrtoint ptr %p to i64
  %end = add i64 %a, %size
  %count = load i64, ptr {_field("ranges")}
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %other ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %test, label %bad
test:
  %twice = shl i64 %i, 1
  %lowp = getelementptr i64, ptr {_field("low0")}, i64 %twice
  %low = load i64, ptr %lowp
  %highp = getelementptr i64, ptr %lowp, i64 1
  %high = load i64, ptr %highp
  %above = icmp uge i64 %a, %low
  %below = icmp ule i64 %end, %high
  %inside = and i1 %above, %below
  br i1 %inside, label %good, label %other
other:
  %next = add i64 %i, 1
  br label %loop
good:
  ret ptr %p
bad:
  %seen = load i64, ptr {_field(f"{kind}_count")}
  %plus = add i64 %seen, 1
  store i64 %plus, ptr {_field(f"{kind}_count")}
  %first = icmp eq i64 %seen, 0
  br i1 %first, label %remember, label %done
remember:
  store i64 %a, ptr {_field(f"{kind}_address")}{place}
  br label %done
done:
  ret ptr @{"kernel_nothing" if kind == "read" else "kernel_dump"}
}}
"""


_REGISTERS = "".join(
    f"""
define internal i32 @sreg.{name}() alwaysinline {{
  %wide = load i64, ptr {_field(name)}
  %r = trunc i64 %wide to i32
  ret i32 %r
}}"""
    for name in ("smem", *CONTEXT[:12])
)
_PREAMBLE = (
    f"@kernel_context = global [{len(CONTEXT)} x i64] zeroinitializer\n"
    '@kernel_nothing = internal constant [256 x i8] c"' + "\\FF" * 256 + '", align 64\n'
    "@kernel_dump = internal global [256 x i8] zeroinitializer, align 64\n"
    f"@kernel_shared = global [{SHARED_BYTES} x i8] zeroinitializer, align 64\n"
    + _check("read")
    + _check("write")
    + f"""
declare i32 @swapcontext(ptr, ptr)
define internal void @kernel_wait(i64 %why, ptr %a, ptr %b) noinline {{
  %ia = ptrtoint ptr %a to i64
  %ib = ptrtoint ptr %b to i64
  store i64 %why, ptr {_field("event")}
  store i64 %ia, ptr {_field("event_a")}
  store i64 %ib, ptr {_field("event_b")}
  %from = load ptr, ptr {_field("fiber")}
  %to = load ptr, ptr {_field("scheduler")}
  %done = call i32 @swapcontext(ptr %from, ptr %to)
  ret void
}}
define void @kernel_fiber() {{
  %slots = load ptr, ptr {_field("slots")}
  call void @kernel_thread(ptr %slots)
  store i64 {DONE}, ptr {_field("event")}
  ret void
}}
"""
)


def _loops() -> str:
    """Return the loops over all blocks and threads."""
    axes = [f"{kind}.{axis}" for kind in ("ctaid", "tid") for axis in "zyx"]
    head, tail = "", ""
    for k, axis in enumerate(axes):
        outer = f"head{k - 1}" if k else "entry"
        limit = "n" + axis
        head += f"""
  br label %head{k}.begin
head{k}.begin:
  %limit{k} = load i64, ptr {_field(limit)}
  br label %head{k}
head{k}:
  %i{k} = phi i64 [ 0, %head{k}.begin ], [ %next{k}, %tail{k} ]
  store i64 %i{k}, ptr {_field(axis)}"""
        del outer
    for k in reversed(range(len(axes))):
        tail += f"""
  br label %tail{k}
tail{k}:
  %next{k} = add i64 %i{k}, 1
  %more{k} = icmp ult i64 %next{k}, %limit{k}
  br i1 %more{k}, label %head{k}, label %end{k}
end{k}:"""
    return (
        "define void @kernel_grid(ptr %slots) {\nentry:"
        + head
        + "\n  call void @kernel_thread(ptr %slots)"
        + tail
        + "\n  ret void\n}\n"
    )


def _thread(entry: str, types: list[str]) -> str:
    """Return the function that runs the kernel once, with arguments from slots."""
    lines = ["define internal void @kernel_thread(ptr %slots) alwaysinline {"]
    for k, kind in enumerate(types):
        lines += [
            f"  %p{k} = getelementptr i64, ptr %slots, i64 {k}",
            f"  %v{k} = load {kind}, ptr %p{k}",
        ]
    arguments = ", ".join(f"{kind} %v{k}" for k, kind in enumerate(types))
    return "\n".join(
        [*lines, f'  call void @"{entry}"({arguments})', "  ret void\n}\n"]
    )


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


@dataclass
class HostKernel:
    """
    A kernel as host code.

    Attributes:
        types: The LLVM types of its parameters.

        waits: Whether its threads wait for each other.

        calls: The functions of cuRAND that it calls, and the numbers of its FFTs.

        static: Address and length of each static shared array.

        shared: Address of the dynamic shared memory.

        context: The context, by the names in :data:`CONTEXT`.

        grid: The function that runs all threads.

        fiber: The address of the function that runs one thread as a fiber.
    """

    types: list[str]
    waits: bool
    calls: frozenset[str]
    static: list[tuple[int, int]]
    shared: int
    context: npt.NDArray[np.int64]
    grid: Any
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
    text, static = _with_shared(_DECLARED.sub("", _instrument(str(module))))
    text = _without_declarations(
        text, random | {f"simulated_cufftdx_{n}" for n in ffts}
    )
    text += _PREAMBLE + _REGISTERS + _thread(entry, types) + _loops()
    text += _missing(text, random, ffts)
    number = next(_serial)
    for name in ("kernel_context", "kernel_grid", "kernel_fiber", "kernel_shared"):
        text = re.sub(rf"@{name}\b", f"@{name}_{number}", text)
    for name, _ in static:
        text = re.sub(
            rf"@{re.escape(name)}(?![\w.$])", f"@shared_{number}_{name}", text
        )
    module = llvm.parse_assembly(text)
    _close(module)
    _optimise(module, machine)
    engine.add_module(module)
    engine.finalize_object()
    at = engine.get_global_value_address
    memory: Any = (ctypes.c_int64 * len(CONTEXT)).from_address(
        at(f"kernel_context_{number}")
    )
    grid = engine.get_function_address(f"kernel_grid_{number}")
    return HostKernel(
        types=types,
        waits=bool(ffts) or "grader.barrier" in whole,
        calls=frozenset(random) | frozenset(ffts),
        static=[(at(f"shared_{number}_{name}"), size) for name, size in static],
        shared=at(f"kernel_shared_{number}"),
        context=np.frombuffer(memory, dtype=np.int64),
        grid=ctypes.CFUNCTYPE(None, ctypes.c_void_p)(grid),
        fiber=engine.get_function_address(f"kernel_fiber_{number}"),
    )


def _for_host(text: str) -> str:
    text = _SREG.sub(r"sreg.\1", text)
    text = _BARRIERS.sub("grader.barrier", text)
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


def _with_shared(text: str) -> tuple[str, list[tuple[str, int]]]:
    """Give the dynamic shared arrays one place, and make the static ones findable."""
    text = _DYNAMIC.sub(r"\1 = alias i8, ptr @kernel_shared", text)
    static: list[tuple[str, int]] = []

    def found(match: re.Match[str]) -> str:
        static.append((match[1].strip('"'), _bytes(match[2])))
        return f"@{match[1]} = global {match[2]} zeroinitializer, align 64"

    return _STATIC.sub(found, text), static


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
    barrier = re.search(r"call void @grader\.barrier\(([^)]*)\)", text)
    if barrier is not None:
        count = barrier[1].count("i32 ")
        taken = ", ".join(["i32"] * count)
        added += (
            f"\ndefine internal void @grader.barrier({taken}) {{\n"
            f"  call void @kernel_wait(i64 {BARRIER}, ptr null, ptr null)\n  ret void\n}}\n"
        )
    return added


def _declares(text: str, declaration: str) -> bool:
    name = declaration.partition("@")[2].partition("(")[0]
    return re.search(rf"(?m)^declare .*@{re.escape(name)}\(", text) is not None


def _close(module: Any) -> None:
    """Keep the entry points visible; refuse what nobody defines."""
    for function in module.functions:
        if not function.is_declaration:
            public = function.name.startswith(("kernel_grid", "kernel_fiber"))
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
