"""Turns the LLVM IR that numba-cuda made of a callback into checked host code.

The IR is the one that NVVM compiles for the GPU, so that types, wrap-around and
precision are the GPU's. Each load and store through a pointer that is not the
callback's own is replaced by one that checks it against the operand and against
``user_info``. Imports nothing of the engine but ``half_floats``, ``libdevice`` and
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

from graders.harness.device.simulator import half_floats, libdevice
from graders.harness.device.simulator.not_modelled import not_modelled

# The fields of the context that the checks read and write, all of them i64.
CONTEXT = (
    "data_low",
    "data_high",
    "info_low",
    "info_high",
    "mask",
    "item",
    "reads",
    "writes",
    "read_offset",
    "read_last",
    "write_offset",
    "write_last",
    "offset",
)
_serial = itertools.count(1)
_INDEX = {name: k for k, name in enumerate(CONTEXT)}
_OPERAND = r'%"[^"]*"|%[-\w.$]+|@"[^"]*"|@[-\w.$]+'
_SIZE = "ptrtoint (ptr getelementptr ({}, ptr null, i32 1) to i64)"
_CONSTANT = re.compile(rf"^({_OPERAND}) = .*\bconstant (\[\d+ x \w+\])")
_DEFINITION = re.compile(rf"^\s*({_OPERAND}) = (.*)$")
_LOAD = re.compile(rf"^(\s*\S+ = load )(.+?), ptr ({_OPERAND})((?:,.*)?)$")
_STORE = re.compile(rf"^(\s*store )(.+), ptr ({_OPERAND})((?:,.*)?)$")
_GEP = re.compile(rf"^getelementptr [^@%]*?, ptr ({_OPERAND})")
_SELECT = re.compile(rf"^select .*?, ptr ({_OPERAND}), ptr ({_OPERAND})")
_ASSEMBLY = re.compile(r"(?m)^\s*(?:\S+ = )?(?:tail )?call .*\basm\b")
_PHI = re.compile(rf"\[ ({_OPERAND}|null|poison|undef), ")


def _field(name: str) -> str:
    return f"getelementptr (i64, ptr @grader_context, i64 {_INDEX[name]})"


def _note(kind: str) -> str:
    """
    Return the function that counts a bad access and remembers the first one.

    The second half of a complex number does not count again.
    """
    return f"""
define internal ptr @bad_{kind}(i64 %address) noinline {{
  %last = load i64, ptr {_field(kind + "_last")}
  %item = load i64, ptr {_field("item")}
  %behind = sub i64 %address, %last
  %near = icmp ult i64 %behind, %item
  %later = icmp ne i64 %behind, 0
  %same = and i1 %near, %later
  store i64 %address, ptr {_field(kind + "_last")}
  br i1 %same, label %done, label %new
new:
  %count = load i64, ptr {_field(kind + "s")}
  %next = add i64 %count, 1
  store i64 %next, ptr {_field(kind + "s")}
  %first = icmp eq i64 %count, 0
  br i1 %first, label %remember, label %done
remember:
  %offset = load i64, ptr {_field("offset")}
  store i64 %offset, ptr {_field(kind + "_offset")}
  br label %done
done:
  ret ptr @{"nothing" if kind == "read" else "dump"}
}}"""


def _check(kind: str) -> str:
    """Return the function that lets a pointer through, or gives a harmless one."""
    mark = f"""
  %mask = load ptr, ptr {_field("mask")}
  %none = icmp eq ptr %mask, null
  br i1 %none, label %good, label %mark
mark:
  %item = load i64, ptr {_field("item")}
  %from = sub i64 %a, %low
  %index = udiv i64 %from, %item
  %cell = getelementptr i8, ptr %mask, i64 %index
  store i8 1, ptr %cell
  br label %good"""
    return f"""
