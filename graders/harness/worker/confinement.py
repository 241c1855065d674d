"""What a worker gives up before it loads a line of the learner's.

Each layer says whether it holds or why not; the report names both. They are put on in an
order in which none prevents the next. Imports nothing of the engine but its neighbours.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from graders.harness.worker import landlock, policy, seccomp
from graders.harness.worker.landlock import Rule

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 40
_MAX_FILE_BYTES = 2**30
_MAX_OPEN_FILES = 1024
_MAX_PROCESSES = 512
_HIDDEN_PACKAGES = ("reference", "graders", "tests", "assignments", "grade")

#: Layers without which ``--require-sandbox`` refuses to grade.
REQUIRED = (
    "own session",
    "limits",
    "no new privileges",
    "files",
    "other processes",
    "system calls",
    "watched",
)


class HiddenPackages:
    """An import hook that keeps the harness's own packages out of the learner's reach."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Refuse the harness's packages, leave every other name to the next finder."""
        del path, target
        if name.partition(".")[0] in _HIDDEN_PACKAGES:
            msg = f"No module named {name!r}"
            raise ModuleNotFoundError(msg, name=name)
        return None


def hide_packages(root: str) -> None:
    """Take the repository off the import path and refuse its packages by name."""
    sys.path[:] = [p for p in sys.path if os.path.realpath(p or ".") != root]
    sys.meta_path.insert(0, HiddenPackages())


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    What all workers of a fork server have in common, worked out once.

    Attributes:
        rules: Landlock's rules.

        landlock_abi: The kernel's, 0 where it has none.

        filter: The seccomp program; empty where there is none.

        no_filter_because: Why not.

        traceable: Whether the device needs its own entries in ``/proc`` writable, as the
            CUDA driver does: such a worker cannot be made undumpable.
    """

    rules: tuple[Rule, ...]
    landlock_abi: int
    filter: bytes
    no_filter_because: str
    traceable: bool


@dataclass
class Layers:
    """
    The layers around a worker.

    Attributes:
        held: Names of those that hold.

        missing: Names of those that do not, with the reason.
    """

    held: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def put_on(self, name: str, layer: Callable[[], str]) -> None:
        """Put on a layer: a function that returns nothing, or why it does not hold."""
        try:
            problem = layer()
        except (OSError, ValueError, AttributeError) as err:
            problem = str(err) or type(err).__name__
        if problem:
            self.missing[name] = problem
        else:
            self.held.append(name)


def make_plan(root: str, *, traceable: bool) -> Plan:
    """
    Work out what all workers have in common; call it in the fork server.

    Args:
        root: The folder that holds ``graders/`` and ``reference/``.

        traceable: See :class:`Plan`.
    """
    program, problem = b"", ""
    grader = os.getppid()
    with contextlib.suppress(ProcessLookupError):
        protected = {os.getpid(), grader, os.getpgid(grader)} - {0, 1}
        try:
            program = seccomp.compile_filter(protected, cuda=traceable)
        except (ImportError, RuntimeError, OSError) as err:
            problem = f"libseccomp cannot be used ({err}); install libseccomp2"
    return Plan(
        rules=tuple(policy.shared_rules(root)),
        landlock_abi=landlock.abi() if sys.platform.startswith("linux") else 0,
        filter=program,
        no_filter_because=problem,
        traceable=traceable,
    )


def confine(plan: Plan, scratch: str, caches: str, user: int) -> Layers:
    """
    Give up what the worker does not need, for good.

    Call it in the forked child, before the learner's module is loaded.

    Args:
        plan: Of :func:`make_plan`.

        scratch: The worker's folder.

        caches: The folder of its owner's compiled kernels, or nothing.

        user: The user and group to become, or 0 to stay who it is.
    """
    layers = Layers()
    layers.put_on("own session", _own_session)
    with contextlib.suppress(OSError):  # the kernel's choice if the machine runs full
        Path("/proc/self/oom_score_adj").write_text("1000")
    layers.put_on("limits", _limits)
    layers.put_on("own user", lambda: _own_user(user))
    layers.put_on("no capabilities", _drop_capabilities)
    layers.put_on(
        "dies with its server", lambda: _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    )
    layers.put_on("no new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1))
    layers.put_on("not dumpable", lambda: _undumpable(plan))
    layers.put_on("files", lambda: _files(plan, scratch, caches))
    layers.put_on("other processes", lambda: _other_processes(plan, layers))
    layers.put_on("system calls", lambda: _system_calls(plan))
    return layers


def _own_session() -> str:
    os.setsid()
    return ""


def _limits() -> str:
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _MAX_FILE_BYTES),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (
            resource.RLIMIT_MEMLOCK,
            resource.RLIM_INFINITY,
        ),  # pinned memory is an exercise
    ):
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard) if value != resource.RLIM_INFINITY else hard  # noqa: PLW2901
        resource.setrlimit(limit, (value, value))
    return ""


def _own_user(user: int) -> str:
    if os.geteuid() != 0:
        return "only root can give a worker a user of its own"
    if not user:
        return "the interpreter or its packages cannot be read by other users"
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # It counts the user's processes, so it means something only where the user is new.
    resource.setrlimit(resource.RLIMIT_NPROC, (_MAX_PROCESSES, _MAX_PROCESSES))
    return ""


def _drop_capabilities() -> str:
    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        for capability in range(_LAST_CAPABILITY + 1):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    nothing = (ctypes.c_uint32 * 6)()  # two sets of effective, permitted, inheritable
    header = Header(version=_CAPABILITY_VERSION_3, pid=0)
    if libc.capset(ctypes.byref(header), nothing) != 0:
        return os.strerror(ctypes.get_errno())
    return ""


def _undumpable(plan: Plan) -> str:
    # A change of user has made it undumpable already; CUDA needs it back.
    problem = _prctl(_PR_SET_DUMPABLE, int(plan.traceable))
    if plan.traceable:
        return problem or "the CUDA driver writes to its own entries in /proc"
    return problem


def _files(plan: Plan, scratch: str, caches: str) -> str:
    if plan.landlock_abi == 0:
        return "the kernel has no Landlock (Linux 5.13 or newer, and enabled)"
    rules = [*plan.rules, *policy.own_rules(scratch, caches)]
    landlock.restrict(rules, plan.landlock_abi)
    return ""


def _other_processes(plan: Plan, layers: Layers) -> str:
    if "own user" in layers.held:
        return ""
    if "files" in layers.held and landlock.scopes_signals(plan.landlock_abi):
        return ""
    return "neither a user of its own nor Landlock's signal scope (Linux 6.12 or newer)"


def _system_calls(plan: Plan) -> str:
    if not plan.filter:
        return plan.no_filter_because or "no filter could be made"
    seccomp.install(plan.filter)
    return ""


def _prctl(option: int, value: int) -> str:
    if not sys.platform.startswith("linux"):
        return "only Linux has it"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    return ""
