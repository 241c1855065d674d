"""LLVM IR around a kernel: its threads, its special registers, checked memory, waiting.

Imports nothing.
"""

from __future__ import annotations

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
DONE, BARRIER, WARP, FIRST_FFT = 0, 1, 2, 16


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


REGISTERS = "".join(
    f"""
define internal i32 @sreg.{name}() alwaysinline {{
  %wide = load i64, ptr {_field(name)}
  %r = trunc i64 %wide to i32
  ret i32 %r
}}"""
    for name in ("smem", *CONTEXT[:12])
)
PREAMBLE = (
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
"""
)


def fibers() -> str:
    """Return the function that runs one thread as a fiber, and one that resumes all."""
    places = "".join(
        f"""
  %{axis}p = getelementptr i64, ptr %row, i64 {k}
  %{axis} = load i64, ptr %{axis}p
  store i64 %{axis}, ptr {_field("tid." + axis)}"""
        for k, axis in enumerate("xyz")
    )
    return f"""
define void @kernel_fiber() {{
  %slots = load ptr, ptr {_field("slots")}
  call void @kernel_thread(ptr %slots)
  store i64 {DONE}, ptr {_field("event")}
  ret void
}}
define void @kernel_run(ptr %fibers, ptr %places, ptr %events, i64 %count) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %resume ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %resume, label %done
resume:
  %fp = getelementptr ptr, ptr %fibers, i64 %i
  %fiber = load ptr, ptr %fp
  %three = mul i64 %i, 3
  %row = getelementptr i64, ptr %places, i64 %three{places}
  store ptr %fiber, ptr {_field("fiber")}
  %from = load ptr, ptr {_field("scheduler")}
  %ok = call i32 @swapcontext(ptr %from, ptr %fiber)
  %two = mul i64 %i, 2
  %ep = getelementptr i64, ptr %events, i64 %two
  %why = load i64, ptr {_field("event")}
  store i64 %why, ptr %ep
  %ap = getelementptr i64, ptr %ep, i64 1
  %a = load i64, ptr {_field("event_a")}
  store i64 %a, ptr %ap
  %next = add i64 %i, 1
  br label %loop
done:
  ret void
}}
"""


def loops() -> str:
    """Return the loops over all blocks and threads."""
    axes = [f"{kind}.{axis}" for kind in ("ctaid", "tid") for axis in "zyx"]
    head, tail = "", ""
    for k, axis in enumerate(axes):
        limit = "n" + axis
        head += f"""
  br label %head{k}.begin
head{k}.begin:
  %limit{k} = load i64, ptr {_field(limit)}
  br label %head{k}
head{k}:
  %i{k} = phi i64 [ 0, %head{k}.begin ], [ %next{k}, %tail{k} ]
  store i64 %i{k}, ptr {_field(axis)}"""
    for k in reversed(range(len(axes))):
        tail += f"""
  br label %tail{k}
tail{k}:
  %next{k} = add i64 %i{k}, 1
  %more{k} = icmp ult i64 %next{k}, %limit{k}
  br i1 %more{k}, label %head{k}, label %end{k}
end{k}:"""
    return (
        "define void @kernel_run(ptr %slots) {\nentry:"
        + head
        + "\n  call void @kernel_thread(ptr %slots)"
        + tail
        + "\n  ret void\n}\n"
    )


def thread(entry: str, types: list[str]) -> str:
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