define internal ptr @check_{kind}(ptr %p, i64 %size) alwaysinline {{
  %a = ptrtoint ptr %p to i64
  %end = add i64 %a, %size
  %low = load i64, ptr {_field("data_low")}
  %high = load i64, ptr {_field("data_high")}
  %above = icmp uge i64 %a, %low
  %below = icmp ule i64 %end, %high
  %inside = and i1 %above, %below
  br i1 %inside, label %data, label %other
data:{mark if kind == "write" else "  br label %good"}
other:
  %low2 = load i64, ptr {_field("info_low")}
  %high2 = load i64, ptr {_field("info_high")}
  %above2 = icmp uge i64 %a, %low2
  %below2 = icmp ule i64 %end, %high2
  %inside2 = and i1 %above2, %below2
  br i1 %inside2, label %good, label %bad
bad:
  %harmless = call ptr @bad_{kind}(i64 %a)
  ret ptr %harmless
good:
  ret ptr %p
}}"""


_CHECK_CONSTANT = """
define internal ptr @check_constant(ptr %p, i64 %size, ptr %base, i64 %n) alwaysinline {
  %a = ptrtoint ptr %p to i64
  %end = add i64 %a, %size
  %low = ptrtoint ptr %base to i64
  %high = add i64 %low, %n
  %above = icmp uge i64 %a, %low
  %below = icmp ule i64 %end, %high
  %inside = and i1 %above, %below
  br i1 %inside, label %good, label %bad
bad:
  %harmless = call ptr @bad_read(i64 %a)
  ret ptr %harmless
good:
  ret ptr %p
}
"""
_PREAMBLE = (
    f"@grader_context = global [{len(CONTEXT)} x i64] zeroinitializer\n"
    '@nothing = internal constant [256 x i8] c"' + "\\FF" * 256 + '", align 64\n'
    "@dump = internal global [256 x i8] zeroinitializer, align 64\n"
    + "".join(make(kind) for make in (_note, _check) for kind in ("read", "write"))
    + _CHECK_CONSTANT
)


@functools.cache
def _engine() -> tuple[Any, Any]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), opt=2
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    return machine, engine


def _for_host(text: str) -> str:
    text = re.sub(r"(?m)^(target |!nvvmir\.version).*$", "", text)
    text = re.sub(r" ?addrspace\(\d+\)", "", text).replace("addrspacecast", "bitcast")
    text = re.sub(r"\bnoinline\b", "", text)
    # Compiled with line tables or for a debugger, a function's head ends with its place.
    return re.sub(
        r"(?m)^(define .*\))((?: +!dbg !\d+)?) *$", r"\1 alwaysinline\2", text
    )


def _simplify(module: Any, machine: Any) -> None:
    """Inline all helpers and lift all variables out of the stack."""
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_jump_threading_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)


def _roots(operand: str, definitions: dict[str, str], seen: set[str]) -> set[str]:
    """Return where a pointer may lead: ``stack``, globals by name, or ``?``."""
    if operand.startswith("@"):
        return {operand}
    if operand in seen:
        return set()
    seen.add(operand)
    right = definitions.get(operand, "")
    if right.startswith("alloca"):
        return {"stack"}
    sources: list[str] = []
    if match := _GEP.match(right):
        sources = [match[1]]
    elif match := _SELECT.match(right):
        sources = list(match.groups())
    elif right.startswith("phi ptr"):
        sources = [x for x in _PHI.findall(right) if x[0] in "%@"]
    if not sources:
        return {"?"}
    return set().union(*(_roots(x, definitions, seen) for x in sources))


def _checked_pointer(
    kind: str, pointer: str, size: str, roots: set[str], sizes: dict[str, str]
) -> str | None:
    """Return the call that checks a pointer, or None where it needs no check."""
    root = next(iter(roots)) if len(roots) == 1 else "?"
    if root == pointer or roots == {"stack"}:
        return None
    if root in sizes and kind == "read":
        bounds = f"ptr {root}, i64 {_SIZE.format(sizes[root])}"
        return f"call ptr @check_constant(ptr {pointer}, i64 {size}, {bounds})"
    if "?" not in roots:
        return None
    return f"call ptr @check_{kind}(ptr {pointer}, i64 {size})"


def _instrument(text: str) -> str:
    lines = text.splitlines()
    definitions = {m[1]: m[2] for line in lines if (m := _DEFINITION.match(line))}
    sizes = {m[1]: m[2] for line in lines if (m := _CONSTANT.match(line))}
    out: list[str] = []
    for number, line in enumerate(lines):
        kind, match = "read", _LOAD.match(line)
        if match is None:
            kind, match = "write", _STORE.match(line)
        if match is None:
            out.append(line)
            continue
        start, what, pointer, rest = match.groups()
        # In a store the type stands before the value.
        size = _SIZE.format(what if kind == "read" else _leading_type(what))
        roots = _roots(pointer, definitions, set())
        check = _checked_pointer(kind, pointer, size, roots, sizes)
        if check is None:
            out.append(line)
        else:
            checked = f"%checked.{number}"
            out += [f"  {checked} = {check}", f"{start}{what}, ptr {checked}{rest}"]
    return "\n".join(out)


def _leading_type(text: str) -> str:
    depth = 0
    for k, char in enumerate(text):
        depth += (char in "{[<(") - (char in "}]>)")
        if char == " " and depth == 0:
            return text[:k]
    return text


def _driver(entry: str, returns: str, dtype: np.dtype[Any], *, is_store: bool) -> str:
    """Return the loop that calls the callback for each offset."""
    part = "float" if dtype.itemsize // (1 + (dtype.kind == "c")) == 4 else "double"
    element = f"{{{part}, {part}}}" if dtype.kind == "c" else part
    if not is_store:
        body = f"""
  %value = call {returns} @"{entry}"(ptr %data, i64 %offset, ptr %info, ptr null)
  store {returns} %value, ptr %cell, align {dtype.alignment}"""
    else:
        if dtype.kind == "c":
            value = f"""
  %re = load {part}, ptr %cell
  %imp = getelementptr {part}, ptr %cell, i64 1
  %im = load {part}, ptr %imp"""
            arguments = f"{part} %re, {part} %im"
        else:
            value = f"\n  %re = load {part}, ptr %cell"
            arguments = f"{part} %re"
        body = f"""{value}
  call {returns} @"{entry}"(ptr %data, i64 %offset, {arguments}, ptr %info, ptr null)"""
    return f"""
