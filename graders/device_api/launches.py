"""What the evidence must show of a kernel with nvmath's device API in it.

Shared by the checks of both exercises.
"""

from __future__ import annotations

from graders.harness import checks
from graders.harness.checks import Kernel, Observation, Operation, operations_of
from graders.harness.errors import ExtraCopies, NotFused

_FEW = 5


def numba_launches(observation: Observation) -> list[Operation]:
    """Return the launches of numba-cuda's kernels."""
    return operations_of(observation.evidence, "numba")


def expect_device_calls(
    observation: Observation, part: str, name: str, where: str
) -> None:
    """
    Check that a kernel of numba-cuda called nvmath's device API.

    Args:
        observation: The call.

        part: What the kernel must call: ``"random"`` or ``"mathdx"``.

        name: Its name in nvmath.

        where: The case, for the message.

    Raises:
        NotFused: No such kernel ran.
    """
    launches = numba_launches(observation)
    if any(part in launch.kind.split() for launch in launches):
        return
    if launches:
        count = len(launches)
        what = "a kernel" if count == 1 else f"{count} kernels"
        seen = f"numba-cuda launched {what}, but none that calls {name}"
    else:
        kernels = list(observation.evidence.kernels)
        seen = f"numba-cuda launched no kernel; {listed(kernels)}"
    msg = f"For {where}, {seen}. Expected was a kernel of yours that calls {name}."
    raise NotFused(msg, hint="The lesson is to do this inside the kernel.")


def expect_no_other_draws(observation: Observation, draws: int, where: str) -> None:
    """
    Judge that CuPy did not draw the numbers that the kernel should draw.

    Fewer are free: a seed for each path, say, which asks for a call of more steps than
    seeds. Only the simulator knows how many were drawn; on CUDA nothing is judged.

    Args:
        observation: The call.

        draws: How many numbers the call needs.

        where: The case, for the message.

    Raises:
        NotFused: CuPy drew as many, or more.
    """
    evidence = checks.require_evidence(observation.evidence)
    if evidence.recorded_on != "simulator":
        return
    others = [kernel for kernel in evidence.kernels if kernel.kind == "random"]
    drawn = sum(kernel.elements for kernel in others)
    if drawn >= draws:
        msg = (
            f"For {where}, cupy.random drew {drawn:,} numbers; the paths need {draws:,}. "
            "Expected was that your kernel draws them, with nvmath.device.random."
        )
        raise NotFused(msg, hint="Which numbers do your prices come from?")


def expect_made_there(observation: Observation, nbytes: int, where: str) -> None:
    """
    Judge that what a kernel should compute was not uploaded instead.

    Args:
        observation: The call.

        nbytes: The bytes of a result: parameters are smaller. An array of one value, as
            of zeros, is none; only the simulator knows of that.

        where: The case, for the message.

    Raises:
        ExtraCopies: So many bytes came from the host.

        EnvironmentUnavailable: Copies were not recorded.
    """
    evidence = checks.require_evidence(observation.evidence)
    moved = sum(
        copy.nbytes
        for copy in checks.copies_of(evidence, "host_to_device")
        if not copy.uniform
    )
    if moved >= nbytes:
        msg = (
            f"For {where}, {moved:,} bytes came from the host; a result has {nbytes:,}. "
            "Expected was that your kernel computes the results on the GPU."
        )
        hint = (
            "What is sent there? An array that only makes room for results can be made "
            "on the GPU: cupy.empty, or cuda.device_array."
        )
        raise ExtraCopies(msg, hint=hint)


def listed(kernels: list[Kernel]) -> str:
    """Return which kernels ran, in words."""
    if not kernels:
        return "no kernel ran at all"
    names = [short(kernel) for kernel in kernels]
    shown = ", ".join(names[:_FEW])
    more = len(names) - _FEW
    return f"what ran was {shown}" + (f" and {more} more" if more > 0 else "")


def short(kernel: Kernel) -> str:
    """Return a kernel's name without its namespaces, types and numba's additions."""
    name = kernel.name.partition("(")[0].partition("[")[0].partition("<")[0]
    return name.rpartition("::")[2].removeprefix("void ")[:60] or kernel.name[:60]


def expect_in_bounds(observation: Observation, where: str) -> None:
    """
    Judge that no kernel touched memory outside its arrays.

    Raises:
        WrongValue: One did, with a hint on launches. The simulator sees that; CUDA does
            not.
    """
    shared = any("shared memory" in f.message for f in observation.evidence.faults)
    hint = (
        "The launch takes the bytes after grid, block and stream."
        if shared
        else "The last block has more threads than there is work. What do those threads "
        "do that have none?"
    )
    checks.expect_in_bounds(observation, where, hint)
