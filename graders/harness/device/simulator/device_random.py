"""The random numbers of ``nvmath.device.random``, as LLVM IR for the host.

Every generator is Philox 4x32-10 here, with cuRAND's order of seed, subsequence and
offset, so that sequences overlap where they would on a GPU. A state keeps its seed, its
subsequence and how many numbers were drawn. Imports nothing of the engine.
"""

from __future__ import annotations

import re

# The kernel's IR calls cuRAND by names with a number for each kind of state. These are
# the states XORWOW, Philox 4x32-10 and MRG32k3a.
_NUMBERS = {
    "curand": (3, 4, 5),
    "curand4": (1,),
    "curand_init": (2, 3, 4),
    "curand_uniform": (2, 3, 4),
    "curand_uniform4": (1,),
    "curand_uniform_double": (2, 3, 5),
    "curand_uniform2_double": (1,),
    "curand_normal": (1, 2, 3),
    "curand_normal2": (1, 2, 3),
    "curand_normal4": (1,),
    "curand_normal_double": (1, 2, 3),
    "curand_normal2_double": (1, 2, 3),
    "curand_log_normal": (1, 2, 3),
    "curand_log_normal2": (1, 2, 3),
    "curand_log_normal4": (1,),
    "curand_log_normal_double": (1, 2, 3),
    "curand_log_normal2_double": (1, 2, 3),
    "skipahead": (2, 3, 4),
    "skipahead_sequence": (1, 2, 3),
    "skipahead_subsequence": (1,),
}
NAMES = frozenset(f"{name}_{k}" for name, ks in _NUMBERS.items() for k in ks)
_CALLED = re.compile(r'@"?((?:curand|skipahead)\w*_\d+)"?\(')
_SAMPLER = re.compile(r"curand_(log_)?(uniform|normal)([24]?)(_double)?_\d+")
# Bytes of a state that are used, and where in it they lie.
STATE_BYTES = 48
_SUBSEQUENCE, _DRAWN, _FLAG, _EXTRA, _FLAG_DOUBLE, _EXTRA_DOUBLE = 8, 16, 24, 28, 32, 40

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def calls(text: str) -> set[str]:
    """Return the names of cuRAND's functions that IR calls."""
    return set(_CALLED.findall(text))


def definitions(names: set[str]) -> str:
    """
    Return IR that defines these functions.

    It needs ``@check_write``, and ``sinf``, ``cosf``, ``logf``, ``expf`` and their double
    forms from the C library.
    """
    return _COMMON + "".join(_definition(name) for name in sorted(names))


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


def _philox() -> str:
    """Return the function that gives the number at a position of a state's sequence."""
    lines = [
        "define internal i32 @rng_at(ptr %s, i64 %k) {",
        "  %seed = load i64, ptr %s",
        f"  %p.sub = getelementptr i8, ptr %s, i64 {_SUBSEQUENCE}",
        "  %sub = load i64, ptr %p.sub",
        "  %block = lshr i64 %k, 2",
    ]
    halves = {"block": ("c0.0", "c1.0"), "sub": ("c2.0", "c3.0"), "seed": ("k0", "k1")}
    for whole, (low, high) in halves.items():
        lines += [
            f"  %{low} = trunc i64 %{whole} to i32",
            f"  %{whole}.up = lshr i64 %{whole}, 32",
            f"  %{high} = trunc i64 %{whole}.up to i32",
        ]
    for r in range(_ROUNDS):
        for n, source in ((0, 0), (1, 2)):
            lines += [
                f"  %w{n}.{r} = zext i32 %c{source}.{r} to i64",
                f"  %m{n}.{r} = mul i64 %w{n}.{r}, {_MULTIPLIERS[n]}",
                f"  %l{n}.{r} = trunc i64 %m{n}.{r} to i32",
                f"  %u{n}.{r} = lshr i64 %m{n}.{r}, 32",
                f"  %h{n}.{r} = trunc i64 %u{n}.{r} to i32",
                f"  %key{n}.{r} = add i32 %k{n}, {_signed(r * _WEYL[n] % 2**32)}",
            ]
        lines += [
            f"  %x0.{r} = xor i32 %h1.{r}, %c1.{r}",
            f"  %c0.{r + 1} = xor i32 %x0.{r}, %key0.{r}",
            f"  %c1.{r + 1} = add i32 %l1.{r}, 0",
            f"  %x2.{r} = xor i32 %h0.{r}, %c3.{r}",
            f"  %c2.{r + 1} = xor i32 %x2.{r}, %key1.{r}",
            f"  %c3.{r + 1} = add i32 %l0.{r}, 0",
        ]
    last = [f"%c{n}.{_ROUNDS}" for n in range(4)]
    return "\n".join(
        [
            *lines,
            "  %one = and i64 %k, 1",
            "  %is.odd = icmp eq i64 %one, 1",
            "  %two = and i64 %k, 2",
            "  %is.late = icmp eq i64 %two, 2",
            f"  %early = select i1 %is.odd, i32 {last[1]}, i32 {last[0]}",
            f"  %late = select i1 %is.odd, i32 {last[3]}, i32 {last[2]}",
            "  %r = select i1 %is.late, i32 %late, i32 %early",
            "  ret i32 %r",
            "}\n",
        ]
    )


