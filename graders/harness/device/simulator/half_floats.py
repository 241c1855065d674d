"""Half precision in callbacks: PTX's conversions as LLVM IR that any host runs.

numba-cuda writes a conversion from or to float16 as inline PTX, which a host's assembler
does not know, and arithmetic as calls of CUDA's own functions, which nvJitLink does not
find when it links a callback. Imports nothing of the engine.
"""

from __future__ import annotations

import re

_CONVERSION = re.compile(
    r'call (\w+) asm\s+"cvt\.(?:rni?\.)?(\w+)\.(\w+) \$0, \$1;", "[^"]*"'
    r"\s*\(\s*(\w+) ([^)]*)\)"
)
_UNLINKED = re.compile(r'(?m)^declare [^@\n]*@"?(_Z\w*__half\w*__nbst)"?\(')

_DEFINITIONS = """
; Round to the nearest half, ties to even: a multiple of its quantum below 2048 quanta.
define internal i16 @grader_half(double %x) alwaysinline {
  %size = call double @llvm.fabs.f64(double %x)
  %huge = fcmp ogt double %size, 131072.0
  %a = select i1 %huge, double 131072.0, double %size
  %bits = bitcast double %a to i64
  %field = lshr i64 %bits, 52
  %low = icmp ult i64 %field, 1009
  %exponent = select i1 %low, i64 1009, i64 %field
  %quantum.field = sub i64 %exponent, 10
  %quantum.bits = shl i64 %quantum.field, 52
  %quantum = bitcast i64 %quantum.bits to double
  %quotient = fdiv double %a, %quantum
  %quanta = call double @llvm.rint.f64(double %quotient)
  %nan = fcmp uno double %x, 0.0
  %number = select i1 %nan, double 0.0, double %quanta
  %count = fptoui double %number to i64
  %steps = sub i64 %exponent, 1009
  %base = shl i64 %steps, 10
  %sum = add i64 %base, %count
  %over = icmp ugt i64 %sum, 31744
  %most = select i1 %over, i64 31744, i64 %sum
  %magnitude = select i1 %nan, i64 32767, i64 %most
  %whole = bitcast double %x to i64
  %top = lshr i64 %whole, 48
  %sign = and i64 %top, 32768
  %word = or i64 %sign, %magnitude
  %half = trunc i64 %word to i16
  ret i16 %half
}

define internal double @grader_whole(i16 %half) alwaysinline {
  %word = zext i16 %half to i64
  %mantissa = and i64 %word, 1023
  %high = lshr i64 %word, 10
  %field = and i64 %high, 31
  %subnormal = icmp eq i64 %field, 0
  %exponent = select i1 %subnormal, i64 1, i64 %field
  %hidden = select i1 %subnormal, i64 0, i64 1024
  %count = or i64 %hidden, %mantissa
  %quanta = uitofp i64 %count to double
  %quantum.field = add i64 %exponent, 998
  %quantum.bits = shl i64 %quantum.field, 52
  %quantum = bitcast i64 %quantum.bits to double
  %finite = fmul double %quanta, %quantum
  %special = icmp eq i64 %field, 31
  %empty = icmp eq i64 %mantissa, 0
  %beyond = select i1 %empty, double 0x7FF0000000000000, double 0x7FF8000000000000
  %size = select i1 %special, double %beyond, double %finite
  %size.bits = bitcast double %size to i64
  %bit = and i64 %word, 32768
  %sign = shl i64 %bit, 48
  %bits = or i64 %size.bits, %sign
  %value = bitcast i64 %bits to double
  ret double %value
}
"""


def translate(text: str) -> str:
    """Replace conversions from and to float16 in IR by calls of functions added to it."""
    made: set[str] = set()

    def replaced(match: re.Match[str]) -> str:
        returned, to, origin, given, value = match.groups()
        if "f16" not in (to, origin):
            return match[0]
        name = f"grader_{to}_from_{origin}"
        body = _to_half if to == "f16" else _from_half
        made.add(body(name, returned, given, to if origin == "f16" else origin))
        return f"call {returned} @{name}({given} {value})"

    text = _CONVERSION.sub(replaced, text)
    if not made:
        return text
    helpers = _DEFINITIONS + "".join(sorted(made))
    declared = {
        f"declare {kind} @{name}(double)\n"
        for kind, name in re.findall(r"call (\w+) @(llvm\.[\w.]+)\(", helpers)
        if f"@{name}(" not in text
    }
    return text + "".join(sorted(declared)) + helpers


def unlinked(text: str) -> set[str]:
    """Return the float16 functions of CUDA's that a callback calls."""
    return set(_UNLINKED.findall(text))


def _to_half(name: str, returned: str, given: str, origin: str) -> str:
    if origin == "f64":
        widened = "  %d = fadd double %x, -0.0"
    else:
        how = {"f": "fpext", "s": "sitofp", "u": "uitofp"}[origin[0]]
        widened = f"  %d = {how} {given} %x to double"
    return f"""
define internal {returned} @{name}({given} %x) alwaysinline {{
{widened}
  %half = call i16 @grader_half(double %d)
  ret i16 %half
}}
"""


def _from_half(name: str, returned: str, given: str, to: str) -> str:
    if to == "f64":
        narrowed = "  %r = fadd double %d, -0.0"
    elif to == "f32":
        narrowed = "  %r = fptrunc double %d to float"
    else:
        how = {"s": "fptosi", "u": "fptoui"}[to[0]]
        narrowed = (
            "  %n = call double @llvm.rint.f64(double %d)\n"
            f"  %r = call {returned} @llvm.{how}.sat.{returned}.f64(double %n)"
        )
    return f"""
define internal {returned} @{name}({given} %half) alwaysinline {{
  %d = call double @grader_whole(i16 %half)
{narrowed}
  ret {returned} %r
}}
"""