define void @grader_drive(ptr %offsets, i64 %count, ptr %data, ptr %info, ptr %cells) {{
entry:
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %end, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop.end ]
  %at = getelementptr i64, ptr %offsets, i64 %i
  %offset = load i64, ptr %at
  store i64 %offset, ptr {_field("offset")}
  %cell = getelementptr {element}, ptr %cells, i64 %i
  br label %call
call:{body}
  br label %loop.end
loop.end:
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  ret void
}}
"""


@dataclass
class HostCode:
    """
    A callback as host code.

    Attributes:
        address: Where the loop over the offsets begins.

        context: The checks' context, by the names in :data:`CONTEXT`.
    """

    address: int
    context: npt.NDArray[np.int64]

    def run(
        self,
        offsets: npt.NDArray[np.int64],
        data: int,
        info: int,
        cells: npt.NDArray[Any],
        **context: int,
    ) -> dict[str, int]:
        """
        Call the callback for each offset and return the context afterwards.

        Args:
            offsets: The offsets, contiguous.

            data: Host address of the operand's first element.

            info: Host address of ``user_info``, or 0.

            cells: A prolog's results, or an epilog's values; contiguous, one an offset.

            context: The ranges and the mask for the checks.
        """
        self.context[:] = 0
        for name, value in context.items():
            self.context[_INDEX[name]] = value
        kinds = [ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 3]
        drive = ctypes.CFUNCTYPE(None, *kinds)(self.address)
        drive(offsets.ctypes.data, offsets.size, data, info, cells.ctypes.data)
        return dict(zip(CONTEXT, self.context.tolist(), strict=True))


def build(
    texts: list[str], entry: str, dtype: np.dtype[Any], *, is_store: bool
) -> HostCode:
    """
    Compile a callback for the host.

    Args:
        texts: The LLVM IR modules that numba-cuda made of it.

        entry: The callback's name in them.

        dtype: The operand's or the result's dtype.

        is_store: Whether it is an epilog.

    Raises:
        NotModelled: It calls a function that the host has no counterpart of.
    """
    machine, engine = _engine()
    hosted = [
        half_floats.translate(libdevice.rename(_for_host(text))) for text in texts
    ]
    if any(_ASSEMBLY.search(text) for text in hosted):
        # LLVM ends the process over assembly that is not the host's.
        feature = "Inline PTX in a callback"
        raise not_modelled(feature)
    declared = set().union(*(libdevice.special_calls(text) for text in hosted))
    module = llvm.parse_assembly(hosted[0])
    for text in hosted[1:]:
        module.link_in(llvm.parse_assembly(text))
    if declared:
        module.link_in(llvm.parse_assembly(libdevice.definitions(declared)))
    returns = str(module.get_function(entry).global_value_type).split(" (", 1)[0]
    for function in module.functions:
        function.linkage = "external" if function.name == entry else "internal"
        if function.is_declaration:
            function.linkage = "external"
    _simplify(module, machine)
    text = _instrument(str(module))
    text += _PREAMBLE + _driver(entry, returns, dtype, is_store=is_store)
    number = next(_serial)
    for name in ("grader_context", "grader_drive"):
        text = text.replace(f"@{name}", f"@{name}_{number}")
    module = llvm.parse_assembly(text)
    for function in module.functions:
        if not function.is_declaration:
            driver = function.name.startswith("grader_drive")
            function.linkage = "external" if driver else "internal"
        elif not libdevice.is_known(function.name):
            feature = f"{libdevice.spoken(function.name)} in a callback"
            raise not_modelled(feature)
    module.triple = machine.triple
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    module.verify()
    engine.add_module(module)
    engine.finalize_object()
    address = engine.get_global_value_address(f"grader_context_{number}")
    memory: Any = (ctypes.c_int64 * len(CONTEXT)).from_address(address)
    context = np.frombuffer(memory, dtype=np.int64)
    return HostCode(engine.get_function_address(f"grader_drive_{number}"), context)