_BASICS = f"""
define internal i32 @rng_next(ptr %s) {{
  %p = getelementptr i8, ptr %s, i64 {_DRAWN}
  %k = load i64, ptr %p
  %r = call i32 @rng_at(ptr %s, i64 %k)
  %n = add i64 %k, 1
  store i64 %n, ptr %p
  ret i32 %r
}}
define internal float @rng_float(i32 %x) {{
  %f = uitofp i32 %x to float
  %m = fmul float %f, 0x3DF0000000000000
  %r = fadd float %m, 0x3DE0000000000000
  ret float %r
}}
define internal float @rng_uniform(ptr %s) {{
  %x = call i32 @rng_next(ptr %s)
  %r = call float @rng_float(i32 %x)
  ret float %r
}}
define internal double @rng_uniform_double(ptr %s) {{
  %x = call i32 @rng_next(ptr %s)
  %y = call i32 @rng_next(ptr %s)
  %wx = zext i32 %x to i64
  %wy = zext i32 %y to i64
  %up = shl i64 %wy, 21
  %z = xor i64 %wx, %up
  %f = uitofp i64 %z to double
  %m = fmul double %f, 0x3CA0000000000000
  %r = fadd double %m, 0x3C90000000000000
  ret double %r
}}
"""


def _box_muller(kind: str) -> str:
    """Return the functions that draw two normal numbers, and one, keeping the other."""
    tail, size = ("", "f32") if kind == "float" else ("_double", "f64")
    letter = "f" if kind == "float" else ""
    flag, extra = (_FLAG, _EXTRA) if kind == "float" else (_FLAG_DOUBLE, _EXTRA_DOUBLE)
    two_pi = "0x401921FB60000000" if kind == "float" else "0x401921FB54442D18"
    return f"""
declare {kind} @sin{letter}({kind})
declare {kind} @cos{letter}({kind})
declare {kind} @log{letter}({kind})
declare {kind} @exp{letter}({kind})
declare {kind} @llvm.sqrt.{size}({kind})
define internal void @rng_pair{tail}(ptr %s, ptr %out) {{
  %u = call {kind} @rng_uniform{tail}(ptr %s)
  %v = call {kind} @rng_uniform{tail}(ptr %s)
  %l = call {kind} @log{letter}({kind} %u)
  %m = fmul {kind} %l, -2.0
  %r = call {kind} @llvm.sqrt.{size}({kind} %m)
  %a = fmul {kind} %v, {two_pi}
  %sin = call {kind} @sin{letter}({kind} %a)
  %cos = call {kind} @cos{letter}({kind} %a)
  %x = fmul {kind} %r, %sin
  %y = fmul {kind} %r, %cos
  store {kind} %x, ptr %out
  %second = getelementptr {kind}, ptr %out, i64 1
  store {kind} %y, ptr %second
  ret void
}}
define internal {kind} @rng_normal{tail}(ptr %s) {{
  %pair = alloca [2 x {kind}]
  %f = getelementptr i8, ptr %s, i64 {flag}
  %e = getelementptr i8, ptr %s, i64 {extra}
  %kept = load i32, ptr %f
  %has = icmp eq i32 %kept, 1
  br i1 %has, label %use, label %draw
use:
  store i32 0, ptr %f
  %old = load {kind}, ptr %e
  ret {kind} %old
draw:
  call void @rng_pair{tail}(ptr %s, ptr %pair)
  %x = load {kind}, ptr %pair
  %second = getelementptr {kind}, ptr %pair, i64 1
  %y = load {kind}, ptr %second
  store i32 1, ptr %f
  store {kind} %y, ptr %e
  ret {kind} %x
}}
"""


_COMMON = _philox() + _BASICS + _box_muller("float") + _box_muller("double")


def _definition(name: str) -> str:
    base = name.rpartition("_")[0]
    if base == "curand_init":
        return _init(name)
    if base.startswith("skipahead"):
        return _skip(name, _DRAWN if base == "skipahead" else _SUBSEQUENCE)
    if base in {"curand", "curand4"}:
        return _bits(name, 4 if base == "curand4" else 1)
    match = _SAMPLER.fullmatch(name)
    assert match is not None
    kind = "double" if match[4] else "float"
    return _sampler(name, match[2], int(match[3] or 1), kind, log=bool(match[1]))


def _begin(name: str, before: int, after: int = 0) -> str:
    """Return a function's head; the state is behind the argument after ``before``."""
    arguments = ", ".join(f"ptr %a{k}" for k in range(before + 1 + after))
    return (
        f"define i32 @{name}(ptr %ret, {arguments}) {{\n"
        f"  %given = load ptr, ptr %a{before}\n"
        f"  %s = call ptr @check_write(ptr %given, i64 {STATE_BYTES})\n"
    )


_END = "  ret i32 0\n}\n"


def _init(name: str) -> str:
    body = ""
    for k, offset in enumerate((0, _SUBSEQUENCE, _DRAWN)):
        body += (
            f"  %v{k} = load i64, ptr %a{k}\n"
            f"  %p{k} = getelementptr i8, ptr %s, i64 {offset}\n"
            f"  store i64 %v{k}, ptr %p{k}\n"
        )
    for k, offset in enumerate((_FLAG, _FLAG_DOUBLE)):
        body += (
            f"  %f{k} = getelementptr i8, ptr %s, i64 {offset}\n"
            f"  store i32 0, ptr %f{k}\n"
        )
    return _begin(name, 3) + body + _END


def _skip(name: str, offset: int) -> str:
    body = (
        "  %n = load i64, ptr %a0\n"
        f"  %p = getelementptr i8, ptr %s, i64 {offset}\n"
        "  %old = load i64, ptr %p\n  %new = add i64 %old, %n\n"
        "  store i64 %new, ptr %p\n"
    )
    return _begin(name, 1) + body + _END


def _bits(name: str, count: int) -> str:
    body = ""
    for k in range(count):
        body += (
            f"  %r{k} = call i32 @rng_next(ptr %s)\n"
            f"  %q{k} = getelementptr i32, ptr %ret, i64 {k}\n"
            f"  store i32 %r{k}, ptr %q{k}\n"
        )
    return _begin(name, 0) + body + _END


def _sampler(name: str, family: str, count: int, kind: str, *, log: bool) -> str:
    tail = "_double" if kind == "double" else ""
    letter = "" if kind == "double" else "f"
    head = _begin(name, 0, 2 if log else 0)
    if log:
        head += f"  %mean = load {kind}, ptr %a1\n  %spread = load {kind}, ptr %a2\n"
    if family == "normal" and count > 1:
        head += f"  %drawn = alloca [{count} x {kind}]\n"
        for k in range(0, count, 2):
            head += (
                f"  %d{k} = getelementptr {kind}, ptr %drawn, i64 {k}\n"
                f"  call void @rng_pair{tail}(ptr %s, ptr %d{k})\n"
            )
    body = ""
    for k in range(count):
        if family == "normal" and count > 1:
            body += (
                f"  %g{k} = getelementptr {kind}, ptr %drawn, i64 {k}\n"
                f"  %r{k} = load {kind}, ptr %g{k}\n"
            )
        else:
            body += f"  %r{k} = call {kind} @rng_{family}{tail}(ptr %s)\n"
        value = f"%r{k}"
        if log:
            body += (
                f"  %t{k} = fmul {kind} %r{k}, %spread\n"
                f"  %u{k} = fadd {kind} %t{k}, %mean\n"
                f"  %e{k} = call {kind} @exp{letter}({kind} %u{k})\n"
            )
            value = f"%e{k}"
        body += (
            f"  %q{k} = getelementptr {kind}, ptr %ret, i64 {k}\n"
            f"  store {kind} {value}, ptr %q{k}\n"
        )
    return head + body + _END
